"""A building process may be killed at any moment: what serves goes on, and the next one ends it."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from uuid import uuid4

import pytest
from msgspec.structs import replace

from service.database import Database
from service.log.append import GroupAppender
from service.projection import engine
from service.refusal import Unavailable
from tests.faults import child
from tests.invariants.recorder import EVERYTHING, assert_each_once, seen, serve
from tests.log.batches import commit, write
from tests.projection.generations import live

Project = Callable[[], Awaitable[None]]
BUILDING = "tests.invariants.building"
LIVES = (1, 2, 2, 2, 3, 4)
"""After how many lines each process dies: installed, three times one step on, joined, swapped."""
SLOW = "SELECT pg_sleep(60); "


async def test_killed_after_any_step_the_old_serves_and_the_next_one_goes_on(
    database: Database, database_url: str, appender: GroupAppender, projected: Project
) -> None:
    [old] = await serve(database, EVERYTHING)
    await appender.append(commit(write(uuid4(), 0, 30)))
    await projected()
    told = []

    for lines in LIVES:
        assert (await live(database, "everything"), await served(database)) == (old, 30)
        with child(BUILDING, database_url, "everything", 10, lines) as process:
            assert await asyncio.to_thread(process.finish) == -signal.SIGKILL
        told.append(process.lines[-1])

    await appender.append(commit(write(uuid4(), 0, 5)))
    await projected()
    assert told == ["installed", "at 10", "at 20", "at 30", "joined", "swapped"]
    assert await live(database, "everything") != old
    assert await served(database) == 35
    assert await assert_each_once(database) == {"serving": 1, "previous": 1}
    assert await indexes(database) == 2 * 3


async def test_cut_off_while_it_makes_indexes_a_build_is_made_whole_by_the_next(
    database: Database, appender: GroupAppender, projected: Project
) -> None:
    [old] = await serve(database, EVERYTHING)
    await appender.append(commit(write(uuid4(), 0, 30)))
    await projected()
    slow = replace(EVERYTHING, digest="4" * 64, indexes=SLOW + EVERYTHING.indexes)
    await engine.install(database, slow, slow.schema)

    building = asyncio.create_task(engine.build(database, slow.name, slow.schema, step=10))
    await cut_off(database)
    with pytest.raises(Unavailable):
        await building
    left = await standing(database, slow.schema)
    await database.execute("UPDATE ops.generations SET indexes = replace(indexes, $1, '')", SLOW)
    await engine.rebuild(database, slow)

    assert left == (20, 20, None)
    assert await live(database, "everything") == slow.schema != old
    await assert_each_once(database)
    assert await indexes(database) == 2 * 3


async def cut_off(database: Database) -> None:
    """Terminate the backend that makes indexes, as soon as it does."""
    ended = 0
    async with asyncio.timeout(60):
        while not ended:
            ended = await database.fetchval(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event = 'PgSleep'"
            )


async def standing(database: Database, schema: str) -> tuple[int, int, None]:
    """Return a generation's position, how many events it has recorded, and when it was built."""
    row = await database.fetchrow(
        "SELECT position, built_at FROM ops.generations WHERE schema = $1", schema
    )
    return row["position"], len(await seen(database, "everything", schema)), row["built_at"]


async def served(database: Database) -> int:
    return int(await database.fetchval("SELECT count(*) FROM read.seen_everything"))


async def indexes(database: Database) -> int:
    """Return how many indexes all generations of the recorder have."""
    return int(
        await database.fetchval("SELECT count(*) FROM pg_indexes WHERE tablename LIKE 'seen_%'")
    )
