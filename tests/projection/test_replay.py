"""Partial replay: rows in scope come out as a full rebuild makes them; no other row is touched."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from service.database import Database
from service.log.append import GroupAppender
from service.log.handle import Log
from service.projection import diff, engine, parked, replay
from service.projection.act import Act
from service.projection.parked import NotParked
from service.projection.replay import NothingThere, NotReplayed
from service.projection.text import Projection, projections
from service.refusal import Invalid, NotFound
from tests.log.batches import TENANT, commit, write
from tests.projection.generations import keep_up, live
from tests.projection.histories import TENANTS, History, Place, happen, histories, request
from tests.projection.spoil import spoil
from tests.projection.test_diff import scratches

Project = Callable[[], Awaitable[None]]
ACT = Act("ann", UUID(int=7), UUID(int=8), "rows were changed by hand")
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")
TEXT = """-- Counts of each stream, for tests.
-- folds: thing.done
-- independent by: stream
CREATE TABLE counts (
    stream_id uuid PRIMARY KEY, tenant_id uuid NOT NULL, position bigint UNIQUE, events integer);
CREATE TABLE parts (
    position bigint PRIMARY KEY, tenant_id uuid NOT NULL, part numeric);
CREATE FUNCTION fold(after bigint, upto bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO counts AS c
    SELECT s.stream_id, min(s.tenant_id::text)::uuid, max(s.position), count(*)
      FROM log.slice('counts', after, upto) AS s GROUP BY s.stream_id
    ON CONFLICT (stream_id) DO UPDATE
       SET events = c.events + EXCLUDED.events, position = EXCLUDED.position;
    INSERT INTO parts
    SELECT s.position, s.tenant_id, 1 / (s.data ->> 'divisor')::numeric
      FROM log.slice('counts', after, upto) AS s;
END
$$;
"""
COUNTS = Projection("counts", "6" * 64, ("thing.done",), TEXT)
GOOD, POISON = '{"divisor": 1}', '{"divisor": 0}'


async def serve(database: Database, current: Projection = COUNTS) -> str:
    await engine.install(database, current, current.schema)
    await engine.build(database, current.name, current.schema)
    await engine.swap(database, [current.schema])
    return current.schema


async def put(appender: GroupAppender, stream: UUID, *data: str, after: int = 0) -> None:
    for version, text in enumerate(data, after):
        await appender.append(commit(write(stream, version, data=text)))


async def wrong(database: Database, name: str) -> dict[str, tuple[int, int, int]]:
    """Return per table how many rows a full rebuild has more, has not, and has otherwise."""
    found = await diff.verify(database, name)
    return {
        table.table: (table.extra, table.missing, table.changed)
        for table in found.tables
        if not table.same_rows
    }


async def acts(database: Database) -> list[tuple[Any, ...]]:
    found = await database.fetch(
        "SELECT type, metadata ->> 'actor' AS actor, data ->> 'reason' AS reason"
        "  FROM log.events WHERE category = 'projection' ORDER BY position"
    )
    return [tuple(row) for row in found]


@pytest.fixture
async def streams(database: Database, appender: GroupAppender, projected: Project) -> list[UUID]:
    """Three streams of three events, one after another and mixed, folded by a projection."""
    await serve(database)
    made = [uuid4() for _ in range(3)]
    for after in range(3):
        for stream in made:
            await put(appender, stream, GOOD, after=after)
    await projected()
    return made


async def test_the_rows_of_one_stream_are_put_right_and_no_others(
    streams: list[UUID], database: Database
) -> None:
    first, second, _ = streams
    await spoil(
        database,
        COUNTS.schema,
        "UPDATE counts SET events = 77; DELETE FROM parts WHERE position <= 2;"
        "DELETE FROM counts WHERE position = 7",
    )
    before = await wrong(database, "counts")

    done = await replay.replay(database, "counts", ACT, streams=[first])

    assert before == {"counts": (1, 0, 2), "parts": (2, 0, 0)}
    assert await wrong(database, "counts") == {"counts": (0, 0, 2), "parts": (1, 0, 0)}
    assert (done.by, done.streams, done.rows, done.position) == ("stream", [first], 2, 9)
    await replay.replay(database, "counts", ACT, streams=[second, streams[2]])
    assert await wrong(database, "counts") == {}
    assert await acts(database) == [("projection.replayed", "ann", ACT.reason)] * 2
    assert await scratches(database) == []


async def test_a_row_that_no_event_made_goes_when_its_stream_is_replayed(
    streams: list[UUID], database: Database, appender: GroupAppender, projected: Project
) -> None:
    silent = uuid4()
    await appender.append(commit(write(silent, 0, type="thing.else")))
    await put(appender, silent, GOOD, after=1)
    await projected()
    await database.execute(
        "INSERT INTO ops.discarded SELECT 'counts', 11, $1, 'ann', 'for the test'", silent
    )

    done = await replay.replay(database, "counts", ACT, positions=(10, 11))

    assert [(each.table, each.removed) for each in done.tables] == [("counts", 1), ("parts", 1)]
    assert await wrong(database, "counts") == {}


async def test_rows_may_trade_what_must_be_unique(streams: list[UUID], database: Database) -> None:
    await spoil(
        database,
        COUNTS.schema,
        "UPDATE counts SET position = position + 100;"
        "UPDATE counts SET position = CASE position WHEN 107 THEN 8 WHEN 108 THEN 7 ELSE 9 END",
    )

    with pytest.raises(NotReplayed):
        await replay.replay(database, "counts", ACT, streams=streams[:1])
    await replay.replay(database, "counts", ACT, streams=streams[:2])

    assert await wrong(database, "counts") == {}


async def test_where_rows_depend_on_other_streams_the_whole_tenant_is_replayed(
    database: Database, log: Log, projected: Project
) -> None:
    places = [Place(TENANTS[0], uuid4(), uuid4()) for _ in range(2)]
    for place in places:
        await request(log, place, "Light")
    await projected()
    schema = await live(database, "course")
    await spoil(database, schema, "UPDATE courses SET title = 'x' WHERE position = 1")

    done = await replay.replay(database, "course", ACT, streams=[places[1].course])

    assert (done.by, done.streams, done.tenants) == ("tenant", None, [TENANTS[0]])
    assert await wrong(database, "course") == {}


@settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(
    history=histories(),
    chances=st.lists(st.integers(0, 6), min_size=3, max_size=3),
    by=st.sampled_from(["tenants", "streams", "positions"]),
)
async def test_whatever_is_spoilt_a_replay_puts_right_while_others_write_and_advance(
    history: History, chances: list[int], by: str, log: Log, database: Database, projected: Project
) -> None:
    places = await happen(log, history)
    await projected()
    schema = await live(database, "course")
    await spoil(database, schema, SPOIL.format(*chances))
    over = asyncio.Event()
    advancer = asyncio.create_task(keep_up(database, over, 3))
    happening = asyncio.create_task(happen(log, history))

    tail = await database.fetchval("SELECT position FROM ops.tail")
    if by == "tenants":
        for tenant in TENANTS:
            await replay.replay(database, "course", ACT, tenant=tenant)
    elif by == "streams":
        await replay.replay(database, "course", ACT, streams=[each.course for each in places])
    else:
        await replay.replay(database, "course", ACT, positions=(1, tail))
    await happening
    over.set()
    await advancer
    await projected()

    assert await wrong(database, "course") == {}


SPOIL = """
UPDATE courses SET title = 'spoilt', slug = NULL WHERE hashtext(id::text) % 7 = {0};
UPDATE lesson_contents SET content = '{{}}' WHERE hashtext(lesson_id::text) % 7 = {1};
DELETE FROM lessons WHERE hashtext(id::text) % 7 = {2};
DELETE FROM courses WHERE hashtext(id::text) % 7 = {1};
INSERT INTO lesson_checks
SELECT gen_random_uuid(), tenant_id, position, id, 99, 'q', 'a', '{{}}', ''
  FROM lessons WHERE hashtext(id::text) % 7 = {0};
UPDATE lesson_revisions SET position = 1 WHERE revision = 1
"""


@settings(
    max_examples=2,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(history=histories(), chance=st.integers(0, 4))
async def test_every_projection_can_be_replayed(
    history: History, chance: int, log: Log, database: Database, projected: Project
) -> None:
    await happen(log, history)
    await projected()

    for each in projections():
        await spoil(database, await live(database, each.name), SPOIL_ANY.format(chance))
        for tenant in (*TENANTS, ACT.tenant_id):
            await replay.replay(database, each.name, ACT, tenant=tenant)
        await projected()
        assert await wrong(database, each.name) == {}, each.name


SPOIL_ANY = """
DO $$
DECLARE
    item record;
BEGIN
    FOR item IN SELECT tablename FROM pg_tables WHERE schemaname = current_schema() LOOP
        EXECUTE format('DELETE FROM %I AS t WHERE abs(hashtext(t::text)) %% 5 = {0}',
                       item.tablename);
        EXECUTE format('UPDATE %I AS t SET position = -position'
                       ' WHERE abs(hashtext(t::text)) %% 3 = 1', item.tablename);
    END LOOP;
END
$$
"""


async def test_another_tenants_rows_stay_as_they_are_even_wrong(
    database: Database, log: Log, projected: Project
) -> None:
    for tenant in TENANTS:
        await request(log, Place(tenant, uuid4(), uuid4()), "Light")
    await projected()
    await spoil(database, await live(database, "course"), "UPDATE courses SET title = 'spoilt'")

    await replay.replay(database, "course", ACT, tenant=TENANTS[0])

    titles = await database.fetch("SELECT tenant_id, title FROM read.courses ORDER BY tenant_id")
    assert [tuple(row) for row in titles] == [(TENANTS[0], "Light"), (TENANTS[1], "spoilt")]


async def test_a_replay_that_cannot_be_put_in_place_changes_nothing(
    streams: list[UUID], database: Database
) -> None:
    await spoil(database, COUNTS.schema, "UPDATE counts SET events = 9 WHERE events = 3")
    await spoil(database, COUNTS.schema, "ALTER TABLE counts ADD CHECK (events > 8)")

    with pytest.raises(NotReplayed, match="nothing was changed"):
        await replay.replay(database, "counts", ACT, streams=streams)

    await spoil(database, COUNTS.schema, "ALTER TABLE counts DROP CONSTRAINT counts_events_check")
    assert await wrong(database, "counts") == {"counts": (0, 0, 3)}
    assert await acts(database) == []


async def test_what_to_replay_must_be_said_and_be_there(
    streams: list[UUID], database: Database
) -> None:
    with pytest.raises(Invalid):
        await replay.replay(database, "counts", ACT)
    with pytest.raises(Invalid):
        await replay.replay(database, "counts", ACT, streams=streams, tenant=TENANT)
    with pytest.raises(NothingThere):
        await replay.replay(database, "counts", ACT, streams=[uuid4()])
    with pytest.raises(NotFound, match="No generation of a projection nothing serves"):
        await replay.replay(database, "nothing", ACT, tenant=TENANT)


@pytest.fixture
async def sick(
    streams: list[UUID], database: Database, appender: GroupAppender, projected: Project
) -> UUID:
    """The first stream, parked at position 10, with two events waiting behind it."""
    await put(appender, streams[0], POISON, GOOD, GOOD, after=3)
    await put(appender, streams[1], GOOD, after=3)
    await projected()
    row = await engine.generations(database)
    for each in row:
        if each["state"] == "behind":
            await engine.build(database, each["projection"], each["schema"])
            await engine.join(database, each["schema"])
    return streams[0]


async def test_what_is_parked_is_listed_with_what_waits_behind_it(
    sick: UUID, database: Database
) -> None:
    [found] = await parked.parked(database)

    assert (found.stream_id, found.position, found.version, found.waiting) == (sick, 10, 4, 2)
    assert (found.projection, found.role, found.type) == ("counts", "serving", "thing.done")
    assert "division by zero" in found.error
    assert await wrong(database, "counts") == {}


async def test_a_retry_that_fails_again_parks_again_with_the_error_of_now(
    sick: UUID, database: Database
) -> None:
    await database.execute("UPDATE ops.parked SET error = 'of yesterday'")

    tried = await parked.retry(database, "counts", sick, ACT)

    assert [each.position for each in tried.parked] == [10]
    assert "division by zero" in tried.parked[0].error
    assert await wrong(database, "counts") == {}
    assert await acts(database) == [("projection.retried", "ann", ACT.reason)]


async def test_a_retry_after_the_cause_is_gone_gives_what_a_rebuild_gives(
    sick: UUID, database: Database, appender: GroupAppender, projected: Project
) -> None:
    await database.execute(
        "CREATE OR REPLACE FUNCTION log.upcast(type text, data jsonb) RETURNS jsonb LANGUAGE sql"
        """ IMMUTABLE RETURN replace(data::text, '"divisor": 0', '"divisor": 5')::jsonb"""
    )

    tried = await parked.retry(database, "counts", sick, ACT)
    await put(appender, sick, GOOD, after=6)
    await projected()

    assert tried.parked == []
    assert tried.replayed[0].rows == 4
    assert await wrong(database, "counts") == {}
    assert await database.fetchval("SELECT events FROM read.counts WHERE stream_id = $1", sick) == 7


async def test_a_discarded_event_lets_those_behind_it_through_in_every_generation(
    sick: UUID, database: Database, appender: GroupAppender, projected: Project
) -> None:
    candidate = await engine.candidate(database, COUNTS)

    tried = await parked.discard(database, "counts", 10, ACT)
    await parked.discard(database, "counts", 10, ACT)
    await put(appender, sick, GOOD, after=6)
    await projected()

    assert tried.parked == []
    assert {each.generation for each in tried.replayed} == {COUNTS.schema, candidate}
    assert await wrong(database, "counts") == {}
    assert (await diff.diff(database, COUNTS.schema, candidate)).clean
    assert await database.fetchval("SELECT events FROM read.counts WHERE stream_id = $1", sick) == 6
    [gone] = await parked.discarded(database)
    assert (gone.position, gone.actor, gone.reason) == (10, "ann", ACT.reason)
    assert await acts(database) == [("projection.discarded", "ann", ACT.reason)] * 2


async def test_only_what_is_parked_is_retried_and_only_what_is_folded_is_discarded(
    streams: list[UUID], database: Database, appender: GroupAppender
) -> None:
    await appender.append(commit(write(uuid4(), 0, type="thing.else")))

    with pytest.raises(NotParked):
        await parked.retry(database, "counts", streams[0], ACT)
    with pytest.raises(Invalid, match="does not fold thing"):
        await parked.discard(database, "counts", 10, ACT)
    with pytest.raises(NotFound, match="no event at position 99"):
        await parked.discard(database, "counts", 99, ACT)
