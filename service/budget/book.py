"""The book: how the accounts stand that this process has to do with."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from msgspec import Struct

from service.budget.account import Account
from service.budget.decider import BUDGET, INITIAL
from service.database import Database
from service.log.claim import claimed
from service.log.event import Recorded, decoded
from service.sql import SQL

REMEMBERED: Final = 2_048
"""Accounts that are remembered; a forgotten one is read again."""


class Standing(Struct, frozen=True):
    """An account at a version of its stream; 0 where nothing has ever happened to it.

    `position` is that of its last event.
    """

    account: Account = INITIAL
    version: int = 0
    position: int = 0


NOTHING: Final = Standing()


class Book:
    """Accounts as this process knows them; what it knows may be old, which its version tells."""

    def __init__(self, database: Database) -> None:
        """Know nothing yet."""
        self._database = database
        self._known: OrderedDict[UUID, Standing] = OrderedDict()

    def knows(self, accounts: Iterable[UUID]) -> bool:
        """Tell whether all of these have been read before."""
        return all(account in self._known for account in accounts)

    async def standing(
        self, accounts: Iterable[UUID], *, fresh: bool = True
    ) -> Mapping[UUID, Standing]:
        """Return how accounts stand; with `fresh` off, what is known of all of them will do.

        Raises Unavailable.
        """
        standing = {account: self._known.get(account, NOTHING) for account in accounts}
        if not fresh and self.knows(standing):
            return standing
        versions = [known.version for known in standing.values()]
        for row in await self._database.fetch(SQL["budget/accounts"], list(standing), versions):
            recorded = Recorded(**row)
            account = standing[recorded.stream_id].account
            account = BUDGET.evolve(account, decoded(BUDGET, recorded))
            standing[recorded.stream_id] = Standing(account, recorded.version, recorded.position)
        for account_id, found in standing.items():
            self._remember(account_id, found)
        return standing

    def written(self, standing: Mapping[UUID, Standing]) -> None:
        """Take in how accounts stand after what was just appended to them."""
        for account_id, found in standing.items():
            self._remember(account_id, found)

    def _remember(self, account_id: UUID, standing: Standing) -> None:
        if standing.version > self._known.get(account_id, NOTHING).version:
            self._known[account_id] = standing
        if account_id in self._known:
            self._known.move_to_end(account_id)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)


def tenant_account(tenant_id: UUID) -> UUID:
    """Return the account of a tenant."""
    return claimed(tenant_id, "budget", "")


def job_account(tenant_id: UUID, job_id: UUID) -> UUID:
    """Return the account of a job."""
    return claimed(tenant_id, "budget", str(job_id))
