"""One's own account over HTTP: who one is, the password, the sessions."""

import secrets
from datetime import date, datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import asdict, replace

from service.account import views
from service.account.commands import ChangePassword, UpdateProfile
from service.account.decider import ACCOUNT, AccountInactive, Active, NoSuchAccount
from service.account.discreet import Discreet
from service.account.login import Credentials, Tokens, failed, issued, started
from service.account.password import PasswordLength, PasswordsBusy, WeakPassword
from service.account.session import SECRET_BYTES, SESSION, End
from service.http import paging
from service.http.address import address_of
from service.http.body import Nothing
from service.http.call import Answer, Call, Committed, Read, committed
from service.http.paging import Page, Paged
from service.log.commit import StaleVersion
from service.log.handle import Loaded, Write
from service.refusal import Forbidden, NotFound, TooMany

FOUND: Final = (NoSuchAccount,)
UPDATED: Final = (NoSuchAccount, AccountInactive)

NO_STORE: Final = {"Cache-Control": "no-store"}

Name = Annotated[str, Meta(min_length=1, max_length=200, examples=["Ada Lovelace"])]
Level = Literal["beginner", "intermediate", "advanced"]
Language = Annotated[
    str, Meta(max_length=35, pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$", examples=["pt-BR"])
]
Line = Annotated[str, Meta(min_length=1, max_length=300, examples=["astronomy"])]
Lines = Annotated[tuple[Line, ...], Meta(max_length=50)]


class WrongPassword(Forbidden):
    """The current password is not right."""


class NoSuchSession(NotFound):
    """You have no such session."""


CHANGED: Final = (
    *UPDATED,
    WrongPassword,
    PasswordLength,
    WeakPassword,
    PasswordsBusy,
    TooMany,
)
ENDED: Final = (NoSuchAccount, NoSuchSession)
"""What may stand in the way of keeping one's own account."""


class Me(Discreet, frozen=True, kw_only=True):
    """The account that calls; `version` is that of its stream, for If-Match."""

    id: UUID
    version: int
    tenant_id: UUID
    email: str
    username: str | None
    name: str | None
    birthdate: date | None
    role: str
    experience_level: str | None
    preferred_language: str | None
    interests: tuple[str, ...]
    learning_goals: tuple[str, ...]


class Update(Discreet, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is to change; what is left out stays, null takes a thing away."""

    name: Name | UnsetType | None = UNSET
    experience_level: Level | UnsetType | None = UNSET
    preferred_language: Language | UnsetType | None = UNSET
    interests: Lines | UnsetType = UNSET
    learning_goals: Lines | UnsetType = UNSET


class NewPassword(Discreet, frozen=True, forbid_unknown_fields=True):
    """The password that is, and the one that is to be: 8 to 1024 bytes, not easy to guess."""

    current_password: Annotated[str, Meta(min_length=1, max_length=1024)]
    new_password: Annotated[
        str, Meta(min_length=1, max_length=1024, examples=["seven green kettles hum"])
    ]


class SessionView(Discreet, frozen=True, kw_only=True):
    """An open session; `current` is the one that calls."""

    id: UUID
    agent: str | None
    started_at: datetime
    refreshed_at: datetime | None
    expires_at: datetime
    current: bool


async def show(call: Call[Nothing, Read]) -> Answer[Me]:
    """Show the account that calls, as the log has it now."""
    loaded = await own(call)
    return Answer(me_of(loaded, call.tenant_id), NO_STORE | {"ETag": f'"{loaded.version}"'})


def me_of(loaded: Loaded, tenant_id: UUID) -> Me:
    """Return what an account shows of itself."""
    state: Active = loaded.state
    return Me(
        id=state.account,
        version=loaded.version,
        tenant_id=tenant_id,
        email=state.email,
        username=state.username,
        birthdate=state.birthdate,
        role=state.role,
        **asdict(state.profile),
    )


async def update(call: Call[Update, Nothing]) -> Answer[Committed]:
    """Update the profile."""
    receipt = await call.resources.log.handle(
        ACCOUNT,
        (await own(call)).state.account,
        UpdateProfile(**asdict(call.body)),
        call.context,
        expected_version=call.expected_version,
    )
    return committed(receipt, "/api/v1/me")


async def password(call: Call[NewPassword, Nothing]) -> Answer[Tokens]:
    """Change the password.

    Every session ends, and a new one begins for the caller: go on with the tokens that come back.
    Log in where they are lost; an Idempotency-Key changes nothing here.
    """
    of, loaded = call.resources, await own(call)
    state: Active = loaded.state
    if call.expected_version not in (None, loaded.version):
        raise StaleVersion(current_version=loaded.version)
    await shown(call, state)
    await of.passwords.weigh(call.body.new_password, state.email, state.username, state.name)
    wanted = ChangePassword(await of.passwords.hash(call.body.new_password))
    events = ACCOUNT.decide(wanted, state)
    changed = Write(ACCOUNT, state.account, loaded.version, events)
    return Answer(await anew(call, changed, ACCOUNT.fold(events, state)), NO_STORE)


async def shown(call: Call[NewPassword, Any], state: Active) -> None:
    """Have the current password shown, as often as one may try to log in.

    Raises WrongPassword, TooMany, PasswordsBusy.
    """
    of, address = call.resources, address_of(call.request)
    who = Credentials(call.tenant_id, state.email, call.body.current_password)
    await of.limits.login(of.database, who.tenant_id, who.identifier, address)
    if not await of.passwords.verify(state.password_hash, who.password):
        failed(of, call.request, who, state, "wrong-password")
        raise WrongPassword
    await of.limits.succeeded(of.database, who.tenant_id, who.identifier, address)


async def anew(call: Call[Any, Any], changed: Write, state: Any) -> Tokens:
    """Append the change with a fresh session, in one commit, and return its tokens.

    No key of the caller's goes with it: tokens are not kept, so none could be given out twice.
    """
    of, secret = call.resources, secrets.token_bytes(SECRET_BYTES)
    session = started(of, call.request, state, of.new_id(), secret)
    context = call.context
    await of.log.append(replace(context, key=None, fingerprint=b""), changed, session)
    return issued(of, call.tenant_id, state, session.stream_id, secret)


async def sessions(call: Call[Nothing, Paged]) -> Answer[Page[SessionView]]:
    """List one's open sessions, newest first."""
    of, account_id = call.resources, account_of(call)
    before = paging.after(call, tuple[datetime, UUID])
    limit = call.query.limit + 1
    rows = await views.sessions(
        of.database, call.tenant_id, account_id, of.now(), before=before, limit=limit
    )
    here = call.principal.session_id
    shown = [SessionView(**asdict(row), current=row.id == here) for row in rows]
    return paging.page(call, shown, lambda row: (row.started_at, row.id))


async def end(call: Call[Nothing, Nothing]) -> Answer[Committed]:
    """End one of one's sessions; the access token it has lasts up to 15 minutes more."""
    log, session_id = call.resources.log, call.path["session"]
    state = (await log.load(SESSION, session_id, call.tenant_id)).state
    if getattr(state, "account", None) != account_of(call):
        raise NoSuchSession
    return committed(await log.handle(SESSION, session_id, End(), call.context))


async def own(call: Call[Any, Any]) -> Loaded:
    """Return the account that calls, if it is active. Raises NoSuchAccount."""
    loaded = await call.resources.log.load(ACCOUNT, account_of(call), call.tenant_id)
    if not isinstance(loaded.state, Active):
        raise NoSuchAccount
    return loaded


def account_of(call: Call[Any, Any]) -> UUID:
    """Return the id of the account that calls. Raises NoSuchAccount for other callers."""
    if call.principal.account_id is None:
        raise NoSuchAccount("Your token is no account's; log in to have one.")
    return call.principal.account_id
