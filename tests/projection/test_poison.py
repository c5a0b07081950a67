"""Poison: an event that a fold cannot take parks its stream, and nothing else; none is skipped."""

from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

from service.database import Database
from service.log.append import GroupAppender
from service.projection import engine
from service.projection.text import Projection, projection
from service.sql import SQL
from tests.log.batches import commit, write
from tests.projection.generations import live, rows

Project = Callable[[], Awaitable[None]]

TEXT = """-- Counts of each stream, for tests.
-- folds: thing.done
CREATE TABLE counts (
    stream_id uuid PRIMARY KEY, tenant_id uuid NOT NULL, position bigint NOT NULL, events integer);
CREATE FUNCTION fold(after bigint, upto bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO counts AS c
    SELECT s.stream_id, min(s.tenant_id::text)::uuid, max(s.position),
           count(*) / min((s.data ->> 'divisor')::integer)
      FROM log.slice('counts', after, upto) AS s GROUP BY s.stream_id
    ON CONFLICT (stream_id) DO UPDATE
       SET events = c.events + EXCLUDED.events, position = EXCLUDED.position
     WHERE c.position < EXCLUDED.position;
END
$$;
"""
COUNTS = Projection("counts", "7" * 64, ("thing.done",), TEXT)
GOOD, POISON = '{"divisor": 1}', '{"divisor": 0}'


async def serve(database: Database, current: Projection) -> str:
    await engine.install(database, current, current.schema)
    await engine.build(database, current.name, current.schema)
    await engine.swap(database, [current.schema])
    return current.schema


async def put(appender: GroupAppender, stream: UUID, *data: str, after: int = 0) -> None:
    for version, text in enumerate(data, after):
        await appender.append(commit(write(stream, version, data=text)))


async def parked(database: Database) -> list[tuple[UUID, int, str]]:
    found = await database.fetch("SELECT * FROM ops.parked ORDER BY position")
    return [(row["stream_id"], row["position"], row["error"]) for row in found]


async def counted(database: Database, schema: str) -> dict[UUID, int]:
    found = [row.strip("()").split(",") for row in (await rows(database, schema))["counts"]]
    return {UUID(row[0]): int(row[3]) for row in found}


async def test_the_stream_of_a_poisonous_event_is_parked_and_every_other_goes_on(
    database: Database, appender: GroupAppender, projected: Project
) -> None:
    schema = await serve(database, COUNTS)
    streams = [uuid4() for _ in range(12)]
    sick = streams[7]
    for stream in streams:
        await put(appender, stream, GOOD, GOOD)
    await put(appender, sick, POISON, GOOD, after=2)
    for stream in streams[:6]:
        await put(appender, stream, GOOD, after=2)

    await projected()

    [(stream, position, error)] = await parked(database)
    assert (stream, position) == (sick, 25)
    assert "division by zero" in error
    expected = dict.fromkeys(streams, 2) | dict.fromkeys(streams[:6], 3)
    assert await counted(database, schema) == expected
    row = await database.fetchrow("SELECT * FROM read.freshness WHERE name = 'counts'")
    assert (row["state"], row["lag"]) == ("live", 0)


async def test_later_events_of_a_parked_stream_wait(
    database: Database, appender: GroupAppender, projected: Project
) -> None:
    schema = await serve(database, COUNTS)
    sick, well = uuid4(), uuid4()
    await put(appender, sick, GOOD, POISON)
    await projected()

    await put(appender, sick, GOOD, GOOD, after=2)
    await put(appender, well, GOOD)
    await projected()

    assert await counted(database, schema) == {sick: 1, well: 1}
    assert [(stream, at) for stream, at, _ in await parked(database)] == [(sick, 2)]


async def test_another_projection_folds_what_one_has_parked(
    database: Database, appender: GroupAppender, projected: Project
) -> None:
    await serve(database, COUNTS)
    other = Projection(
        "tally",
        "8" * 64,
        ("thing.done",),
        TEXT.replace("count(*) / min", "count(*) + 0 * min").replace("'counts'", "'tally'"),
    )
    schema = await serve(database, other)
    await put(appender, sick := uuid4(), POISON, GOOD)

    await projected()

    assert await counted(database, schema) == {sick: 2}


async def test_a_build_parks_what_the_live_one_parks_and_nothing_is_left_between_them(
    database: Database, appender: GroupAppender, projected: Project
) -> None:
    schema = await serve(database, COUNTS)
    for _ in range(30):
        await put(appender, uuid4(), GOOD, GOOD)
    for _ in range(3):
        await put(appender, uuid4(), GOOD, POISON, GOOD)
    await projected()

    again = await engine.candidate(database, COUNTS)

    assert again != schema
    assert await rows(database, again) == await rows(database, schema)
    found = await database.fetch("SELECT schema, count(*) AS n FROM ops.parked GROUP BY schema")
    assert {row["schema"]: row["n"] for row in found} == {schema: 3, again: 3}


async def test_a_fold_that_fails_on_everything_is_stopped_rather_than_parking_the_world(
    database: Database, appender: GroupAppender, projected: Project
) -> None:
    await serve(database, COUNTS)
    for _ in range(102):
        await put(appender, uuid4(), POISON)

    await projected()

    [row] = [r for r in await database.fetch(SQL["projection/freshness"]) if r["name"] == "counts"]
    assert row["state"] == "stopped"
    assert "division by zero" in row["error"]
    shown = "SELECT error FROM read.freshness WHERE name = 'counts'"
    assert await database.fetchval(shown) == "The fold failed; operators see why."


async def test_a_fold_whose_table_is_gone_is_stopped_and_parks_nobody(
    database: Database, appender: GroupAppender, projected: Project
) -> None:
    schema = await serve(database, COUNTS)
    await database.execute(f"DROP TABLE {schema}.counts CASCADE")
    await put(appender, uuid4(), GOOD)

    await projected()

    assert await parked(database) == []
    row = await database.fetchrow("SELECT * FROM read.freshness WHERE name = 'counts'")
    assert (row["state"], row["position"], row["lag"]) == ("stopped", 0, 1)


async def test_one_that_was_paused_is_brought_on_again_once_it_is_resumed(
    database: Database, appender: GroupAppender, projected: Project
) -> None:
    schema = await live(database, "job")
    stands = "SELECT state, position FROM read.freshness WHERE name = 'job'"
    arguments = (projection("job").name, uuid4(), "a look", {"actor": "ann"})
    await database.projector.fetchval(SQL["projection/pause"], *arguments)
    await put(appender, uuid4(), GOOD)
    await projected()
    paused = await database.fetchrow(stands)

    await database.projector.fetchval(SQL["projection/resume"], *arguments)
    await projected()

    assert tuple(paused) == ("paused", 0)
    assert tuple(await database.fetchrow(stands)) == ("live", 3)
    assert await live(database, "job") == schema
    kinds = "SELECT type FROM log.events WHERE category = 'projection' ORDER BY position"
    assert [row[0] for row in await database.fetch(kinds)] == [
        "projection.paused",
        "projection.resumed",
    ]
