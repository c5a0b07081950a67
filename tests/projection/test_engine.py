"""The engine: nothing is skipped, rows and checkpoint move together, trouble stays where it is."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from service.database import Database
from service.log.append import GroupAppender
from service.log.handle import Log
from service.projection import engine
from service.projection.projector import advance
from service.projection.tail import Tail
from service.projection.text import Projection, projection
from service.refusal import Unavailable
from service.sql import SQL
from tests.log.batches import commit, write
from tests.projection.generations import changed, keep_up, live, rows
from tests.projection.histories import TENANTS, Place, request

Project = Callable[[], Awaitable[None]]
CREATED = '{"kind":"course","target":"00000000-0000-0000-0000-000000000001","requested_by":"ann"}'
RECORDS = """
-- Which events a projection was given, and how often.
-- folds: thing.done
CREATE TABLE seen (tenant_id uuid, position bigint, times integer, PRIMARY KEY (position));
CREATE FUNCTION fold(after bigint, upto bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO seen SELECT s.tenant_id, s.position, 1 FROM log.slice('records', after, upto) AS s
    ON CONFLICT (position) DO UPDATE SET times = seen.times + 1;
END
$$;
"""
SEEN = Projection("records", "5" * 64, ("thing.done",), RECORDS)
FAILING = changed(projection("job"), "BEGIN\n", "BEGIN\n    PERFORM 1 / 0;\n")


async def serve(database: Database, current: Projection) -> str:
    """Install a projection that is not one of the product's, and let it serve."""
    await engine.install(database, current, current.schema)
    await engine.build(database, current.name, current.schema)
    await engine.swap(database, [current.schema])
    return current.schema


async def state_of(database: Database, name: str) -> Any:
    [row] = [r for r in await database.fetch(SQL["projection/freshness"]) if r["name"] == name]
    return row


async def count(database: Database) -> int:
    return int(await database.fetchval("SELECT count(*) FROM read.generation_jobs"))


async def create_jobs(appender: GroupAppender, number: int) -> None:
    commits = (
        commit(write(uuid4(), 0, data=CREATED, type="job.created", category="job"))
        for _ in range(number)
    )
    await asyncio.gather(*(appender.append(each) for each in commits))


async def test_no_event_is_skipped_or_given_twice_while_many_write_and_two_advance(
    database: Database, appender: GroupAppender, projected: Project
) -> None:
    # Without FOR UPDATE on log.head two appends overlap, and the later position may commit first:
    # an advancer that looks in between moves past the earlier one. This test then goes red.
    schema = await serve(database, SEEN)
    second = GroupAppender(database.connect, batch=2)
    over = asyncio.Event()
    advancers = [asyncio.create_task(keep_up(database, over, 7)) for _ in range(2)]

    for _ in range(30):
        await asyncio.gather(
            *(each.append(commit(write(uuid4(), 0, 3))) for each in (appender, second) * 10)
        )
    over.set()
    await asyncio.gather(*advancers)
    await projected()
    await second.close()

    given = await rows(database, schema)
    assert len(given["seen"]) == 1_800
    assert all(row.endswith(",1)") for row in given["seen"])


async def test_rows_and_checkpoint_move_together_whenever_the_advancer_is_terminated(
    database: Database, appender: GroupAppender, projected: Project
) -> None:
    schema = await serve(database, SEEN)
    terminated = rounds = 0
    while terminated < 3 or rounds < 25:
        rounds += 1
        assert rounds < 500, f"only {terminated} advancers were terminated"
        await asyncio.gather(*(appender.append(commit(write(uuid4(), 0, 5))) for _ in range(10)))
        advancing = asyncio.create_task(try_to_advance(database))
        while not advancing.done():
            terminated += await database.fetchval(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND state = 'active'"
                "   AND query LIKE '%ops.advance%' AND pid <> pg_backend_pid()"
            )
        position = await database.fetchval("SELECT position FROM ops.tail")
        folded = (await rows(database, schema))["seen"]
        assert len(folded) == position, f"after {terminated} terminations"
    await projected()

    assert all(row.endswith(",1)") for row in (await rows(database, schema))["seen"])
    assert len((await rows(database, schema))["seen"]) == 50 * rounds


async def try_to_advance(database: Database) -> None:
    with suppress(Unavailable):
        await advance(database, Tail(database), step=50)


async def test_a_failing_fold_stops_alone_with_its_error(
    database: Database, appender: GroupAppender, projected: Project
) -> None:
    schema = await serve(database, SEEN)
    await serve(database, FAILING)
    await create_jobs(appender, 3)
    await appender.append(commit(write(uuid4(), 0)))

    await projected()

    stopped, going = await state_of(database, "job"), await state_of(database, "records")
    assert (stopped["state"], stopped["position"], stopped["lag"]) == ("stopped", 0, 4)
    assert "division by zero" in stopped["error"]
    assert (going["state"], going["position"]) == ("live", 4)
    assert len((await rows(database, schema))["seen"]) == 1


async def test_a_stopped_projection_catches_up_once_its_text_is_mended(
    database: Database, appender: GroupAppender, projected: Project
) -> None:
    await serve(database, FAILING)
    await create_jobs(appender, 3)
    await projected()
    await create_jobs(appender, 2)
    await projected()

    mended = await engine.rebuild(database, projection("job"))

    assert (await state_of(database, "job"))["generation"] == mended
    assert (await state_of(database, "job"))["state"] == "live"
    assert await count(database) == 5


async def test_a_changed_text_is_built_beside_what_serves_and_replaces_it(
    database: Database, appender: GroupAppender, projected: Project
) -> None:
    await create_jobs(appender, 4)
    await projected()
    new = changed(
        projection("job"), "n.created_data ->> 'kind'", "'now ' || (n.created_data ->> 'kind')"
    )
    old = await live(database, "job")

    await engine.install(database, new, new.schema)
    await engine.build(database, new.name, new.schema, step=3)
    beside = await database.fetchval("SELECT min(kind) FROM read.generation_jobs")
    await engine.swap(database, [new.schema])

    assert beside == "course"
    assert await database.fetchval("SELECT min(kind) FROM read.generation_jobs") == "now course"
    assert await live(database, "job") == new.schema
    assert (await rows(database, old))["generation_jobs"] != []


async def test_what_comes_while_a_generation_is_built_is_folded_before_it_serves(
    database: Database, appender: GroupAppender, projected: Project
) -> None:
    await create_jobs(appender, 2)
    await projected()
    new = changed(projection("job"), "-- folds:", "-- A comment.\n-- folds:")
    await engine.install(database, new, new.schema)
    await engine.build(database, new.name, new.schema)
    await create_jobs(appender, 3)
    await projected()

    await engine.swap(database, [new.schema])

    assert await count(database) == 5


async def test_preparing_again_changes_nothing(database: Database, projected: Project) -> None:
    before = await engine.generations(database)

    await asyncio.gather(*(engine.prepare(database) for _ in range(3)))

    assert await engine.generations(database) == before


@pytest.fixture
async def readers(database: Database) -> AsyncIterator[list[asyncpg.Connection]]:
    connections = [await database.connect() for _ in range(4)]
    yield connections
    for connection in connections:
        await connection.close()


READS = (
    "SELECT count(*) FROM read.v_course_summary",
    "SELECT count(*) FROM read.v_lessons_full",
    "SELECT count(*) FROM read.v_course_lessons AS l JOIN read.generation_jobs AS j ON true",
    "SELECT count(*) FROM read.courses AS c JOIN read.v_job_queue AS j ON j.target = c.id",
)


async def test_readers_of_the_views_see_no_error_and_no_gap_while_generations_are_swapped(
    database: Database, log: Log, projected: Project, readers: list[asyncpg.Connection]
) -> None:
    for number in range(3):
        await request(log, Place(TENANTS[0], uuid4(), uuid4()), f"Topic {number}")
    await projected()
    over = asyncio.Event()
    reading = [
        asyncio.create_task(read(connection, query, over))
        for connection, query in zip(readers, READS, strict=True)
    ]

    for _ in range(8):
        await engine.rebuild(database, projection("course"))
        await engine.rebuild(database, projection("job"))
    over.set()

    counts = await asyncio.gather(*reading)
    assert counts == [{3}, {0}, {0}, {3}]


async def read(connection: asyncpg.Connection, query: str, over: asyncio.Event) -> set[int]:
    seen = set()
    while not over.is_set():
        seen.add(await connection.fetchval(query))
    return seen


async def test_a_tail_beyond_the_head_is_refused(
    database: Database, appender: GroupAppender, tail: Tail, projected: Project
) -> None:
    await create_jobs(appender, 2)
    await projected()
    await database.execute("UPDATE log.head SET position = 1")

    with pytest.raises(asyncpg.DataError, match="an older backup was restored"):
        await advance(database, tail)


async def test_a_tail_of_another_log_is_refused(
    database: Database, tail: Tail, projected: Project
) -> None:
    await database.execute("UPDATE log.head SET id = gen_random_uuid()")

    with pytest.raises(asyncpg.DataError, match="is another log"):
        await advance(database, tail)


async def test_while_one_advances_another_does_not_wait_for_it(
    database: Database, appender: GroupAppender, tail: Tail, projected: Project
) -> None:
    await create_jobs(appender, 1)
    async with database.commands.connection() as other, other.transaction():
        await other.fetchrow(SQL["projection/advance"], 10, 1.0)

        row = await database.projector.fetchrow(SQL["projection/advance"], 10, 1.0)

    assert row["upto"] is None


async def test_waiting_for_a_position_ends_when_it_is_reached(
    database: Database, appender: GroupAppender, tail: Tail, projected: Project
) -> None:
    waiting = asyncio.create_task(tail.reached(3, timeout=60))
    await create_jobs(appender, 3)

    await projected()

    assert await waiting


async def test_waiting_notices_what_another_process_has_folded(
    database: Database, appender: GroupAppender, tail: Tail, projected: Project
) -> None:
    await create_jobs(appender, 1)
    await advance(database, Tail(database))

    assert await tail.reached(1, timeout=60)


async def test_only_what_the_projector_has_signed_is_believed_of_the_tail(
    database: Database, appender: GroupAppender, tail: Tail, projected: Project
) -> None:
    await tail.look()
    payloads: asyncio.Queue[str] = asyncio.Queue()
    listener = await database.connect_direct()
    await listener.add_listener("daybook_tail", lambda *heard: payloads.put_nowait(heard[-1]))
    await create_jobs(appender, 3)
    await advance(database, Tail(database))

    genuine = await payloads.get()
    for forged in ("9", "9 ", f"9 {genuine.partition(' ')[2]}", "x y"):
        tail.heard(forged)
    assert tail.position == 0
    tail.heard(genuine)

    assert tail.position == 3
    await listener.close()


async def test_waiting_for_what_does_not_come_ends_with_its_time(tail: Tail) -> None:
    assert not await tail.reached(1, timeout=0)
    assert not await tail.reached(1, timeout=0.15)


def test_a_generation_is_named_by_its_text() -> None:
    assert projection("job").schema != FAILING.schema
