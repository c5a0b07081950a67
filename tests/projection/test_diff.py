"""Differences: a generation equals itself, and every corruption of a row is found and named."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from service.database import Database
from service.log.append import GroupAppender
from service.log.handle import Log
from service.projection import diff, engine
from service.projection.diff import TableDifference
from service.projection.text import projection, projections
from service.refusal import NotFound
from service.sql import SQL
from tests.log.batches import commit, write
from tests.projection.generations import changed, keep_up, live
from tests.projection.histories import History, happen, histories
from tests.projection.spoil import spoil
from tests.projection.test_engine import CREATED

Project = Callable[[], Awaitable[None]]
PHASES = [Phase.explicit, Phase.reuse, Phase.generate]
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")
PAIR = """
CREATE SCHEMA l; CREATE SCHEMA r;
CREATE TABLE l.things (
    id integer PRIMARY KEY, name text, notes jsonb, words tsvector, raw json, marks text[]);
INSERT INTO l.things
SELECT n, 'thing ' || n, jsonb_build_object('n', n), to_tsvector('simple', 'w' || n), '{"a": 1}',
       CASE WHEN n % 2 = 0 THEN ARRAY['a', NULL] END FROM generate_series(1, 200) AS n;
CREATE TABLE r.things (LIKE l.things INCLUDING ALL);
INSERT INTO r.things SELECT * FROM l.things ORDER BY id DESC;
INSERT INTO ops.generations (schema, projection, digest, types, state) VALUES
    ('l', 'pair', 'd', '{}', 'building'), ('r', 'pair', 'd', '{}', 'building');
"""
"""Two generations of the same rows, stored in another order."""

CORRUPTIONS = {
    "name": "UPDATE r.things SET name = name || '!' WHERE id = $1",
    "notes": "UPDATE r.things SET notes = '[]' WHERE id = $1",
    "words": "UPDATE r.things SET words = NULL WHERE id = $1",
    "raw": "UPDATE r.things SET raw = '{\"a\":  1}' WHERE id = $1",
    "marks": "UPDATE r.things SET marks = '{b}' WHERE id = $1",
    "missing": "DELETE FROM r.things WHERE id = $1",
    "extra": "INSERT INTO r.things (id) VALUES (-$1::integer)",
}


@pytest.fixture
async def pair(database: Database) -> Database:
    await database.execute(PAIR)
    return database


async def compared(database: Database, samples: int = 5) -> TableDifference:
    [table] = (await diff.diff(database, "l", "r", samples)).tables
    return table


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)
@given(
    spoilt=st.dictionaries(st.integers(1, 200), st.sampled_from(sorted(CORRUPTIONS)), max_size=12)
)
async def test_exactly_the_rows_that_were_spoilt_are_found(
    spoilt: dict[int, str], pair: Database
) -> None:
    for key, how in spoilt.items():
        await pair.execute(CORRUPTIONS[how], key)

    found = await compared(pair, samples=20)
    await pair.execute("TRUNCATE r.things")
    await pair.execute("INSERT INTO r.things SELECT * FROM l.things")

    missing = sorted(key for key, how in spoilt.items() if how == "missing")
    extra = sorted(-key for key, how in spoilt.items() if how == "extra")
    touched = {key: how for key, how in spoilt.items() if how not in {"missing", "extra"}}
    assert found.missing_keys == tuple({"id": key} for key in missing)
    assert found.extra_keys == tuple({"id": key} for key in extra)
    assert found.changed_keys == tuple({"id": key} for key in sorted(touched))
    assert found.columns_changed == {
        how: list(touched.values()).count(how) for how in touched.values()
    }
    assert (found.checksum_left == found.checksum_right) is (not spoilt)
    assert (await compared(pair)).checksum_right == found.checksum_left


async def test_what_lies_in_a_column_that_only_one_side_has_is_not_compared_but_said(
    pair: Database,
) -> None:
    await pair.execute("ALTER TABLE r.things DROP COLUMN raw, ADD extra integer DEFAULT 7")
    await pair.execute("ALTER TABLE r.things ALTER id TYPE bigint")
    await pair.execute("ALTER TABLE r.things DROP COLUMN name, ADD name text")
    await pair.execute("UPDATE r.things SET name = 'thing ' || id")
    await pair.execute("CREATE TABLE l.gone (id integer); CREATE TABLE r.fresh (id integer)")

    found = await diff.diff(pair, "l", "r")

    [table] = found.tables
    assert (table.columns_added, table.columns_removed) == (("extra",), ("raw",))
    assert [(each.column, each.was, each.became) for each in table.columns_retyped] == [
        ("id", "integer", "bigint")
    ]
    assert table.reordered
    assert not table.keyed
    assert table.same_rows
    assert not table.same_shape
    assert (found.tables_added, found.tables_removed) == (("fresh",), ("gone",))
    assert not found.clean


async def test_a_column_of_another_type_is_compared_as_text(pair: Database) -> None:
    await pair.execute("ALTER TABLE r.things ALTER name TYPE varchar(100), ALTER notes TYPE text")
    await pair.execute("UPDATE r.things SET name = 'other' WHERE id = 5")

    found = await compared(pair)

    assert (found.changed, found.columns_changed) == (1, {"name": 1})
    assert [each.column for each in found.columns_retyped] == ["name", "notes"]


async def test_rows_without_a_common_key_are_matched_whole(pair: Database) -> None:
    await pair.execute("ALTER TABLE r.things DROP CONSTRAINT things_pkey, ADD PRIMARY KEY (name)")
    await pair.execute("UPDATE r.things SET marks = '{}' WHERE id = 5")

    found = await compared(pair)

    assert not found.keyed
    assert (found.missing, found.extra, found.changed) == (1, 1, 0)
    assert (found.missing_keys, found.extra_keys) == ((), ())


async def test_generations_that_stand_apart_are_not_compared(pair: Database) -> None:
    await pair.execute("UPDATE ops.generations SET position = 3 WHERE schema = 'r'")

    with pytest.raises(diff.Apart, match="l stands at position 0 and r at 3"):
        await diff.diff(pair, "l", "r")
    with pytest.raises(NotFound, match="no generation nowhere"):
        await diff.diff(pair, "l", "nowhere")


async def test_a_candidate_that_follows_is_compared_at_the_position_of_what_serves(
    database: Database, appender: GroupAppender, projected: Project
) -> None:
    await create_jobs(appender, 5)
    await projected()
    new = changed(
        projection("job"), "n.created_data ->> 'kind'", "'now ' || (n.created_data ->> 'kind')"
    )
    schema = await engine.candidate(database, new)
    await create_jobs(appender, 5)
    await projected()

    found = await diff.diff(database, await live(database, "job"), schema, samples=2)

    [table] = found.tables
    assert (table.rows_left, table.rows_right, table.changed) == (10, 10, 10)
    assert table.columns_changed == {"kind": 10}
    assert len(table.changed_keys) == 2
    assert (table.missing, table.extra, found.position) == (0, 0, 10)


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)
@given(history=histories())
async def test_verifying_what_serves_finds_nothing_while_others_write_and_advance(
    history: History, log: Log, database: Database, projected: Project
) -> None:
    over = asyncio.Event()
    advancer = asyncio.create_task(keep_up(database, over, 5))
    happening = asyncio.create_task(happen(log, history))

    found = [await diff.verify(database, each.name) for each in projections()]
    await happening
    found += [await diff.verify(database, each.name) for each in projections()]
    over.set()
    await advancer

    assert [each for each in found if not each.clean] == []
    assert await scratches(database) == []


async def test_verifying_finds_a_row_that_was_changed_by_hand(
    database: Database, appender: GroupAppender, projected: Project
) -> None:
    await create_jobs(appender, 3)
    await projected()
    schema = await live(database, "job")
    await spoil(database, schema, "UPDATE generation_jobs SET status = 'X' WHERE position = 2")

    found = await diff.verify(database, "job")

    [table] = found.tables
    assert table.columns_changed == {"status": 1}
    assert not found.clean


async def test_a_paused_projection_is_verified_where_it_stands(
    database: Database, appender: GroupAppender, projected: Project
) -> None:
    await create_jobs(appender, 2)
    await projected()
    await database.execute(
        "UPDATE ops.generations SET state = 'paused', position = 2 WHERE projection = 'job'"
    )
    await create_jobs(appender, 2)
    await projected()

    found = await diff.verify(database, "job")

    assert (found.clean, found.position, found.tables[0].rows_left) == (True, 2, 2)


async def test_a_generation_that_falls_behind_meanwhile_is_brought_on_and_compared(
    database: Database,
    appender: GroupAppender,
    projected: Project,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await create_jobs(appender, 3)
    await projected()
    join, joined = engine.join, []

    async def join_and_fall(of: Database, schema: str) -> None:
        await join(of, schema)
        joined.append(schema)
        if len(joined) == 1:
            await of.execute(
                "UPDATE ops.generations SET state = 'behind', position = 2 WHERE schema = $1",
                schema,
            )

    monkeypatch.setattr(engine, "join", join_and_fall)

    assert (await diff.verify(database, "job")).clean
    assert len(joined) == 2


async def test_what_verifies_leaves_nothing_behind_however_it_ends(
    database: Database, appender: GroupAppender, projected: Project
) -> None:
    await create_jobs(appender, 30)
    await projected()
    broken = changed(projection("job"), "BEGIN\n", "BEGIN\n    PERFORM nothing();\n")
    schema = await live(database, "job")

    def impatient(name: str, position: int, goal: int) -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await diff.verify(database, "job", impatient)

    def cancel(name: str, position: int, goal: int) -> None:
        verifying.cancel()

    verifying = asyncio.create_task(diff.verify(database, "job", cancel))
    with pytest.raises(asyncio.CancelledError):
        await verifying
    await database.execute(
        "UPDATE ops.generations SET script = $2 WHERE schema = $1", schema, broken.script
    )
    with pytest.raises(engine.Stopped):
        await diff.verify(database, "job")

    assert await scratches(database) == []


async def test_what_a_killed_process_left_is_swept_an_hour_later(
    database: Database, projected: Project
) -> None:
    source = await live(database, "job")
    left = await database.projector.fetchval(SQL["projection/install_scratch"], source, None, None)
    early = await database.fetchval(SQL["projection/sweep_pasts"])
    await database.execute("UPDATE ops.generations SET expires_at = now() WHERE schema = $1", left)

    assert await database.fetchval(SQL["projection/sweep_pasts"]) == 1
    assert early == 0
    assert await scratches(database) == []


async def scratches(database: Database) -> list[str]:
    """Return the generations, and the schemas of such, that should be gone."""
    found = await database.fetch(
        "SELECT schema AS name FROM ops.generations WHERE role IN ('scratch', 'retired')"
        " UNION SELECT nspname FROM pg_namespace WHERE nspname LIKE '%scratch%'"
    )
    return [row["name"] for row in found]


async def create_jobs(appender: GroupAppender, number: int) -> None:
    for _ in range(number):
        await appender.append(
            commit(write(uuid4(), 0, data=CREATED, type="job.created", category="job"))
        )
