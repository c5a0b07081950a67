"""Measures how long readers of views wait while generations are swapped beneath them.

``python -m tests.invariants.stall URL`` with the URL of an empty database; prints a table.
"""

import asyncio
import statistics
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final
from uuid import UUID, uuid4

from service import migrate
from service.database import Database
from service.log.append import GroupAppender
from service.log.handle import Log
from service.projection import desk, engine
from service.projection.act import Act
from service.projection.text import projection
from tests.invariants.reading import hammering
from tests.invariants.test_swap_under_load import busy
from tests.projection.generations import changed
from tests.projection.histories import TENANTS, Place, request
from tests.projection.test_generations import SHAPES

ACT: Final = Act("ann", UUID(int=7), UUID(int=8), "to measure it")
SECONDS: Final = 12.0
Work = Callable[[Database, float], Awaitable[int]]


async def nothing(database: Database, until: float) -> int:
    """Let the readers alone."""
    del database
    await asyncio.sleep(until - asyncio.get_running_loop().time())
    return 0


async def swaps(database: Database, until: float, shape: tuple[str, str] | None = None) -> int:
    """Swap and roll back jobs and courses until then; return how often the views changed."""
    current, number = projection("job"), 0
    while asyncio.get_running_loop().time() < until:
        text = changed(current, *shape) if shape else current
        for each in (text, projection("course")):
            await engine.rebuild(database, each, act=ACT)
            await desk.roll_back(database, each.name, ACT)
        number += 4
    return number


async def reshapes(database: Database, until: float) -> int:
    """Swap in tables of another shape, so that every view is made anew, and roll back."""
    return await swaps(database, until, SHAPES["another type"])


async def held(database: Database, until: float) -> int:
    """Try to swap while a long query of somebody holds the views."""
    long = await database.connect()
    await long.execute("BEGIN; SELECT count(*) FROM read.v_job_queue")
    schema = await engine.candidate(database, changed(projection("job"), *SHAPES["another type"]))
    with suppress(engine.ViewsHeld):
        await engine.swap(
            database, [schema], ACT, patience=until - asyncio.get_running_loop().time()
        )
    await long.execute("ROLLBACK")
    await long.close()
    return 0


async def main(url: str) -> None:
    """Measure each, beside appends and a projector at work."""
    migrate.up(url)
    database = Database(url, size=30)
    await database.open()
    appender = GroupAppender(database.connect)
    log = Log(database, appender)
    await engine.prepare(database)
    for number in range(300):
        await request(log, Place(TENANTS[0], uuid4(), uuid4()), f"Topic {number}")
    for work in (nothing, swaps, reshapes, held):
        async with busy(database, appender, log), hammering(database, TENANTS[0]) as readers:
            number = await work(database, asyncio.get_running_loop().time() + SECONDS)
        waits = sorted(1000 * wait for wait in readers.waits)
        p99 = statistics.quantiles(waits, n=100)[98]
        print(  # noqa: T201 - this is what it is for
            f"{work.__name__:10} {number:4} swaps {len(waits):6} reads"
            f"   p50 {statistics.median(waits):6.1f}  p99 {p99:6.1f}  longest {waits[-1]:6.1f} ms"
        )
    await appender.close()
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
