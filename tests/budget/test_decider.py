"""Budgets in the words of those who pay."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given as for_any
from hypothesis import strategies as st
from msgspec.structs import replace

from service.budget.account import REMEMBERED, Account, Held, Spent
from service.budget.decider import (
    BUDGET,
    CARRIED_AFTER,
    BadBudget,
    BudgetCarriedForward,
    BudgetOfTheHouse,
    BudgetReserved,
    BudgetSet,
    BudgetSettled,
    BudgetSpent,
    CarryForward,
    Reserve,
    SetBudget,
    Settle,
)
from tests.given import given
from tests.shapes import reachable, structs

TODAY, TOMORROW = date(2026, 11, 30), date(2026, 12, 1)
ONE, TWO, THREE = (UUID(int=number) for number in (1, 2, 3))
TEN = BudgetSet(Decimal(10), "total")
DAILY = BudgetSet(Decimal(10), "day")
MONTHLY = BudgetSet(Decimal(10), "month")


def reserve(call: UUID = ONE, amount: str = "1", day: date = TODAY) -> Reserve:
    return Reserve(call, None, Decimal(amount), day)


def reserved(call: UUID = ONE, amount: str = "1", day: date = TODAY) -> BudgetReserved:
    return BudgetReserved(call, None, Decimal(amount), day)


def settle(call: UUID = ONE, amount: str | None = "1") -> Settle:
    return Settle(call, None if amount is None else Decimal(amount))


def settled(call: UUID = ONE, amount: str = "1", *, presumed: bool = False) -> BudgetSettled:
    return BudgetSettled(call, Decimal(amount), presumed)


def test_a_budget_is_set_once_and_changed_and_ended() -> None:
    ten = SetBudget(Decimal(10), "total")

    given(BUDGET).when(ten).then(TEN)
    given(BUDGET, TEN).when(SetBudget(Decimal("10.0"), "total")).then()
    given(BUDGET, TEN).when(replace(ten, period="day")).then(DAILY)
    given(BUDGET, TEN).when(SetBudget(None, "total")).then(BudgetSet(None, "total"))


@pytest.mark.parametrize("wrong", ["-1", "NaN", "Infinity", "1E+10", "0.0000000000001"])
def test_what_cannot_be_a_sum_of_money_is_refused(wrong: str) -> None:
    given(BUDGET).when(SetBudget(Decimal(wrong), "day")).refused(BadBudget)


def test_what_was_spent_before_counts_where_there_was_no_limit() -> None:
    already = Spent(TODAY, Decimal(1), Decimal(9), Decimal(50))
    monthly = SetBudget(Decimal(10), "month", already)
    begun = replace(MONTHLY, already=already)

    given(BUDGET).when(monthly).then(begun)
    given(BUDGET, TEN).when(monthly).then(MONTHLY)
    given(BUDGET, begun).when(reserve(amount="1")).then(reserved(amount="1"))
    given(BUDGET, begun).when(reserve(amount="1.01")).refused(BudgetSpent)
    given(BUDGET, begun).when(reserve(amount="2", day=TOMORROW)).then(reserved(ONE, "2", TOMORROW))


def test_what_the_house_has_set_the_house_alone_changes() -> None:
    by_house = replace(TEN, house=True)
    own, house = SetBudget(Decimal(99), "total"), SetBudget(Decimal(99), "total", house=True)

    given(BUDGET, by_house).when(own).refused(BudgetOfTheHouse)
    given(BUDGET, by_house).when(replace(own, limit=None)).refused(BudgetOfTheHouse)
    given(BUDGET, by_house).when(house).then(BudgetSet(Decimal(99), "total", house=True))
    ended = BudgetSet(None, "total")
    given(BUDGET, by_house).when(SetBudget(None, "total", house=True)).then(ended)
    given(BUDGET, by_house, ended).when(own).then(BudgetSet(Decimal(99), "total"))


def test_without_a_limit_nothing_is_set_aside() -> None:
    given(BUDGET).when(reserve()).then()
    given(BUDGET, TEN, BudgetSet(None, "total")).when(reserve()).then()


def test_so_much_is_set_aside_as_is_left_and_no_more() -> None:
    given(BUDGET, TEN).when(reserve(amount="10")).then(reserved(amount="10"))
    given(BUDGET, TEN).when(reserve(amount="10.000000000001")).refused(BudgetSpent)
    given(BUDGET, TEN, reserved(amount="6")).when(reserve(TWO, "4")).then(reserved(TWO, "4"))
    given(BUDGET, TEN, reserved(amount="6")).when(reserve(TWO, "4.01")).refused(BudgetSpent)


def test_the_same_call_is_set_aside_once() -> None:
    given(BUDGET, TEN, reserved(amount="9")).when(reserve(amount="9")).then()


def test_a_call_that_costs_less_gives_the_rest_back() -> None:
    history = (TEN, reserved(amount="9"), settled(amount="2"))

    given(BUDGET, *history).when(reserve(TWO, "8")).then(reserved(TWO, "8"))
    given(BUDGET, *history).when(reserve(TWO, "8.01")).refused(BudgetSpent)


def test_a_call_that_costs_more_is_charged_and_then_only_what_is_free_passes() -> None:
    history = (TEN, reserved(amount="9"), settled(amount="12"))

    assert BUDGET.fold(history).left(TODAY) == -2
    given(BUDGET, *history).when(reserve(TWO, "0.01")).refused(BudgetSpent)
    given(BUDGET, *history).when(reserve(TWO, "0")).then(reserved(TWO, "0"))


def test_a_call_is_charged_once_and_only_if_it_was_set_aside() -> None:
    given(BUDGET, TEN, reserved()).when(settle(amount="0.5")).then(settled(amount="0.5"))
    given(BUDGET, TEN, reserved(), settled()).when(settle()).then()
    given(BUDGET, TEN).when(settle()).then()


def test_a_call_of_unknown_cost_counts_as_what_was_set_aside_until_its_cost_is_known() -> None:
    presumed = settled(amount="4", presumed=True)
    history = (TEN, reserved(amount="4"), presumed)

    given(BUDGET, *history[:2]).when(settle(amount=None)).then(presumed)
    given(BUDGET, *history).when(settle(amount=None)).then()
    given(BUDGET, *history).when(settle(amount="1")).then(settled(amount="1"))
    given(BUDGET, *history, settled(amount="1")).when(settle(amount="2")).then()
    assert BUDGET.fold(history).spent.total == 4
    assert BUDGET.fold((*history, settled(amount="1"))).spent.total == 1


@pytest.mark.parametrize(
    ("budget", "later", "left"),
    [(DAILY, date(2026, 12, 1), 10), (MONTHLY, date(2026, 12, 1), 10), (TEN, TOMORROW, 1)],
    ids=["day", "month", "total"],
)
def test_a_new_period_begins_with_the_whole_budget(
    budget: BudgetSet, later: date, left: int
) -> None:
    account = BUDGET.fold((budget, reserved(amount="5"), settled(amount="5"), reserved(TWO, "4")))

    assert account.left(TODAY) == 1
    assert account.left(later) == left


def test_within_a_month_days_share_its_budget() -> None:
    first, second = date(2026, 11, 1), date(2026, 11, 2)
    history = (MONTHLY, reserved(ONE, "4", first), settled(ONE, "3"), reserved(TWO, "2", second))

    assert BUDGET.fold(history).left(TODAY) == 5


def test_a_call_is_charged_to_the_period_in_which_it_was_set_aside() -> None:
    history = (DAILY, reserved(ONE, "4", TODAY), reserved(TWO, "1", TOMORROW), settled(ONE, "4"))

    account = BUDGET.fold(history)
    assert account.left(TOMORROW) == 9
    assert account.spent == Spent(TOMORROW, Decimal(0), Decimal(0), Decimal(4))


def test_a_clock_that_is_behind_turns_nothing_back() -> None:
    history = (DAILY, reserved(ONE, "9", TOMORROW))

    given(BUDGET, *history).when(reserve(TWO, "2", TODAY)).refused(BudgetSpent)
    given(BUDGET, *history).when(reserve(TWO, "1", TODAY)).then(reserved(TWO, "1", TOMORROW))


def test_a_period_that_is_changed_counts_what_was_spent_in_it() -> None:
    history = (
        DAILY,
        reserved(ONE, "4", date(2026, 11, 1)),
        settled(ONE, "4"),
        reserved(TWO, "3", TODAY),
        settled(TWO, "3"),
    )

    assert BUDGET.fold(history).left(TODAY) == 7
    assert BUDGET.fold((*history, MONTHLY)).left(TODAY) == 3
    assert BUDGET.fold((*history, TEN)).left(TOMORROW) == 3


def test_an_account_is_carried_forward_when_much_has_happened_to_it() -> None:
    calls = [UUID(int=number) for number in range(1, CARRIED_AFTER // 2 + 1)]
    history: list[Any] = [replace(TEN, house=True), reserved(ONE)]
    for call in calls[1:]:
        history += [reserved(call, "0.01"), settled(call, "0.01")]
    given(BUDGET, *history[:-1]).when(CarryForward()).then()

    account = BUDGET.fold(history)
    [carried] = BUDGET.decide(CarryForward(), account)
    assert isinstance(carried, BudgetCarriedForward)
    assert carried.held == (Held(ONE, None, Decimal(1), TODAY),)
    assert BUDGET.fold([carried]) == replace(account, since=0)


COMMANDS = st.one_of(
    structs(SetBudget, limit=st.just(Decimal(100))),
    structs(
        Reserve, call_id=st.sampled_from([ONE, TWO, THREE]), day=st.sampled_from([TODAY, TOMORROW])
    ),
    structs(Settle, call_id=st.sampled_from([ONE, TWO, THREE])),
)


@for_any(reachable(BUDGET, COMMANDS, most=30))
def test_whatever_happens_what_is_set_aside_fits_into_the_budget(events: list[Any]) -> None:
    account = Account()
    for event in events:
        account = BUDGET.evolve(account, event)
        if isinstance(event, BudgetReserved) and event.amount:
            left = account.left(event.day)
            assert left is not None
            assert left >= 0


@for_any(reachable(BUDGET, COMMANDS, most=30), st.integers(0, 30))
def test_carrying_forward_changes_nothing(events: list[Any], at: int) -> None:
    before = BUDGET.fold(events[:at])
    [carried] = BUDGET.decide(CarryForward(), replace(before, since=CARRIED_AFTER))

    after = BUDGET.fold([carried])
    assert replace(after, since=before.since) == before
    plain, short = BUDGET.fold(events), BUDGET.fold(events[at:], after)
    assert replace(short, since=plain.since) == plain


def test_only_so_many_presumed_calls_are_remembered() -> None:
    history: list[Any] = [BudgetSet(Decimal(10**6), "total")]
    for number in range(1, REMEMBERED + 2):
        call = UUID(int=number)
        history += [reserved(call), settled(call, presumed=True)]

    account = BUDGET.fold(history)
    assert len(account.presumed) == REMEMBERED
    assert ONE not in account.presumed
    assert account.spent.total == REMEMBERED + 1
