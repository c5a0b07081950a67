"""What people and administrators ask of an account."""

from datetime import date
from typing import Literal
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from service.account.discreet import Discreet

Role = Literal["user", "analyst", "operator", "admin"]
Level = Literal["beginner", "intermediate", "advanced"]


class Register(Discreet, frozen=True, kw_only=True):
    """Open an account; `on` is the day, which no birthdate may be after."""

    account: UUID
    email: str
    password_hash: str
    on: date
    username: str | None = None
    name: str | None = None
    birthdate: date | None = None
    role: Role = "user"


class ChangePassword(Discreet, frozen=True):
    """Take another password."""

    password_hash: str


class RehashPassword(Discreet, frozen=True):
    """Keep the same password under a newer hash."""

    password_hash: str


class UpdateProfile(Discreet, frozen=True, kw_only=True):
    """Change what is given of the profile; None takes a thing away."""

    name: str | UnsetType | None = UNSET
    experience_level: Level | UnsetType | None = UNSET
    preferred_language: str | UnsetType | None = UNSET
    interests: tuple[str, ...] | UnsetType = UNSET
    learning_goals: tuple[str, ...] | UnsetType = UNSET


class Deactivate(Discreet, frozen=True):
    """Let nobody log in; `by` is who asks, as the log names actors."""

    reason: str
    by: str


class Reactivate(Discreet, frozen=True):
    """Let the person log in again."""

    reason: str = ""


class GrantRole(Discreet, frozen=True):
    """Give the account a role; `in_house`: its tenant is the one that runs the service."""

    role: Role
    by: str
    in_house: bool
    reason: str = ""


class SignOutEverywhere(Struct, frozen=True):
    """End all sessions."""


class Erase(Struct, frozen=True):
    """Forget the person."""


Command = (
    Register
    | ChangePassword
    | RehashPassword
    | UpdateProfile
    | Deactivate
    | Reactivate
    | GrantRole
    | SignOutEverywhere
    | Erase
)
