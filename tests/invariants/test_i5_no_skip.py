"""I5: no projection ever skips an event, or is given one twice, whatever goes on meanwhile."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack
from uuid import UUID

import pytest

from service.database import Database
from service.log.append import GroupAppender
from service.projection import desk, engine
from service.projection.act import Act
from service.projection.tail import Tail
from service.sql import SQL
from tests.faults import Child, child
from tests.invariants.crowd import Crowd
from tests.invariants.recorder import (
    EVERYTHING,
    RECORDS,
    SICK,
    assert_each_once,
    parked,
    serve,
)
from tests.log.checks import assert_whole
from tests.projection.generations import live

Project = Callable[[], Awaitable[None]]
PROJECTING = "tests.invariants.projecting"
ACT = Act("ann", UUID(int=7), UUID(int=8), "to see that nothing is skipped")


@pytest.fixture
async def crowd(database: Database, appender: GroupAppender) -> AsyncIterator[Crowd]:
    second = GroupAppender(database.connect, batch=3)
    yield Crowd([appender, second], seed=5)
    await second.close()


async def test_nothing_is_skipped_while_projectors_die_and_operators_act(
    database: Database, database_url: str, crowd: Crowd, projected: Project
) -> None:
    await serve(database, EVERYTHING, RECORDS, SICK)
    over = asyncio.Event()
    writing = asyncio.create_task(crowd.write_until(over, writers=2))
    rounds = 0
    with ExitStack() as projectors:  # who live for as long as an operator waits for what they do
        failing = asyncio.create_task(projectors_fail(projectors, database_url))
        while not failing.done():
            await operate(database)
            rounds += 1
        await failing
    over.set()
    await writing

    await projected()
    roles = await assert_each_once(database)

    assert rounds >= 2
    assert crowd.refused > 20, f"only {crowd.refused} conflicts"
    assert len(await parked(database, await live(database, "sick"))) == 2
    assert roles["serving"] == 3
    assert roles["previous"] == 2
    await assert_whole(database)


async def projectors_fail(stack: ExitStack, url: str) -> None:
    """Run three projectors: one is killed again and again, another is frozen meanwhile."""
    start: Callable[[], Child] = lambda: stack.enter_context(child(PROJECTING, url))  # noqa: E731
    steady, frozen = start(), start()
    for _ in range(2):
        mortal = start()
        await more(mortal, 1)
        frozen.freeze()
        await more(steady, 2)
        assert mortal.kill() == -signal.SIGKILL
        await more(steady, 2)
        frozen.thaw()


async def more(process: Child, lines: int) -> None:
    """Wait until a child has written so many more lines."""
    await asyncio.to_thread(process.wait_for, len(process.lines) + lines)


async def operate(database: Database) -> None:
    """Rebuild, swap, roll back, pause and resume."""
    await engine.rebuild(database, EVERYTHING, act=ACT)
    await moved(database)
    await desk.pause(database, "records", ACT)
    await desk.roll_back(database, "everything", ACT)
    await desk.resume(database, "records", ACT)
    await engine.rebuild(database, SICK, act=ACT)


async def moved(database: Database) -> None:
    """Wait until the projections have folded something."""
    tail = Tail(database)
    await tail.reached(await database.fetchval(SQL["projection/tail"]) + 1, timeout=60)
