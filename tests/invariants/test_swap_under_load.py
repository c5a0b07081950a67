"""Readers notice nothing of swaps and rollbacks, whatever is appended and folded meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID, uuid4

import pytest

from service.database import Database
from service.log.append import GroupAppender
from service.log.handle import Log
from service.projection import desk, engine, projector
from service.projection.act import Act
from service.projection.tail import Tail
from service.projection.text import projection
from tests.invariants.crowd import Crowd
from tests.invariants.reading import hammering
from tests.projection.generations import changed, live
from tests.projection.histories import TENANTS, Place, request
from tests.projection.test_generations import SHAPES

Project = Callable[[], Awaitable[None]]
ACT: Final = Act("ann", UUID(int=7), UUID(int=8), "to see that readers notice nothing")
COURSES: Final = 3


@pytest.fixture
async def courses(log: Log, projected: Project) -> UUID:
    """The tenant of so many courses, of which all projections know."""
    for number in range(COURSES):
        await request(log, Place(TENANTS[0], uuid4(), uuid4()), f"Topic {number}")
    await projected()
    return TENANTS[0]


@asynccontextmanager
async def busy(database: Database, appender: GroupAppender, log: Log) -> AsyncIterator[None]:
    """Let others append, request courses of another tenant, and a projector fold it all."""
    over, wake = asyncio.Event(), asyncio.Event()

    async def ask() -> None:
        while not over.is_set():
            await request(log, Place(TENANTS[1], uuid4(), uuid4()), "Other")
            wake.set()

    projecting = asyncio.create_task(projector.run(database, Tail(database), wake))
    writing = asyncio.create_task(Crowd([appender], seed=7).write_until(over, writers=1))
    asking = asyncio.create_task(ask())
    yield
    over.set()
    await asyncio.gather(writing, asking)
    projecting.cancel()
    await asyncio.wait({projecting})


async def test_no_reader_sees_an_error_or_a_wrong_count_while_swaps_and_rollbacks_go_on(
    database: Database, appender: GroupAppender, log: Log, courses: UUID
) -> None:
    async with busy(database, appender, log), hammering(database, courses) as readers:
        await engine.rebuild(database, projection("job"), act=ACT)
        await engine.rebuild(database, projection("course"), act=ACT)
        await desk.roll_back(database, "job", ACT)
        await desk.roll_back(database, "course", ACT)
        for shape in SHAPES.values():
            await engine.rebuild(database, changed(projection("job"), *shape), act=ACT)
            await desk.roll_back(database, "job", ACT)

    assert readers.counts == {COURSES}
    assert len(readers.waits) > 100, f"only {len(readers.waits)} reads"


async def test_a_swap_that_a_long_reader_holds_up_lets_all_others_by(
    database: Database, appender: GroupAppender, log: Log, courses: UUID
) -> None:
    long = await database.connect()
    await long.execute("BEGIN; SELECT count(*) FROM read.v_job_queue")
    schema = await engine.candidate(database, changed(projection("job"), *SHAPES["another type"]))
    before = await live(database, "job")

    async with busy(database, appender, log), hammering(database, courses) as readers:
        with pytest.raises(engine.ViewsHeld):
            async with asyncio.timeout(60):
                await engine.swap(database, [schema], ACT, patience=2.0)

    assert len(readers.waits) > 20, f"only {len(readers.waits)} reads"
    assert readers.counts == {COURSES}
    assert await live(database, "job") == before
    assert database.trouble is None
    await long.execute("COMMIT")
    await long.close()
