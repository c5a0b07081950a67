"""Logging in: a password becomes a session, and a session's refresh token the next tokens."""

import secrets
from contextlib import suppress
from datetime import timedelta
from typing import Final, Literal
from uuid import UUID

from aiohttp import web

from service.account.claim import CLAIM, Held, What, normalised
from service.account.decider import ACCOUNT, Active, Inactive
from service.account.discreet import Discreet
from service.account.events import PasswordRehashed
from service.account.registration import claim_id
from service.account.session import (
    NONCE_BYTES,
    SECRET_BYTES,
    SESSION,
    BadRefreshToken,
    Open,
    Refresh,
    Start,
    answer,
    parsed,
    token_of,
)
from service.audit.events import LoginFailed, Reason
from service.http.address import address_of
from service.http.call import Resources
from service.http.token import HOUSE, Principal, mint, rank
from service.http.trace import TRACE
from service.log.commit import Conflict
from service.log.handle import Context, Loaded, Write
from service.refusal import Forbidden, NotFound, TooMany, Unauthenticated
from service.tenant import tenants

ACCESS: Final = timedelta(minutes=15)
"""How long an access token speaks for its account."""
AGENT_MOST: Final = 200
"""Characters of a client's name that are kept."""


class BadCredentials(Unauthenticated):
    """There is no account with this name and this password."""


class AccountClosed(Forbidden):
    """This account is deactivated; an administrator can reactivate it."""


class Credentials(Discreet, frozen=True):
    """Who somebody says he is: an e-mail address or a username, within a tenant."""

    tenant_id: UUID
    identifier: str
    password: str

    @property
    def claim(self) -> UUID:
        """The stream of the claim on the identifier; only an address has an @ in it."""
        what: What = "email" if "@" in normalised(self.identifier) else "username"
        return claim_id(self.tenant_id, what, self.identifier)


class Tokens(Discreet, frozen=True):
    """What a client needs from now on (RFC 6749, section 5.1); `expires_in` is in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int = int(ACCESS.total_seconds())
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the kind of the token


async def log_in(of: Resources, request: web.Request, who: Credentials) -> Tokens:
    """Begin a session.

    Raises BadCredentials, AccountClosed, TenantSuspended, TooMany, PasswordsBusy, Unavailable.

    Who does not know the password learns nothing, in words or by time, of whether the account is
    there: the same is read and hashed for nobody.
    """
    address = address_of(request)
    try:
        await of.limits.login(of.database, who.tenant_id, who.identifier, address)
    except TooMany:
        failed(of, request, who, None, "throttled")
        raise
    loaded = await named(of, who)
    state = loaded.state
    known = state if isinstance(state, Active | Inactive) else None
    if not await of.passwords.verify(known.password_hash if known else None, who.password):
        failed(of, request, who, known, "wrong-password" if known else "unknown")
        raise BadCredentials
    await of.limits.succeeded(of.database, who.tenant_id, who.identifier, address)
    if not isinstance(state, Active):
        failed(of, request, who, known, "inactive")
        raise AccountClosed
    (await tenants.of(of.database, who.tenant_id)).admit()
    return await begun(of, request, loaded, who)


async def named(of: Resources, who: Credentials) -> Loaded:
    """Return the account that has the identifier; one that nobody opened where none has it."""
    claim = await of.log.load(CLAIM, who.claim, who.tenant_id)
    held = claim.state.account if isinstance(claim.state, Held) else of.new_id()
    return await of.log.load(ACCOUNT, held, who.tenant_id)


def failed(
    of: Resources,
    request: web.Request,
    who: Credentials,
    known: Active | Inactive | None,
    reason: Reason,
) -> None:
    """Let the audit know that somebody did not get in."""
    account = known.account if known else None
    origin = of.audit.visitor(who.tenant_id, request, account=account, claim=who.claim)
    noted = LoginFailed(account, reason)
    of.audit.note(who.tenant_id, noted, origin, request[TRACE].correlation_id)


async def begun(of: Resources, request: web.Request, loaded: Loaded, who: Credentials) -> Tokens:
    """Begin a session of an account whose password was just shown; hash that anew if need be."""
    state: Active = loaded.state
    session_id, secret = of.new_id(), secrets.token_bytes(SECRET_BYTES)
    session = started(of, request, state, session_id, secret)
    writes = [session]
    if of.passwords.outdated(state.password_hash):
        fresh = PasswordRehashed(state.account, await of.passwords.hash(who.password))
        writes.append(Write(ACCOUNT, state.account, loaded.version, (fresh,)))
    context = context_of(of, request, who.tenant_id, state.account)
    try:
        await of.log.append(context, *writes)
    except Conflict:  # the account has changed meanwhile: its password is hashed anew another time
        await of.log.append(context, session)
    return issued(of, who.tenant_id, state, session_id, secret)


def started(
    of: Resources, request: web.Request, state: Active, session_id: UUID, secret: bytes
) -> Write:
    """Return the beginning of a session."""
    start = Start(
        account=state.account,
        secret=secret,
        version=state.token_version,
        now=of.now(),
        agent=agent_of(request),
    )
    return Write(SESSION, session_id, 0, SESSION.decide(start, SESSION.initial))


async def refreshed(of: Resources, request: web.Request, token: str) -> Tokens:
    """Go on with a session.

    Raises BadRefreshToken, RefreshTokenReused, TenantSuspended, Unavailable.
    """
    session_id, secret = parsed(token)
    tenant_id, state = await standing(of, session_id)
    (await tenants.of(of.database, tenant_id)).admit()
    context = context_of(of, request, tenant_id, state.account)
    wanted = Refresh(secret, secrets.token_bytes(NONCE_BYTES), of.now())
    await of.log.handle(SESSION, session_id, wanted, context)
    session = await of.log.load(SESSION, session_id, tenant_id, fresh=False)
    return issued(of, tenant_id, state, session_id, answer(secret, session.state))


async def standing(of: Resources, session_id: UUID) -> tuple[UUID, Active]:
    """Return the tenant and the account of a session, if both may go on."""
    with suppress(NotFound):
        session = await of.log.load(SESSION, session_id, None)
        if isinstance(session.state, Open) and session.tenant_id is not None:
            account = await of.log.load(ACCOUNT, session.state.account, session.tenant_id)
            state = account.state
            if isinstance(state, Active) and state.token_version == session.state.version:
                return session.tenant_id, state
    raise BadRefreshToken


def issued(
    of: Resources, tenant_id: UUID, state: Active, session_id: UUID, secret: bytes
) -> Tokens:
    """Return the tokens of a session."""
    principal = principal_of(tenant_id, state, session_id)
    return Tokens(mint(of.keys, principal, ACCESS, of.now()), token_of(session_id, secret))


def principal_of(tenant_id: UUID, state: Active, session_id: UUID) -> Principal:
    """Return the principal that an account is in a session."""
    return Principal(
        tenant_id,
        str(state.account),
        state.role,
        "account",
        house=tenant_id == HOUSE and rank(state.role) >= rank("operator"),
        session_id=session_id,
        version=state.token_version,
    )


def context_of(of: Resources, request: web.Request, tenant_id: UUID, account: UUID) -> Context:
    """Return on whose behalf a session begins or goes on."""
    trace = request[TRACE]
    return Context(
        tenant_id,
        str(account),
        trace.correlation_id,
        traceparent=trace.parent,
        origin=of.audit.visitor(tenant_id, request, account=account, claim=account),
    )


def agent_of(request: web.Request) -> str:
    """Return what the client calls itself, as far as it can be stored."""
    agent = request.headers.get("User-Agent", "")[:AGENT_MOST].replace("\x00", "")
    return agent.encode(errors="replace").decode()
