"""I6: rows and checkpoint move together, and what was folded once is not folded again.

Whatever a generation is for, and also while streams are parked in it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from uuid import UUID, uuid4

import pytest

from service.database import Database
from service.log.append import GroupAppender
from service.projection import desk, engine
from service.projection.act import Act
from service.projection.projector import advance
from service.projection.tail import Tail
from service.refusal import Unavailable
from service.sql import SQL
from tests.invariants.crowd import Crowd
from tests.invariants.recorder import SICK, assert_each_once, parked, seen, serve
from tests.log.batches import commit, write
from tests.projection.generations import live

Project = Callable[[], Awaitable[None]]
ACT = Act("ann", UUID(int=7), UUID(int=8), "to see what moves together")
CUT = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
 WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()
   AND query ~ 'ops.(advance|build|join|swap)'
"""


@pytest.fixture
async def crowd(appender: GroupAppender, projected: Project) -> Crowd:
    return Crowd([appender], seed=8)


async def test_whatever_is_cut_off_every_generation_holds_what_its_position_says(
    database: Database, crowd: Crowd, projected: Project
) -> None:
    # A serving, a previous and a candidate generation, in each of which streams get parked.
    await serve(database, SICK)
    await engine.rebuild(database, SICK, act=ACT)
    cut = 0
    for _ in range(8):
        await crowd.poison()
        await crowd.write(writers=6, commits=5)
        working = asyncio.create_task(work(database))
        while not working.done():
            cut += await database.fetchval(CUT)
        await working
        await assert_rows_are_those_of_the_position(database)

    await engine.rebuild(database, SICK, act=ACT)
    await projected()
    assert cut >= 8, f"only {cut} calls were cut off"
    assert len(await parked(database, await live(database, "sick"))) == 8
    assert await assert_each_once(database) == {"serving": 1, "previous": 1}


async def work(database: Database) -> None:
    """Advance, build a candidate a little further and try to swap it in, as far as it goes."""
    for _ in range(4):
        with suppress(Unavailable):
            await advance(database, Tail(database), step=50)
    with suppress(Unavailable):
        await engine.rebuild(database, SICK, act=ACT)
    with suppress(Unavailable, desk.NoPrevious):
        await desk.roll_back(database, "sick", ACT)


async def assert_rows_are_those_of_the_position(database: Database) -> None:
    """Check each generation of the recorder against the log up to where it says it stands."""
    tail = await database.fetchval(SQL["projection/tail"])
    log = await database.fetch("SELECT position, stream_id, type FROM log.events ORDER BY 1")
    for row in await engine.generations(database):
        if row["projection"] != "sick":
            continue
        position = tail if row["state"] == "following" else row["position"]
        waits = await parked(database, row["schema"])
        wanted = {
            event["position"]: 1
            for event in log
            if event["position"] <= position and event["type"] in row["types"]
            and event["position"] < waits.get(event["stream_id"], position + 1)
        }  # fmt: skip
        assert await seen(database, "sick", row["schema"]) == wanted, (row["role"], row["state"])


async def test_building_joining_and_advancing_again_gives_no_event_twice(
    database: Database, crowd: Crowd, projected: Project
) -> None:
    [schema] = await serve(database, SICK)
    await crowd.poison()
    await crowd.write(writers=4, commits=10)
    await projected()
    candidate = await engine.candidate(database, SICK)

    for name in (schema, candidate):
        await database.projector.fetchrow(SQL["projection/build"], name, 50)
        await engine.join(database, name)
    await asyncio.gather(*(engine.build(database, "sick", candidate, step=7) for _ in range(3)))
    await projected()

    assert await assert_each_once(database) == {"serving": 1, "candidate": 1}


async def test_a_call_that_fails_half_way_moves_neither_rows_nor_position(
    database: Database, crowd: Crowd, appender: GroupAppender, projected: Project
) -> None:
    [schema] = await serve(database, SICK)
    await crowd.write(writers=4, commits=5)
    await projected()
    before = await seen(database, "sick", schema), await database.fetchval(SQL["projection/tail"])
    await appender.append(commit(write(uuid4(), 0, 5)))

    await database.execute(
        "ALTER TABLE ops.tail ADD CONSTRAINT stuck CHECK (position < 1) NOT VALID"
    )
    with pytest.raises(Exception, match="stuck"):
        await advance(database, Tail(database))
    after = await seen(database, "sick", schema), await database.fetchval(SQL["projection/tail"])
    await database.execute("ALTER TABLE ops.tail DROP CONSTRAINT stuck")
    await projected()

    assert after == before
    await assert_each_once(database)


async def test_a_generation_of_a_part_of_the_log_neither_follows_nor_serves(
    database: Database, crowd: Crowd, projected: Project
) -> None:
    [schema] = await serve(database, SICK)
    await crowd.write(writers=2, commits=5)
    await projected()
    parts = {"part_of_positions": {"upto": 3}, "part_of_tenants": {"tenants": [UUID(int=1)]}}

    for name, part in parts.items():
        await engine.install(database, SICK, name, role="scratch", **part)  # type: ignore[arg-type]
        await engine.build(database, "sick", name)
        with pytest.raises(engine.Stopped, match="a part of the log only"):
            await engine.join(database, name)
        with pytest.raises(engine.Stopped, match="a part of the log only"):
            await engine.swap(database, [name])

    assert await live(database, "sick") == schema
