"""A budget: an account that calls are charged to, set aside before each and settled after it.

A tenant has one, with the limit that was set for it; so has each job that was given a limit.
"""

from collections.abc import Sequence
from decimal import Decimal
from functools import reduce
from typing import Final, assert_never
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from service.budget.account import NOTHING, Account, Held, Period, Spent
from service.log.decider import Decider
from service.refusal import Forbidden, Invalid, StateConflict

LARGEST: Final = Decimal(10**9)
DECIMALS: Final = 12
CARRIED_AFTER: Final = 512
"""After so many events an account is carried forward, and is not read from the start any more."""

# Events. Tags and field names are on disk for good.


class BudgetSet(Struct, frozen=True, tag="budget.set", tag_field="type"):
    """No more than `limit` may be spent in a period; None ends that.

    `already` is what had been spent before, where there was no limit until now. `house` where those
    who run the service have said so: then the tenant itself cannot change it. `job_id` is the job
    whose budget it is; None for that of the tenant.
    """

    limit: Decimal | None
    period: Period
    already: Spent | None = None
    house: bool = False
    job_id: UUID | None = None


class BudgetReserved(Held, frozen=True, tag="budget.reserved", tag_field="type"):
    """So much is set aside for a call."""


class BudgetSettled(Struct, frozen=True, tag="budget.settled", tag_field="type"):
    """A call has ended and cost so much; `presumed` where nobody knows what it took."""

    call_id: UUID
    amount: Decimal
    presumed: bool = False


class BudgetCarriedForward(Struct, frozen=True, tag="budget.carried-forward", tag_field="type"):
    """How the account stands, so that nobody needs to read what was before."""

    limit: Decimal | None
    period: Period
    spent: Spent
    held: tuple[Held, ...] = ()
    presumed: tuple[Held, ...] = ()
    house: bool = False


Event = BudgetSet | BudgetReserved | BudgetSettled | BudgetCarriedForward


# Commands.


class SetBudget(Struct, frozen=True):
    """Allow no more than `limit` in a period, or anything (None).

    `already` was spent before, as the ledger says; `house` tells who runs the service. `job_id`
    is the job whose budget it is.
    """

    limit: Decimal | None
    period: Period
    already: Spent | None = None
    house: bool = False
    job_id: UUID | None = None


class Reserve(Held, frozen=True):
    """Set something aside for a call."""


class Settle(Struct, frozen=True):
    """Charge what a call has cost; None is what was set aside for it."""

    call_id: UUID
    amount: Decimal | None


class CarryForward(Struct, frozen=True):
    """Note how the account stands, if much has happened since that was done."""


Command = SetBudget | Reserve | Settle | CarryForward

INITIAL: Final = Account()

# Refusals.


class BadBudget(Invalid):
    """A budget is 0 to a billion US dollars, of at most 12 decimals."""


class BudgetOfTheHouse(Forbidden):
    """Those who run the service have set this budget; ask them to change it."""


class BudgetSpent(StateConflict):
    """The budget does not allow this."""

    def __init__(self, account: Account, asked: Held) -> None:
        """Say how the account stands, and what does not fit into it."""
        super().__init__()
        self.account = account
        self.asked = asked


def checked(limit: Decimal | None) -> Decimal | None:
    """Return `limit`, which PostgreSQL's numeric holds as it is then. Raises `BadBudget`."""
    if limit is None:
        return None
    exponent = limit.as_tuple().exponent
    if not isinstance(exponent, int) or not -DECIMALS <= exponent <= DECIMALS:
        raise BadBudget
    if not 0 <= limit <= LARGEST:
        raise BadBudget
    return limit


def decide(command: Command, state: Account) -> Sequence[Event]:
    """Return what `command` causes. Raises the refusals above."""
    match command:
        case SetBudget():
            return _set(command, state)
        case Reserve():
            return _reserve(command, state)
        case Settle():
            return _settle(command, state)
        case CarryForward():
            return _carried(state) if state.since >= CARRIED_AFTER else ()
        case _:
            assert_never(command)


def evolve(state: Account, event: Event) -> Account:
    """Return the account after `event`."""
    match event:
        case BudgetSet(limit, period, already, house):
            spent = already or state.spent
            after = replace(state, limit=limit, period=period, spent=spent, house=house)
        case BudgetReserved(call_id, job_id, amount, day):
            after = state.holding(Held(call_id, job_id, amount, day))
        case BudgetSettled(call_id, amount, presumed):
            after = state.settled(call_id, amount, presumed=presumed)
        case BudgetCarriedForward():
            known = {one.call_id: one for one in event.presumed}
            bare = Account(
                event.limit, event.period, event.spent, presumed=known, house=event.house
            )
            return reduce(Account.holding, event.held, bare)
        case _:
            assert_never(event)
    return replace(after, since=state.since + 1)


def _set(command: SetBudget, state: Account) -> Sequence[BudgetSet]:
    checked(command.limit)
    if state.house and not command.house:
        raise BudgetOfTheHouse
    house = command.house and command.limit is not None
    if (command.limit, command.period, house) == (state.limit, state.period, state.house):
        return ()
    already = command.already if state.limit is None else None
    return (BudgetSet(command.limit, command.period, already, house, command.job_id),)


def _reserve(command: Reserve, state: Account) -> Sequence[BudgetReserved]:
    """Set the amount aside, once; what costs nothing is always allowed."""
    left = state.left(command.day)
    if left is None or command.call_id in state.held:
        return ()
    if command.amount > max(left, NOTHING):
        raise BudgetSpent(state, command)
    day = state.latest(command.day)
    return (BudgetReserved(command.call_id, command.job_id, command.amount, day),)


def _settle(command: Settle, state: Account) -> Sequence[BudgetSettled]:
    """Charge a call, once; what was only presumed gives way to what is known."""
    held = state.held.get(command.call_id)
    if held is not None and command.amount is None:
        return (BudgetSettled(command.call_id, held.amount, presumed=True),)
    known = held is not None or command.call_id in state.presumed
    if known and command.amount is not None:
        return (BudgetSettled(command.call_id, command.amount),)
    return ()


def _carried(state: Account) -> Sequence[BudgetCarriedForward]:
    held, presumed = tuple(state.held.values()), tuple(state.presumed.values())
    carried = BudgetCarriedForward(
        state.limit, state.period, state.spent, held, presumed, state.house
    )
    return (carried,)


BUDGET: Final[Decider[Command, Account, Event]] = Decider(
    "budget",
    (BudgetSet, BudgetReserved, BudgetSettled, BudgetCarriedForward),
    INITIAL,
    decide,
    evolve,
)
