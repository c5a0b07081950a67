"""An account's events. Tags and field names are on disk for good.

What belongs to a person is private: it is stored beside the event and can be erased, so every such
field has a default, which is what is left of it then.
"""

from datetime import date
from typing import Annotated
from uuid import UUID

from msgspec import Struct

from service.account.discreet import Discreet
from service.log.codec import PRIVATE, SUBJECT


class AccountRegistered(
    Discreet, frozen=True, kw_only=True, tag="account.registered", tag_field="type"
):
    """A person has an account; the token version is 1 from here on."""

    account: Annotated[UUID, SUBJECT]
    role: str
    email: Annotated[str, PRIVATE] = ""
    username: Annotated[str | None, PRIVATE] = None
    name: Annotated[str | None, PRIVATE] = None
    birthdate: Annotated[date | None, PRIVATE] = None
    password_hash: Annotated[str, PRIVATE] = ""


class PasswordChanged(Discreet, frozen=True, tag="account.password-changed", tag_field="type"):
    """There is another password; the token version is raised."""

    account: Annotated[UUID, SUBJECT]
    password_hash: Annotated[str, PRIVATE] = ""


class PasswordRehashed(Discreet, frozen=True, tag="account.password-rehashed", tag_field="type"):
    """The same password is hashed by newer parameters; nobody is signed out by that."""

    account: Annotated[UUID, SUBJECT]
    password_hash: Annotated[str, PRIVATE] = ""


class ProfileUpdated(Discreet, frozen=True, kw_only=True, tag="profile.updated", tag_field="type"):
    """The profile as a whole, as it is from now on."""

    account: Annotated[UUID, SUBJECT]
    experience_level: str | None
    preferred_language: str | None
    name: Annotated[str | None, PRIVATE] = None
    interests: Annotated[tuple[str, ...], PRIVATE] = ()
    learning_goals: Annotated[tuple[str, ...], PRIVATE] = ()


class AccountDeactivated(Discreet, frozen=True, tag="account.deactivated", tag_field="type"):
    """Nobody may log in to it; the token version is raised. The reason may speak of a person."""

    account: Annotated[UUID, SUBJECT]
    reason: Annotated[str, PRIVATE] = ""


class AccountReactivated(Discreet, frozen=True, tag="account.reactivated", tag_field="type"):
    """It may be logged in to again."""

    account: Annotated[UUID, SUBJECT]
    reason: Annotated[str, PRIVATE] = ""


class RoleChanged(Discreet, frozen=True, tag="account.role-changed", tag_field="type"):
    """The account has another role; the token version is raised."""

    account: Annotated[UUID, SUBJECT]
    role: str
    reason: Annotated[str, PRIVATE] = ""


class SignedOutEverywhere(
    Struct, frozen=True, tag="account.signed-out-everywhere", tag_field="type"
):
    """All sessions are over; the token version is raised."""


class AccountErased(Struct, frozen=True, tag="account.erased", tag_field="type"):
    """The person is forgotten; the token version is raised. Nothing happens to it after that."""


Event = (
    AccountRegistered
    | PasswordChanged
    | PasswordRehashed
    | ProfileUpdated
    | AccountDeactivated
    | AccountReactivated
    | RoleChanged
    | SignedOutEverywhere
    | AccountErased
)
