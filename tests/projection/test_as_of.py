"""The past: views as they stood at a position, the same as a rebuild that stopped there."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from service.database import Database
from service.log.append import GroupAppender
from service.log.handle import Log
from service.projection import engine, past, scratch
from service.projection.act import Act
from service.projection.past import NameTaken, NoSuchPast, NotInLog
from service.projection.projector import advance
from service.projection.tail import Tail
from service.projection.text import projections
from service.refusal import Invalid
from service.sql import SQL
from tests.analyst.logins import login, session
from tests.log.batches import commit, write
from tests.projection.generations import Rows, live, rows
from tests.projection.histories import TENANTS, History, Place, happen, histories, request
from tests.projection.spoil import spoil
from tests.projection.test_engine import CREATED

Project = Callable[[], Awaitable[None]]
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")
ACT = Act("ann", UUID(int=7), UUID(int=8), "the books of June")
NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)


async def ask(log: Log, *topics: str) -> None:
    for topic in topics:
        await request(log, Place(TENANTS[0], uuid4(), uuid4()), topic)


async def column(database: Database, statement: str) -> list[object]:
    return [row[0] for row in await database.fetch(statement)]


async def left(database: Database) -> list[object]:
    """Return every trace of pasts."""
    return await column(
        database,
        "SELECT schema FROM ops.pasts"
        " UNION SELECT nspname FROM pg_namespace WHERE nspname LIKE 'as_of%'"
        " UNION SELECT schema FROM ops.generations WHERE role IN ('scratch', 'retired')",
    )


async def test_the_views_stand_as_they_stood(
    database: Database, log: Log, projected: Project
) -> None:
    await ask(log, "Light", "Sound")
    await projected()
    shown = await column(database, "SELECT v::text FROM read.v_course_summary AS v ORDER BY 1")
    jobs = await column(database, "SELECT v::text FROM read.v_job_queue AS v ORDER BY 1")
    await ask(log, "Water", "Fire")
    await projected()

    made = await past.as_of(database, 4, ACT)

    assert (made.schema, made.position, made.state) == ("as_of_4", 4, "ready")
    assert list(made.projections) == [current.name for current in projections()]
    then = "SELECT v::text FROM as_of_4.v_course_summary AS v ORDER BY 1"
    assert await column(database, then) == shown
    assert await column(database, "SELECT v::text FROM as_of_4.v_job_queue AS v ORDER BY 1") == jobs
    assert await views(database, "as_of_4") == await views(database, "read")


@settings(
    max_examples=3,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(history=histories(), steps=st.lists(st.integers(1, 120), min_size=2, max_size=3))
async def test_the_past_is_what_was_live_then_row_by_row(
    history: History, steps: list[int], log: Log, database: Database, tail: Tail, projected: Project
) -> None:
    await happen(log, history)
    seen = {}
    for step in steps:
        await advance(database, tail, step)
        at = await database.fetchval("SELECT position FROM ops.tail")
        seen[at] = await tables(database, "{live}")
    await projected()

    for position, rows_then in seen.items():
        made = await past.as_of(database, position, ACT)
        assert await tables(database, made.schema + "_{name}") == rows_then, position
        await past.drop(database, made.schema)


async def tables(database: Database, schema: str) -> dict[str, Rows]:
    """Return the rows of a generation of each projection: what serves, or one named after it."""
    found = {}
    for current in projections():
        serving, name = await live(database, current.name), current.name
        found[name] = await rows(database, schema.format(live=serving, name=name))
    return found


async def views(database: Database, schema: str) -> list[object]:
    """Return the views of a schema but for those that tell of the engine itself."""
    return await column(
        database,
        "SELECT viewname || ' ' || coalesce(obj_description(c.oid), '')"  # noqa: S608 - a name of ours
        "  FROM pg_views AS v JOIN pg_class AS c ON c.relname = v.viewname"
        f"  AND c.relnamespace = '{schema}'::regnamespace WHERE v.schemaname = '{schema}'"
        "   AND viewname NOT IN ('freshness', 'generations') ORDER BY 1",
    )


async def test_the_functions_of_a_past_read_that_past(
    database: Database, log: Log, projected: Project
) -> None:
    await ask(log, "Light")
    await projected()
    await past.as_of(database, 1, ACT)
    tenant = TENANTS[0]
    await spoil(
        database,
        "as_of_1_library",
        "INSERT INTO content_chunks SELECT '00000000-0000-0000-0000-000000000005',"
        f" '{tenant}', 1, '{tenant}', 'a.md', 1, '{{}}', 0, 1, 'x', 'en', 'english', ''",
    )

    configs = "SELECT search_config FROM {}.search_configs($1)"

    assert await database.fetchval(configs.format("as_of_1"), tenant) == "english"
    assert await database.fetchval(configs.format("read"), tenant) is None


async def test_a_time_is_the_last_position_recorded_by_then(
    database: Database, appender: GroupAppender, projected: Project
) -> None:
    for _ in range(12):
        await appender.append(commit(write(uuid4(), 0, 3)))
    await projected()
    times = await database.fetch("SELECT position, recorded_at FROM log.events ORDER BY position")

    for row in times:
        last = max(e["position"] for e in times if e["recorded_at"] == row["recorded_at"])
        assert await past.position_of(database, row["recorded_at"]) == last
        before = row["recorded_at"] - timedelta(microseconds=1)
        if any(e["recorded_at"] <= before for e in times):
            earlier = max(e["position"] for e in times if e["recorded_at"] <= before)
            assert await past.position_of(database, before) == earlier


async def test_what_is_not_in_the_log_is_refused_with_a_sentence(
    database: Database, appender: GroupAppender, projected: Project
) -> None:
    with pytest.raises(NotInLog, match="The log is empty"):
        await past.position_of(database, 1)
    await appender.append(commit(write(uuid4(), 0, 3)))
    began = await database.fetchval("SELECT min(recorded_at) FROM log.events")

    with pytest.raises(NotInLog, match="begins with position 1"):
        await past.position_of(database, began - timedelta(seconds=1))
    with pytest.raises(NotInLog, match="there is nothing before"):
        await past.position_of(database, 0)
    with pytest.raises(NotInLog, match="still to come"):
        await past.position_of(database, began + timedelta(days=1))
    with pytest.raises(NotInLog, match="ends at position 3"):
        await past.position_of(database, 4)
    with pytest.raises(NotInLog, match="have come to position 0"):
        await past.position_of(database, 2)


def test_a_day_is_its_end_and_a_time_without_an_offset_is_utc() -> None:
    assert past.parse("1200", NOW) == 1200
    assert past.parse("2026-06-29T10:00", NOW) == datetime(2026, 6, 29, 10, tzinfo=UTC)
    assert past.parse("2026-06-29T10:00:00+02:00", NOW) == datetime(2026, 6, 29, 8, tzinfo=UTC)
    assert past.parse("2026-06-29", NOW) == datetime(2026, 6, 29, 23, 59, 59, 999999, UTC)
    assert past.parse("2026-06-30", NOW) == NOW
    for text in ("yesterday", "", "-1", "12a", "2026-13-01"):
        with pytest.raises(Invalid, match="neither a position nor a time"):
            past.parse(text, NOW)


async def test_a_name_is_taken_once_and_given_back(
    database: Database, log: Log, projected: Project
) -> None:
    await ask(log, "Light", "Sound")
    await projected()

    first = await past.as_of(database, 2, ACT, name="june", lifetime=timedelta(hours=1))
    again = await past.as_of(database, 2, ACT, name="june", lifetime=timedelta(hours=9))
    with pytest.raises(NameTaken, match="as_of_june is taken: it shows position 2"):
        await past.as_of(database, 3, ACT, name="june")
    with pytest.raises(Invalid, match="cannot name a past"):
        await past.as_of(database, 3, ACT, name="June; --")
    await past.drop(database, "as_of_june")

    recorded = await column(database, "SELECT type FROM log.events WHERE category = 'projection'")
    assert recorded == ["projection.recalled"]
    assert (first.actor, first.reason) == ("ann", "the books of June")
    assert again.created_at == first.created_at
    assert again.expires_at > first.expires_at
    assert await left(database) == []
    with pytest.raises(NoSuchPast):
        await past.drop(database, "as_of_june")


async def test_some_projections_alone_make_a_past_of_their_views(
    database: Database, log: Log, projected: Project
) -> None:
    await ask(log, "Light")
    await projected()

    await past.as_of(database, 2, ACT, projections=["job"])

    assert await column(database, "SELECT count(*) FROM as_of_2.generation_jobs") == [1]
    assert "courses " not in str(await views(database, "as_of_2"))
    with pytest.raises(scratch.NoProjection):
        await past.as_of(database, 2, ACT, name="other", projections=["nothing"])


async def test_a_past_ends_with_its_time(database: Database, log: Log, projected: Project) -> None:
    await ask(log, "Light")
    await projected()
    await past.as_of(database, 1, ACT, lifetime=timedelta(microseconds=1))
    await past.as_of(database, 2, ACT)

    assert await past.sweep(database) == 1

    assert [each.schema for each in await past.pasts(database)] == ["as_of_2"]
    assert [name for name in await left(database) if "as_of_1" in str(name)] == []


async def test_a_past_half_built_is_completed_when_asked_for_again_and_swept_when_not(
    database: Database, log: Log, projected: Project
) -> None:
    await ask(log, "Light", "Sound")
    await projected()
    for position in (2, 4):
        half = (
            f"as_of_{position}",
            position,
            None,
            ["job", "course"],
            timedelta(),
            UUID(int=7),
            "",
            ACT.metadata,
        )
        await database.projector.execute(SQL["projection/open_past"], *half)
        await database.projector.fetchrow(SQL["projection/build_scratch"], half[0] + "_job", 1)
    await database.execute("UPDATE ops.pasts SET expires_at = now() WHERE position = 2")

    made = await past.as_of(database, 4, ACT, projections=["job", "course"])
    await past.sweep(database)

    assert made.state == "ready"
    assert await column(database, "SELECT count(*) FROM as_of_4.generation_jobs") == [2]
    assert [each.schema for each in await past.pasts(database)] == ["as_of_4"]
    assert [name for name in await left(database) if "as_of_2" in str(name)] == []


async def test_two_who_ask_for_the_same_past_get_one(
    database: Database, log: Log, projected: Project
) -> None:
    await ask(log, "Light", "Sound", "Water")
    await projected()

    made = await asyncio.gather(*(past.as_of(database, 5, ACT) for _ in range(3)))

    assert {each.schema for each in made} == {"as_of_5"}
    assert await column(database, "SELECT count(*) FROM as_of_5.generation_jobs") == [2]


async def test_analysts_may_read_a_past_and_no_more(
    database: Database, log: Log, projected: Project
) -> None:
    await ask(log, "Light")
    await projected()
    await past.as_of(database, 2, ACT)

    allowed = await database.fetchrow(
        "SELECT has_schema_privilege('daybook_analyst', 'as_of_2', 'USAGE') AS seen,"
        " has_table_privilege('daybook_analyst', 'as_of_2.v_course_summary', 'SELECT') AS read,"
        " has_table_privilege('daybook_analyst', 'as_of_2.v_course_summary', 'INSERT') AS written,"
        " has_schema_privilege('daybook_analyst', 'as_of_2', 'CREATE') AS made"
    )

    assert tuple(allowed) == (True, True, False, False)


async def test_an_analyst_sees_the_rows_of_his_own_tenant_then(
    database: Database, database_url: str, log: Log, projected: Project
) -> None:
    for tenant, topic in zip(TENANTS, ("Light", "Sound"), strict=True):
        await request(log, Place(tenant, uuid4(), uuid4()), topic)
    await projected()
    await past.as_of(database, 4, ACT)

    async with login(database, database_url, TENANTS[1]) as bob, session(bob) as connection:
        seen = await connection.fetch("SELECT title FROM as_of_4.v_course_summary")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("SELECT * FROM as_of_4_course.courses")

    assert [row["title"] for row in seen] == ["Sound"]


async def test_a_past_does_not_follow_and_the_projector_does_not_touch_it(
    database: Database, log: Log, appender: GroupAppender, projected: Project
) -> None:
    await ask(log, "Light")
    await projected()
    await past.as_of(database, 2, ACT)
    await appender.append(
        commit(write(uuid4(), 0, data=CREATED, type="job.created", category="job"))
    )
    await projected()
    await engine.prepare(database)

    assert await column(database, "SELECT count(*) FROM as_of_2.generation_jobs") == [1]
    assert await column(database, "SELECT count(*) FROM read.generation_jobs") == [2]
