"""Sessions: one per login, kept alive by a refresh token that is used once (RFC 9700, 4.14.2).

A refresh token is base64url(session id ‖ secret): 16 bytes and 32. The first half of the secret
stays the same as long as the session lasts and shows that whoever presents it once had a token of
it; the second half rotates. The next half is an HMAC of the secret that was presented and a nonce
that is kept, so a client whose answer was lost asks again with the old token and gets the same
successor, for half a minute. After that an old token was copied, and the session is revoked.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Final, assert_never
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from service.account.discreet import Discreet
from service.log.codec import PRIVATE, SUBJECT
from service.log.decider import Decider
from service.refusal import Unauthenticated

LIFE: Final = timedelta(days=30)
"""How long a session lasts, however often it is refreshed."""
GRACE: Final = timedelta(seconds=30)
"""How long the token before may still be presented: its answer may have been lost."""
ID_BYTES: Final = 16
SECRET_BYTES: Final = 32
FAMILY_BYTES: Final = 16
NONCE_BYTES: Final = 16
REUSED: Final = "a refresh token was presented that had been used before"

# Events. Tags and field names are on disk for good; hashes are SHA-256 in hexadecimal.


class SessionStarted(Discreet, frozen=True, kw_only=True, tag="session.started", tag_field="type"):
    """Somebody logged in; `version` is the account's token version then."""

    account: Annotated[UUID, SUBJECT]
    token_hash: str
    family_hash: str
    version: int
    expires_at: datetime
    agent: Annotated[str, PRIVATE] = ""


class SessionRefreshed(Struct, frozen=True, tag="session.refreshed", tag_field="type"):
    """The refresh token was used; its successor follows from it and the nonce (hexadecimal)."""

    token_hash: str
    nonce: str
    at: datetime


class SessionEnded(Struct, frozen=True, tag="session.ended", tag_field="type"):
    """The person logged out of it."""


class SessionRevoked(Struct, frozen=True, tag="session.revoked", tag_field="type"):
    """It was ended for the person's sake."""

    reason: str


Event = SessionStarted | SessionRefreshed | SessionEnded | SessionRevoked

# Commands.


class Start(Discreet, frozen=True, kw_only=True):
    """Begin a session with a fresh secret."""

    account: UUID
    secret: bytes
    version: int
    now: datetime
    agent: str = ""


class Refresh(Discreet, frozen=True):
    """Go on with the session; `nonce` is fresh."""

    secret: bytes
    nonce: bytes
    now: datetime


class End(Struct, frozen=True):
    """Log out."""


Command = Start | Refresh | End

# State.


class Absent(Struct, frozen=True):
    """There is no such session."""


class Open(Struct, frozen=True, kw_only=True):
    """A session that goes on until `expires_at`; `before` is the hash of the token before."""

    account: UUID
    token_hash: str
    family_hash: str
    version: int
    expires_at: datetime
    before: str = ""
    nonce: str = ""
    refreshed_at: datetime | None = None


class Over(Struct, frozen=True):
    """A session that was ended."""

    account: UUID


State = Absent | Open | Over
INITIAL: Final[State] = Absent()

# Refusals.


class BadRefreshToken(Unauthenticated):
    """This refresh token is not one of ours, or its session is over; log in again."""


class RefreshTokenReused(Unauthenticated):
    """This refresh token was used before, so its session is ended for safety; log in again."""


def hashed(secret: bytes) -> str:
    """Return the hash under which a secret of full entropy is kept."""
    return hashlib.sha256(secret).hexdigest()


def successor(secret: bytes, nonce: bytes) -> bytes:
    """Return the secret that follows `secret` when `nonce` was drawn."""
    rotated = hmac.digest(secret, nonce, "sha256")[: SECRET_BYTES - FAMILY_BYTES]
    return secret[:FAMILY_BYTES] + rotated


def token_of(session_id: UUID, secret: bytes) -> str:
    """Return the refresh token of a session."""
    return urlsafe_b64encode(session_id.bytes + secret).decode()


def parsed(token: str) -> tuple[UUID, bytes]:
    """Return the session id and the secret of a refresh token. Raises `BadRefreshToken`."""
    try:
        raw = urlsafe_b64decode(token.encode("ascii"))
    except ValueError:
        raise BadRefreshToken from None
    if len(raw) != ID_BYTES + SECRET_BYTES:
        raise BadRefreshToken
    return UUID(bytes=raw[:ID_BYTES]), raw[ID_BYTES:]


def start(command: Start, state: State) -> Sequence[Event]:
    """Begin the session, once."""
    if not isinstance(state, Absent):
        return ()
    return (
        SessionStarted(
            account=command.account,
            token_hash=hashed(command.secret),
            family_hash=hashed(command.secret[:FAMILY_BYTES]),
            version=command.version,
            expires_at=command.now + LIFE,
            agent=command.agent,
        ),
    )


def refresh(command: Refresh, state: State) -> Sequence[Event]:
    """Rotate the token that serves, take the one before for a while, revoke at any older one.

    A secret of another family was never a token of this session: that says nothing about it.
    """
    if not isinstance(state, Open) or command.now >= state.expires_at:
        raise BadRefreshToken
    if not same(hashed(command.secret[:FAMILY_BYTES]), state.family_hash):
        raise BadRefreshToken
    presented = hashed(command.secret)
    if same(presented, state.token_hash):
        following = hashed(successor(command.secret, command.nonce))
        return (SessionRefreshed(following, command.nonce.hex(), command.now),)
    if same(presented, state.before) and command.now - _refreshed(state) <= GRACE:
        return ()
    return (SessionRevoked(REUSED),)


def answer(secret: bytes, state: State) -> bytes:
    """Return the secret to hand out for `secret`, once `Refresh` was handled.

    Raises `RefreshTokenReused` where that has revoked the session or it has moved on meanwhile.
    """
    if not isinstance(state, Open) or not same(hashed(secret), state.before):
        raise RefreshTokenReused
    return successor(secret, bytes.fromhex(state.nonce))


def same(one: str, other: str) -> bool:
    """Compare two hashes in a time that does not tell where they differ."""
    return hmac.compare_digest(one, other)


def _refreshed(state: Open) -> datetime:
    return state.refreshed_at or state.expires_at - LIFE


def decide(command: Command, state: State) -> Sequence[Event]:
    """Return what `command` causes. Raises the refusals above."""
    match command:
        case Start():
            return start(command, state)
        case Refresh():
            return refresh(command, state)
        case End():
            return (SessionEnded(),) if isinstance(state, Open) else ()
        case _:
            assert_never(command)


def evolve(state: State, event: Event) -> State:
    """Return the state after `event`."""
    if isinstance(event, SessionStarted):
        return Open(
            account=event.account,
            token_hash=event.token_hash,
            family_hash=event.family_hash,
            version=event.version,
            expires_at=event.expires_at,
        )
    if not isinstance(state, Open):
        return state
    if isinstance(event, SessionRefreshed):
        return replace(
            state,
            token_hash=event.token_hash,
            before=state.token_hash,
            nonce=event.nonce,
            refreshed_at=event.at,
        )
    return Over(state.account)


SESSION: Final[Decider[Command, State, Event]] = Decider(
    "session",
    (SessionStarted, SessionRefreshed, SessionEnded, SessionRevoked),
    INITIAL,
    decide,
    evolve,
)
