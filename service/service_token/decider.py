"""A service token: issued once for a machine, with a role, scopes and an end; revoked for good."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Final, assert_never
from uuid import UUID

from msgspec import Struct

from service.log.codec import PRIVATE, SUBJECT
from service.log.decider import Decider
from service.refusal import Forbidden, Invalid, NotFound

ROLES: Final = ("user", "analyst", "operator")
"""What a machine may be; whoever can hand out tokens and roles is a person."""
LONGEST: Final = timedelta(days=365)
LONGEST_NAME: Final = 100  # characters
MOST_SCOPES: Final = 100

# Events. Tags and field names are on disk for good.


class ServiceTokenIssued(Struct, frozen=True, tag="service-token.issued", tag_field="type"):
    """A machine was given a token.

    `secret_hash` is SHA-256 of its secret, in hexadecimal. It stands apart from the event, so that
    nobody who reads the log's events is shown it; without it the token is good for nothing.
    """

    token: Annotated[UUID, SUBJECT]
    name: str
    role: str
    scopes: tuple[str, ...]
    expires_at: datetime
    secret_hash: Annotated[str, PRIVATE] = ""


class ServiceTokenRevoked(Struct, frozen=True, tag="service-token.revoked", tag_field="type"):
    """The token is good for nothing any more."""

    name: str
    reason: str


Event = ServiceTokenIssued | ServiceTokenRevoked

# Commands.


class IssueServiceToken(Struct, frozen=True):
    """Give a machine a token; `house` tells whether its tenant is that of who run the service."""

    token: UUID
    name: str
    role: str
    scopes: tuple[str, ...]
    issued_at: datetime
    expires_at: datetime
    secret_hash: str
    house: bool


class RevokeServiceToken(Struct, frozen=True):
    """Take a token back."""

    reason: str


Command = IssueServiceToken | RevokeServiceToken

# State.


class Absent(Struct, frozen=True):
    """No such token was ever issued."""


class Issued(Struct, frozen=True):
    """The token is good until its end."""

    name: str
    role: str
    scopes: tuple[str, ...]
    expires_at: datetime
    secret_hash: str


class Revoked(Struct, frozen=True):
    """The token was taken back; its hash is kept, to tell its holder so and nobody else."""

    name: str
    secret_hash: str


State = Absent | Issued | Revoked
INITIAL: Final[State] = Absent()

# Refusals.


class NoSuchServiceToken(NotFound):
    """There is no such service token here, or it belongs to somebody else."""


class HouseOnly(Forbidden):
    """Only the tenant of those who run the service can have a service token that operates it."""


class BadServiceToken(Invalid):
    """A service token has a name, a role, scopes, and an end within a year."""


def issue(command: IssueServiceToken, state: State) -> Sequence[Event]:
    """Issue a token, once."""
    _check(command)
    if not isinstance(state, Absent):
        return ()
    return (
        ServiceTokenIssued(
            command.token,
            command.name.strip(),
            command.role,
            tuple(sorted(set(command.scopes))),
            command.expires_at,
            command.secret_hash,
        ),
    )


def revoke(command: RevokeServiceToken, state: State) -> Sequence[Event]:
    """Revoke a token; doing so twice is once."""
    match state:
        case Absent():
            raise NoSuchServiceToken
        case Issued():
            return (ServiceTokenRevoked(state.name, command.reason),)
        case Revoked():
            return ()
        case _:
            assert_never(state)


def decide(command: Command, state: State) -> Sequence[Event]:
    """Return what `command` causes. Raises the refusals above."""
    match command:
        case IssueServiceToken():
            return issue(command, state)
        case RevokeServiceToken():
            return revoke(command, state)
        case _:
            assert_never(command)


def evolve(state: State, event: Event) -> State:
    """Return the state after `event`."""
    match event:
        case ServiceTokenIssued():
            return Issued(event.name, event.role, event.scopes, event.expires_at, event.secret_hash)
        case ServiceTokenRevoked():
            hashed = "" if isinstance(state, Absent) else state.secret_hash
            return Revoked(event.name, hashed)
        case _:
            assert_never(event)


def _check(command: IssueServiceToken) -> None:
    if problem := _problem(command):
        raise BadServiceToken(problem)
    if command.role == "operator" and not command.house:
        raise HouseOnly


def _problem(command: IssueServiceToken) -> str:
    """Return what is wrong with what is asked for, or nothing."""
    name = command.name.strip()
    if not (0 < len(name) <= LONGEST_NAME and name.isprintable()):
        return f"A name has 1 to {LONGEST_NAME} printable characters."
    if command.role not in ROLES:
        return f"A service token's role is one of {', '.join(ROLES)}."
    if not 0 < len(command.scopes) <= MOST_SCOPES:
        return f"A service token has 1 to {MOST_SCOPES} scopes."
    if not timedelta() < command.expires_at - command.issued_at <= LONGEST:
        return f"A service token ends within {LONGEST.days} days, and not before it begins."
    return ""


SERVICE_TOKEN: Final[Decider[Command, State, Event]] = Decider(
    "service-token", (ServiceTokenIssued, ServiceTokenRevoked), INITIAL, decide, evolve
)
