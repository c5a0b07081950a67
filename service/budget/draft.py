"""A draft: what reservations and settlements, one after another, cause in the accounts they are of.

Nothing here waits or is stored; whoever makes a draft appends what it has come to, or drops it.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from service.budget.account import Account
from service.budget.book import Standing
from service.budget.decider import (
    BUDGET,
    BudgetSet,
    BudgetSpent,
    CarryForward,
    Command,
    Event,
    Reserve,
    Settle,
)
from service.budget.exhausted import exhausted, unpriced
from service.log.handle import Write


class Draft:
    """Accounts as they stand, with what is to happen to them."""

    def __init__(self, standing: Mapping[UUID, Standing], today: date) -> None:
        """Begin with nothing to happen."""
        self._today = today
        self._standing = standing
        self._accounts = {account: known.account for account, known in standing.items()}
        self._events: dict[UUID, list[Event]] = {}

    def open(self, account_id: UUID, job_id: UUID, limit: Decimal) -> None:
        """Give a job's account its limit, if nothing has happened to it; kept with what follows."""
        if not self._standing[account_id].version and account_id not in self._events:
            begun = BudgetSet(limit, "total", job_id=job_id)
            self._events[account_id] = [begun]
            self._accounts[account_id] = BUDGET.evolve(self._accounts[account_id], begun)

    def reserve(
        self, call_id: UUID, job_id: UUID | None, amount: Decimal | None, accounts: Sequence[UUID]
    ) -> bool:
        """Set something aside in those of `accounts` that have a limit, or in none of them.

        The first is the tenant's, the second the job's. Return whether any has one. Raises
        `BudgetExhausted` and `PriceUnknown`.
        """
        caused = {}
        for number, account_id in enumerate(accounts):
            account = self._accounts[account_id]
            if account.limit is None:
                continue
            if amount is None:
                raise unpriced(of_job=number > 0)
            try:
                caused[account_id] = BUDGET.decide(
                    Reserve(call_id, job_id, amount, self._today), account
                )
            except BudgetSpent as spent:
                raise exhausted(spent, of_job=number > 0) from None
        for account_id, events in caused.items():
            self._happen(account_id, events)
        return bool(caused)

    def settle(self, call_id: UUID, cost: Decimal | None, accounts: Sequence[UUID]) -> None:
        """Charge what a call has cost to those of `accounts` in which something is set aside."""
        for account_id in accounts:
            self._decide(account_id, Settle(call_id, cost))

    def carry_forward(self) -> None:
        """Carry the accounts forward in which much has happened."""
        for account_id in list(self._events):
            self._decide(account_id, CarryForward())

    def complete(self) -> bool:
        """Tell whether something happens to every account, so that appending it proves them all."""
        return self._written().keys() == self._accounts.keys()

    def writes(self) -> list[Write]:
        """Return what is to be appended."""
        return [
            Write(BUDGET, account_id, self._standing[account_id].version, events)
            for account_id, events in self._written().items()
        ]

    def standing(self, position: int) -> dict[UUID, Standing]:
        """Return how the accounts stand that are written, once that is done up to `position`."""
        return {
            write.stream_id: Standing(
                self._accounts[write.stream_id],
                write.expected_version + len(write.events),
                position,
            )
            for write in self.writes()
        }

    def _written(self) -> dict[UUID, list[Event]]:
        """Return what happens to accounts, without those that would only be opened."""
        return {
            account_id: events
            for account_id, events in self._events.items()
            if any(not isinstance(event, BudgetSet) for event in events)
        }

    def _decide(self, account_id: UUID, command: Command) -> None:
        self._happen(account_id, BUDGET.decide(command, self._accounts[account_id]))

    def _happen(self, account_id: UUID, events: Sequence[Event]) -> None:
        if events:
            self._events.setdefault(account_id, []).extend(events)
            account: Account = BUDGET.fold(events, self._accounts[account_id])
            self._accounts[account_id] = account
