"""A process that calls models as fast as its tenant's budget lets it: URL, tenant, calls."""

import asyncio
import sys
from uuid import UUID

from service.budget.purse import BudgetExhausted
from service.database import Database
from service.log.append import GroupAppender
from service.log.handle import Log
from tests.budget.purses import purse, reservation


async def main(url: str, tenant: UUID, calls: int) -> int:
    """Return how many calls passed, once somebody says that they may begin."""
    database = Database(url)
    await database.open()
    appender = GroupAppender(database.connect)
    one, passed = purse(Log(database, appender)), 0
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.readline)
    for _ in range(calls // 10):
        asked = (one.reserve(reservation(1, tenant=tenant)) for _ in range(10))
        for outcome in await asyncio.gather(*asked, return_exceptions=True):
            if outcome is None:
                passed += 1
            elif not isinstance(outcome, BudgetExhausted):
                raise outcome
    await appender.close()
    await database.close()
    return passed


if __name__ == "__main__":
    sys.stdout.write(str(asyncio.run(main(sys.argv[1], UUID(sys.argv[2]), int(sys.argv[3])))))
