"""An account: opened by a person, kept by that person and by administrators, in the end erased."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Final, assert_never
from uuid import UUID

from msgspec import UNSET, Struct
from msgspec.structs import asdict, replace

from service.account.commands import (
    ChangePassword,
    Command,
    Deactivate,
    Erase,
    GrantRole,
    Reactivate,
    Register,
    RehashPassword,
    SignOutEverywhere,
    UpdateProfile,
)
from service.account.discreet import Discreet
from service.account.events import (
    AccountDeactivated,
    AccountErased,
    AccountReactivated,
    AccountRegistered,
    Event,
    PasswordChanged,
    PasswordRehashed,
    ProfileUpdated,
    RoleChanged,
    SignedOutEverywhere,
)
from service.log.decider import Decider
from service.refusal import Forbidden, Invalid, NotFound, StateConflict

EMAIL_MOST: Final = 254
"""Characters of an address that mail can reach (RFC 5321, section 4.5.3.1.3)."""
_EMAIL: Final = re.compile(r"[^\s@\x00-\x1f]{1,64}@[^\s@.\x00-\x1f]+(\.[^\s@.\x00-\x1f]+)*")
_USERNAME: Final = re.compile(r"\w(?:[\w.-]{1,38}\w)")

# State.


class Absent(Struct, frozen=True):
    """Nobody has registered."""


class Profile(Discreet, frozen=True):
    """What a person says about learning."""

    name: str | None = None
    experience_level: str | None = None
    preferred_language: str | None = None
    interests: tuple[str, ...] = ()
    learning_goals: tuple[str, ...] = ()


class Person(Discreet, frozen=True, kw_only=True):
    """Whose account it is; tokens of another `token_version` are void."""

    account: UUID
    email: str
    username: str | None
    birthdate: date | None
    password_hash: str
    role: str
    profile: Profile
    token_version: int = 1

    @property
    def name(self) -> str | None:
        """What the person is called."""
        return self.profile.name


class Active(Person, frozen=True):
    """An account that may be logged in to."""


class Inactive(Person, frozen=True):
    """An account that an administrator has closed for now."""


class Erased(Struct, frozen=True):
    """An account whose person is forgotten."""

    account: UUID
    role: str
    token_version: int


State = Absent | Active | Inactive | Erased
INITIAL: Final[State] = Absent()
Kept = Active | Inactive

# Refusals.


class NoSuchAccount(NotFound):
    """There is no such account here, or it has been erased."""


class AccountInactive(StateConflict):
    """The account is deactivated; an administrator can reactivate it."""


class BadEmail(Invalid):
    """An e-mail address has one @ between its parts, no spaces, and at most 254 characters."""


class BadUsername(Invalid):
    """A username has 3 to 40 letters, digits, _, dots or hyphens, the latter not at its ends."""


class BadBirthdate(Invalid):
    """A birthdate lies between 1900 and today."""


class OneselfRefused(StateConflict):
    """Nobody deactivates the own account or changes the own role; another administrator can."""


class OperatorsInHouseOnly(Forbidden):
    """Operators run the service as a whole, so only the tenant that runs it has any."""


def register(command: Register, state: State) -> Sequence[Event]:
    """Open the account, once."""
    if not isinstance(state, Absent):
        return ()
    email = command.email.strip()
    if len(email) > EMAIL_MOST or not email.isprintable() or not _EMAIL.fullmatch(email):
        raise BadEmail
    if command.username is not None and not _USERNAME.fullmatch(command.username):
        raise BadUsername
    if command.birthdate and not date(1900, 1, 1) <= command.birthdate <= command.on:
        raise BadBirthdate
    return (
        AccountRegistered(
            account=command.account,
            role=command.role,
            email=email,
            username=command.username,
            name=command.name,
            birthdate=command.birthdate,
            password_hash=command.password_hash,
        ),
    )


def update_profile(command: UpdateProfile, state: Active) -> Sequence[Event]:
    """Keep the profile with what is given changed, unless it is the same."""
    given = {name: value for name, value in asdict(command).items() if value is not UNSET}
    profile = replace(state.profile, **given)
    if profile == state.profile:
        return ()
    return (ProfileUpdated(account=state.account, **asdict(profile)),)


def deactivate(command: Deactivate, state: Kept) -> Sequence[Event]:
    """Close the account, once, and never one's own."""
    if command.by == str(state.account):
        raise OneselfRefused
    if isinstance(state, Inactive):
        return ()
    return (AccountDeactivated(state.account, command.reason),)


def reactivate(command: Reactivate, state: Kept) -> Sequence[Event]:
    """Open the account again, once."""
    if isinstance(state, Active):
        return ()
    return (AccountReactivated(state.account, command.reason),)


def grant_role(command: GrantRole, state: Kept) -> Sequence[Event]:
    """Give the role, unless it is there, never to oneself, and none beyond the tenant's reach."""
    if command.by == str(state.account):
        raise OneselfRefused
    if command.role == "operator" and not command.in_house:
        raise OperatorsInHouseOnly
    if command.role == state.role:
        return ()
    return (RoleChanged(state.account, command.role, command.reason),)


def decide(command: Command, state: State) -> Sequence[Event]:
    """Return what `command` causes. Raises the refusals above."""
    if isinstance(command, Register):
        return register(command, state)
    if isinstance(state, Absent):
        raise NoSuchAccount
    if isinstance(command, Erase):
        return () if isinstance(state, Erased) else (AccountErased(),)
    if isinstance(state, Erased):
        raise NoSuchAccount
    match command:
        case Deactivate():
            return deactivate(command, state)
        case GrantRole():
            return grant_role(command, state)
        case Reactivate():
            return reactivate(command, state)
        case SignOutEverywhere():
            return (SignedOutEverywhere(),)
        case _:
            return _decide_open(command, state)


def _decide_open(
    command: ChangePassword | RehashPassword | UpdateProfile, state: Kept
) -> Sequence[Event]:
    if isinstance(state, Inactive):
        raise AccountInactive
    match command:
        case ChangePassword():
            return (PasswordChanged(state.account, command.password_hash),)
        case RehashPassword():
            return (PasswordRehashed(state.account, command.password_hash),)
        case UpdateProfile():
            return update_profile(command, state)
        case _:
            assert_never(command)


def evolve(state: State, event: Event) -> State:
    """Return the state after `event`."""
    if isinstance(event, AccountRegistered):
        return Active(
            account=event.account,
            email=event.email,
            username=event.username,
            birthdate=event.birthdate,
            password_hash=event.password_hash,
            role=event.role,
            profile=Profile(event.name),
        )
    if isinstance(state, Absent | Erased):
        return state
    match event:
        case AccountDeactivated():
            return Inactive(**asdict(_raised(state)))
        case AccountReactivated():
            return Active(**asdict(state))
        case AccountErased():
            return Erased(state.account, state.role, state.token_version + 1)
        case _:
            return _evolve_kept(state, event)


def _evolve_kept(
    state: Kept,
    event: PasswordChanged | PasswordRehashed | ProfileUpdated | RoleChanged | SignedOutEverywhere,
) -> Kept:
    match event:
        case PasswordChanged():
            return replace(_raised(state), password_hash=event.password_hash)
        case PasswordRehashed():
            return replace(state, password_hash=event.password_hash)
        case ProfileUpdated():
            return replace(state, profile=_profile(event))
        case RoleChanged():
            return replace(_raised(state), role=event.role)
        case SignedOutEverywhere():
            return _raised(state)
        case _:
            assert_never(event)


def _raised(state: Kept) -> Kept:
    return replace(state, token_version=state.token_version + 1)


def _profile(event: ProfileUpdated) -> Profile:
    return Profile(
        event.name,
        event.experience_level,
        event.preferred_language,
        event.interests,
        event.learning_goals,
    )


ACCOUNT: Final[Decider[Command, State, Event]] = Decider(
    "account",
    (
        AccountRegistered,
        PasswordChanged,
        PasswordRehashed,
        ProfileUpdated,
        AccountDeactivated,
        AccountReactivated,
        RoleChanged,
        SignedOutEverywhere,
        AccountErased,
    ),
    INITIAL,
    decide,
    evolve,
)
