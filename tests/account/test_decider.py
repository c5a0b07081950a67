"""What may happen to an account, in its own words."""

from datetime import date, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given as for_any
from hypothesis import strategies as st
from msgspec.structs import replace

from service.account.commands import (
    ChangePassword,
    Command,
    Deactivate,
    Erase,
    GrantRole,
    Reactivate,
    RehashPassword,
    Role,
    SignOutEverywhere,
    UpdateProfile,
)
from service.account.decider import (
    ACCOUNT,
    Absent,
    AccountInactive,
    Active,
    BadBirthdate,
    BadEmail,
    BadUsername,
    Erased,
    Inactive,
    NoSuchAccount,
    OneselfRefused,
    OperatorsInHouseOnly,
)
from service.account.events import (
    AccountDeactivated,
    AccountErased,
    AccountReactivated,
    Event,
    PasswordChanged,
    PasswordRehashed,
    ProfileUpdated,
    RoleChanged,
    SignedOutEverywhere,
)
from service.http.token import ROLES
from service.log.codec import decode, encode, shape_of
from tests.account.people import ADA, REGISTER, REGISTERED, TODAY
from tests.given import given

CHANGED = PasswordChanged(ADA, "$argon2id$2")
CLOSED = AccountDeactivated(ADA, "Spam.")
PROFILE = ProfileUpdated(account=ADA, experience_level=None, preferred_language="de", name="Ada")
RAISING: tuple[Event, ...] = (
    CHANGED,
    CLOSED,
    RoleChanged(ADA, "analyst"),
    SignedOutEverywhere(),
    AccountErased(),
)
COMMANDS: tuple[Command, ...] = (
    ChangePassword("$argon2id$2"),
    RehashPassword("$argon2id$3"),
    UpdateProfile(name="Ada L."),
    Deactivate("Spam.", "operator"),
    Reactivate(),
    GrantRole("analyst", "operator", in_house=False),
    SignOutEverywhere(),
)


def test_somebody_registers_once() -> None:
    given(ACCOUNT).when(REGISTER).then(REGISTERED)
    given(ACCOUNT, REGISTERED).when(REGISTER).then()


@pytest.mark.parametrize("email", ["", "ada", "a@", "@b", "a@b@c", "a b@c", "a\x01@b.c"])
def test_an_address_that_mail_cannot_reach_is_refused(email: str) -> None:
    given(ACCOUNT).when(replace(REGISTER, email=email)).refused(BadEmail)


def test_an_address_is_kept_as_it_was_typed_without_what_is_around_it() -> None:
    given(ACCOUNT).when(replace(REGISTER, email=" Ada@Example.org ")).then(REGISTERED)
    given(ACCOUNT).when(replace(REGISTER, email="a@" + "b" * 260)).refused(BadEmail)
    given(ACCOUNT).when(replace(REGISTER, email="a\u200b@b.c")).refused(BadEmail)


@pytest.mark.parametrize("username", ["", "ab", "a@b.c", "-ab", "ab.", "a b", "x" * 41])
def test_a_username_can_be_told_from_an_address(username: str) -> None:
    given(ACCOUNT).when(replace(REGISTER, username=username)).refused(BadUsername)


@pytest.mark.parametrize("birthdate", [TODAY + timedelta(days=1), date(1899, 12, 31)])
def test_nobody_is_born_tomorrow(birthdate: date) -> None:
    given(ACCOUNT).when(replace(REGISTER, birthdate=birthdate)).refused(BadBirthdate)


def test_a_password_is_changed_or_only_hashed_anew() -> None:
    given(ACCOUNT, REGISTERED).when(COMMANDS[0]).then(CHANGED)
    given(ACCOUNT, REGISTERED).when(COMMANDS[1]).then(PasswordRehashed(ADA, "$argon2id$3"))


def test_what_is_given_of_a_profile_changes_and_the_rest_stays() -> None:
    goals = UpdateProfile(learning_goals=("Latin",))
    given(ACCOUNT, REGISTERED, PROFILE).when(goals).then(
        replace(PROFILE, learning_goals=("Latin",))
    )
    nameless = replace(PROFILE, name=None)
    given(ACCOUNT, REGISTERED, PROFILE).when(UpdateProfile(name=None)).then(nameless)
    given(ACCOUNT, REGISTERED, PROFILE).when(UpdateProfile(preferred_language="de")).then()


def test_an_account_is_closed_and_opened_again() -> None:
    given(ACCOUNT, REGISTERED).when(Deactivate("Spam.", "operator")).then(CLOSED)
    given(ACCOUNT, REGISTERED, CLOSED).when(Deactivate("Spam.", "operator")).then()
    given(ACCOUNT, REGISTERED, CLOSED).when(Reactivate()).then(AccountReactivated(ADA))
    given(ACCOUNT, REGISTERED).when(Reactivate()).then()


def test_a_role_is_given_by_others_and_operators_are_of_the_house() -> None:
    analyst = GrantRole("analyst", "operator", in_house=False)
    given(ACCOUNT, REGISTERED).when(analyst).then(RoleChanged(ADA, "analyst"))
    given(ACCOUNT, REGISTERED).when(replace(analyst, role="user")).then()
    operator = GrantRole("operator", "operator", in_house=True)
    given(ACCOUNT, REGISTERED).when(operator).then(RoleChanged(ADA, "operator"))
    away = replace(operator, in_house=False)
    given(ACCOUNT, REGISTERED).when(away).refused(OperatorsInHouseOnly)


@pytest.mark.parametrize(
    "command", [Deactivate("", str(ADA)), GrantRole("user", str(ADA), in_house=True)]
)
def test_nobody_takes_the_own_rights_away(command: Command) -> None:
    given(ACCOUNT, REGISTERED, RoleChanged(ADA, "admin")).when(command).refused(OneselfRefused)


@pytest.mark.parametrize("command", COMMANDS[:3], ids=repr)
def test_a_closed_account_is_not_changed_by_its_person(command: Command) -> None:
    given(ACCOUNT, REGISTERED, CLOSED).when(command).refused(AccountInactive)


@pytest.mark.parametrize("command", COMMANDS, ids=repr)
def test_nothing_happens_to_an_account_that_is_none(command: Command) -> None:
    given(ACCOUNT).when(command).refused(NoSuchAccount)
    given(ACCOUNT, REGISTERED, AccountErased()).when(command).refused(NoSuchAccount)


def test_a_person_is_forgotten_once_and_in_any_state() -> None:
    given(ACCOUNT).when(Erase()).refused(NoSuchAccount)
    given(ACCOUNT, REGISTERED).when(Erase()).then(AccountErased())
    given(ACCOUNT, REGISTERED, CLOSED).when(Erase()).then(AccountErased())
    given(ACCOUNT, REGISTERED, AccountErased()).when(Erase()).then()
    assert ACCOUNT.fold([REGISTERED, AccountErased()]) == Erased(ADA, "user", 2)


@for_any(st.lists(st.sampled_from([*RAISING[:-1], AccountReactivated(ADA), PROFILE]), max_size=12))
def test_tokens_are_void_after_whatever_raises_the_version(events: list[Event]) -> None:
    state = ACCOUNT.fold([REGISTERED, *events])

    assert isinstance(state, Active | Inactive)
    assert state.token_version == 1 + sum(event in RAISING for event in events)
    last = [e for e in events if isinstance(e, AccountDeactivated | AccountReactivated)][-1:]
    assert isinstance(state, Inactive) == (last == [CLOSED])


def test_what_is_left_of_an_erased_person_still_folds() -> None:
    history = [REGISTERED, CHANGED, PROFILE, CLOSED, PasswordRehashed(ADA, "$argon2id$3")]
    stored = [(type(event), encode(event)) for event in history]

    assert all(part.subject == ADA for _, part in stored)
    left: list[Any] = [decode(kind, part.data) for kind, part in stored]
    state = ACCOUNT.fold(left)
    assert isinstance(state, Inactive)
    assert (state.email, state.username, state.name, state.birthdate) == ("", None, None, None)
    assert state.password_hash == ""


def test_what_belongs_to_a_person_is_not_printed() -> None:
    state = ACCOUNT.fold([REGISTERED, PROFILE])
    for kept in (REGISTER, REGISTERED, CHANGED, PROFILE, CLOSED, state, *COMMANDS[:4]):
        assert not {"Ada", "Example", "argon2id", "Spam"} & set(
            repr(kept).replace("(", " ").split()
        )
        assert repr(kept) == f"{type(kept).__name__}(…)"
    assert ACCOUNT.initial == Absent()


def test_the_private_fields_are_those_of_a_person() -> None:
    assert shape_of(type(REGISTERED)).private == {
        "email", "username", "name", "birthdate", "password_hash",
    }  # fmt: skip
    assert get_args(Role) == ROLES
