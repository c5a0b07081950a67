"""Erasing accounts over HTTP, and the reports of what was found afterwards."""

from datetime import datetime
from functools import partial
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from msgspec import Meta, Struct

from service.account import erasure, http
from service.account.decider import Active, NoSuchAccount
from service.account.discreet import Discreet
from service.account.erasure import ReasonTellsTooMuch
from service.account.login import Credentials, failed
from service.account.password import PasswordsBusy
from service.http.address import address_of
from service.http.body import Nothing
from service.http.call import Answer, Call, Committed, committed
from service.log import erase as erasing
from service.log.erase import Erasure
from service.log.proof import Report
from service.refusal import NotFound, StateConflict, TooMany

BY_ONESELF: Final = "the person asked for it"


class OneselfByPassword(StateConflict):
    """To erase your own account, send DELETE to /api/v1/me with your password."""


class NotErased(NotFound):
    """There is no such account here, or it has not been erased."""


ERASED_ME: Final = (NoSuchAccount, http.WrongPassword, PasswordsBusy, TooMany)
ERASED: Final = (NoSuchAccount, ReasonTellsTooMuch, OneselfByPassword)
SHOWN: Final = (NotErased,)
"""What may stand in the way of erasing accounts."""


class Farewell(Discreet, frozen=True, forbid_unknown_fields=True):
    """The password, since this cannot be undone."""

    password: Annotated[str, Meta(min_length=1, max_length=1024)]


class Because(Struct, frozen=True, forbid_unknown_fields=True):
    """Why the person is forgotten; it is kept for good, so it must not name the person."""

    reason: Annotated[str, Meta(min_length=1, max_length=500, examples=["asked for by letter"])]


class ErasureView(Struct, frozen=True, kw_only=True):
    """An erasure: `state` is that of its proof, which the report gives in full once it is there.

    With `scanning` it is on its way; `unproved` is what a process left that was stopped: run.py
    log erase goes on with it.
    """

    account: UUID
    erased_at: datetime
    position: int
    state: Literal["scanning", "unproved", "nothing left", "traces left", "not proved"]
    report: Report | None


async def erase_me(call: Call[Farewell, Nothing]) -> Answer[Committed]:
    """Erase the account that calls, with all that belongs to its person, for good.

    Nobody can log in to it from now on, and the e-mail address is free again. What was made with
    the account stays, under its id alone.
    """
    loaded = await http.own(call)
    await shown(call, loaded.state)
    return await erased(call, loaded.state.account, BY_ONESELF)


async def erase(call: Call[Because, Nothing]) -> Answer[Committed]:
    """Erase an account of the tenant, with all that belongs to its person, for good.

    An account that was erased before stays as it is.
    """
    if call.path["account"] == call.principal.account_id:
        raise OneselfByPassword
    return await erased(call, call.path["account"], call.body.reason)


async def report(call: Call[Nothing, Nothing]) -> Answer[ErasureView]:
    """Show an erasure and its signed report: what was looked at, and what was found."""
    of, account = call.resources, call.path["account"]
    found = await erasing.found(of.database, call.tenant_id, account)
    if found is None:
        raise NotErased
    owed = "scanning" if of.proofs.owed(account) else "unproved"
    return Answer(view(found, found.report.result if found.report else owed))


async def erased(call: Call[Any, Any], account: UUID, reason: str) -> Answer[Committed]:
    """Erase an account; what proves it goes on in the background."""
    of, context = call.resources, call.context
    done = await erasure.erase(
        of.database, of.log, context, account, reason, expected_version=call.expected_version
    )
    if done.erasure is not None:
        secret = of.settings.secret_key
        prove = partial(erasing.prove, of.database, done.erasure, done.values, secret, context)
        of.proofs.begin(account, prove)
    return committed(done.receipt, f"/api/v1/erasures/{account}")


async def shown(call: Call[Farewell, Any], state: Active) -> None:
    """Have the password shown, as often as one may try to log in.

    Raises WrongPassword, TooMany, PasswordsBusy.
    """
    of, address = call.resources, address_of(call.request)
    who = Credentials(call.tenant_id, state.email, call.body.password)
    await of.limits.login(of.database, who.tenant_id, who.identifier, address)
    if not await of.passwords.verify(state.password_hash, who.password):
        failed(of, call.request, who, state, "wrong-password")
        raise http.WrongPassword
    await of.limits.succeeded(of.database, who.tenant_id, who.identifier, address)


def view(of: Erasure, state: Any) -> ErasureView:
    """Return an erasure as it is shown."""
    return ErasureView(
        account=of.account,
        erased_at=of.erased_at,
        position=of.position,
        state=state,
        report=of.report,
    )
