"""The accounts of a tenant over HTTP, for its administrators."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from msgspec import Meta

from service.account import views
from service.account.commands import (
    Command,
    Deactivate,
    GrantRole,
    Reactivate,
    Role,
    SignOutEverywhere,
)
from service.account.decider import (
    ACCOUNT,
    NoSuchAccount,
    OneselfRefused,
    OperatorsInHouseOnly,
)
from service.account.discreet import Discreet
from service.account.views import AccountView
from service.http import paging
from service.http.body import Nothing
from service.http.call import Answer, Call, Committed, Read, committed
from service.http.paging import Page, Paged
from service.http.token import HOUSE

FOUND: Final = (NoSuchAccount,)
DEACTIVATED: Final = (NoSuchAccount, OneselfRefused)
GRANTED: Final = (NoSuchAccount, OneselfRefused, OperatorsInHouseOnly)
"""What may stand in the way of keeping others' accounts."""


Why = Annotated[str, Meta(max_length=500, examples=["Teaches biology now."])]


class Accounts(Paged, frozen=True):
    """Which accounts to list; `q` is part of an address, a username or a name."""

    role: Role | None = None
    active: bool | None = None
    q: Annotated[str, Meta(min_length=1, max_length=254, examples=["example.org"])] | None = None


class Deactivation(Discreet, frozen=True, forbid_unknown_fields=True):
    """Why nobody may log in to the account any more."""

    reason: Annotated[str, Meta(min_length=1, max_length=500, examples=["Left the school."])]


class Reactivation(Discreet, frozen=True, forbid_unknown_fields=True):
    """Why one may log in to the account again, if there is something to say."""

    reason: Why = ""


class Grant(Discreet, frozen=True, forbid_unknown_fields=True):
    """What the account may do from now on, and why, if there is something to say."""

    role: Role
    reason: Why = ""


async def browse(call: Call[Nothing, Accounts]) -> Answer[Page[AccountView]]:
    """List the accounts of the tenant, newest first; erased ones are left out."""
    of = call.query
    rows = await views.page(
        call.resources.database,
        call.tenant_id,
        role=of.role,
        active=of.active,
        part=of.q,
        before=paging.after(call, tuple[datetime, UUID]),
        limit=of.limit + 1,
    )
    return paging.page(call, rows, lambda row: (row.created_at, row.id))


async def show(call: Call[Nothing, Read]) -> Answer[AccountView]:
    """Show an account."""
    found = await views.account(call.resources.database, call.tenant_id, call.path["account"])
    if found is None:
        raise NoSuchAccount
    return Answer(found, {"ETag": f'"{found.version}"'})


async def deactivate(call: Call[Deactivation, Nothing]) -> Answer[Committed]:
    """Let nobody log in to an account; who is in is out within a minute."""
    return await command(call, Deactivate(call.body.reason, call.principal.subject))


async def reactivate(call: Call[Reactivation, Nothing]) -> Answer[Committed]:
    """Let the person log in again."""
    return await command(call, Reactivate(call.body.reason))


async def grant(call: Call[Grant, Nothing]) -> Answer[Committed]:
    """Give an account another role; its person logs in again to have it."""
    body, in_house = call.body, call.tenant_id == HOUSE
    wanted = GrantRole(body.role, call.principal.subject, in_house, body.reason)
    return await command(call, wanted)


async def sign_out(call: Call[Nothing, Nothing]) -> Answer[Committed]:
    """End all sessions of an account; who is in is out within a minute."""
    return await command(call, SignOutEverywhere())


async def command(call: Call[Any, Any], wanted: Command) -> Answer[Committed]:
    """Decide a command on the account of the path."""
    account_id: UUID = call.path["account"]
    receipt = await call.resources.log.handle(
        ACCOUNT, account_id, wanted, call.context, expected_version=call.expected_version
    )
    return committed(receipt, f"/api/v1/accounts/{account_id}")
