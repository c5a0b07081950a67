"""An account: what may be spent, what is set aside for calls under way, and what was spent."""

from datetime import date
from decimal import Decimal
from typing import Final, Literal
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

NOTHING: Final = Decimal(0)
REMEMBERED: Final = 256
"""How many calls whose cost was only presumed are remembered, in case it becomes known."""

Period = Literal["day", "month", "total"]
"""What a limit is for: each day of UTC, each month of it, or all time."""


class Spent(Struct, frozen=True):
    """What was spent on a day, in its month until then, and ever; in US dollars."""

    on: date
    day: Decimal = NOTHING
    month: Decimal = NOTHING
    total: Decimal = NOTHING

    def turned(self, on: date) -> "Spent":
        """Return this as it stands on a later day; an earlier one turns nothing back."""
        if on <= self.on:
            return self
        return Spent(on, NOTHING, self.month * together(on, self.on, "month"), self.total)

    def plus(self, amount: Decimal, on: date) -> "Spent":
        """Return this with `amount` more, which was spent on a day that may be over."""
        day = amount * together(on, self.on, "day")
        month = amount * together(on, self.on, "month")
        return Spent(self.on, self.day + day, self.month + month, self.total + amount)

    def within(self, period: Period) -> Decimal:
        """Return what was spent in the latest period."""
        return {"day": self.day, "month": self.month, "total": self.total}[period]


class Held(Struct, frozen=True):
    """What is set aside for a call, charged to the day on which that was done."""

    call_id: UUID
    job_id: UUID | None
    amount: Decimal
    day: date


class Account(Struct, frozen=True):
    """How an account stands; `since` counts the events after it was carried forward.

    `held` and `presumed` are by call: what is set aside, and what was charged without being known.
    `aside` is the sum of what is set aside, by the day to which it is charged. `house` where those
    who run the service have set the limit.
    """

    limit: Decimal | None = None
    period: Period = "total"
    spent: Spent = Spent(date.min)
    held: dict[UUID, Held] = {}
    aside: dict[date, Decimal] = {}
    presumed: dict[UUID, Held] = {}
    house: bool = False
    since: int = 0

    def latest(self, on: date) -> date:
        """Return `on`, or the later day that another process has charged something to."""
        return max(on, self.spent.on)

    def charged(self, on: date) -> Decimal:
        """Return what was spent in the period of a day."""
        return self.spent.turned(on).within(self.period)

    def reserved(self, on: date) -> Decimal:
        """Return what is set aside in the period of a day."""
        sums = (
            amount
            for day, amount in self.aside.items()
            if together(day, self.latest(on), self.period)
        )
        return sum(sums, NOTHING)

    def left(self, on: date) -> Decimal | None:
        """Return what may still be set aside on a day, None where there is no limit."""
        return None if self.limit is None else self.limit - self.charged(on) - self.reserved(on)

    def holding(self, one: Held) -> "Account":
        """Return this with something set aside in it."""
        held = self.held | {one.call_id: one}
        aside = self._aside(one.day, one.amount)
        return replace(self, spent=self.spent.turned(one.day), held=held, aside=aside)

    def settled(self, call_id: UUID, amount: Decimal, *, presumed: bool) -> "Account":
        """Return this with a call charged, instead of what was set aside or presumed before."""
        held, before = self.held.get(call_id), self.presumed.get(call_id)
        one = held or before
        if one is None:
            return self
        more = amount if before is None else amount - before.amount
        known = {other: was for other, was in self.presumed.items() if other != call_id}
        if presumed:
            known[call_id] = Held(call_id, one.job_id, amount, one.day)
        after = self if held is None else self._released(held)
        latest = dict(list(known.items())[-REMEMBERED:])
        return replace(after, spent=after.spent.plus(more, one.day), presumed=latest)

    def _released(self, one: Held) -> "Account":
        held = {call_id: other for call_id, other in self.held.items() if call_id != one.call_id}
        return replace(self, held=held, aside=self._aside(one.day, -one.amount))

    def _aside(self, on: date, more: Decimal) -> dict[date, Decimal]:
        sums = self.aside | {on: self.aside.get(on, NOTHING) + more}
        return {day: amount for day, amount in sums.items() if amount}


def together(one: date, other: date, period: Period) -> bool:
    """Tell whether two days are of one period."""
    match period:
        case "day":
            return one == other
        case "month":
            return (one.year, one.month) == (other.year, other.month)
        case "total":
            return True
