"""Generations: swapped, rolled back, built by anybody after a kill, no error for a reader."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import asyncpg
import pytest

from service.database import Database
from service.log.append import GroupAppender
from service.projection import desk, engine
from service.projection.act import Act
from service.projection.projector import advance
from service.projection.tail import Tail
from service.projection.text import Projection, projection
from service.sql import SQL
from tests.log.batches import commit, write
from tests.projection.generations import changed, live, rows
from tests.projection.test_engine import CREATED

Project = Callable[[], Awaitable[None]]
ACT = Act("ann", UUID(int=7), UUID(int=8), "the kinds were wrong")
NEW = changed(
    projection("job"), "n.created_data ->> 'kind'", "'now ' || (n.created_data ->> 'kind')"
)


async def create_jobs(appender: GroupAppender, number: int) -> None:
    for _ in range(number):
        await appender.append(
            commit(write(uuid4(), 0, data=CREATED, type="job.created", category="job"))
        )


async def kinds(database: Database) -> list[str]:
    found = await database.fetch("SELECT kind FROM read.generation_jobs ORDER BY position")
    return [row["kind"] for row in found]


async def roles(database: Database, name: str) -> dict[str, str]:
    found = await engine.generations(database)
    return {row["role"]: row["schema"] for row in found if row["projection"] == name}


async def acts(database: Database) -> list[tuple[str, ...]]:
    found = await database.fetch(
        "SELECT type, data ->> 'reason' AS reason, metadata ->> 'actor' AS actor FROM log.events"
        " WHERE category = 'projection' ORDER BY position"
    )
    return [tuple(row) for row in found]


async def test_a_candidate_follows_the_tail_and_is_swapped_in_and_rolled_back(
    database: Database, appender: GroupAppender, projected: Project
) -> None:
    old = await live(database, "job")
    await create_jobs(appender, 3)
    await projected()
    new = await engine.candidate(database, NEW)
    await create_jobs(appender, 2)
    await projected()
    beside = await kinds(database)

    assert await desk.swap(database, "job", ACT) == new
    swapped = await kinds(database)
    await create_jobs(appender, 1)
    await projected()
    assert await desk.roll_back(database, "job", ACT) == old

    assert beside == ["course"] * 5
    assert swapped == ["now course"] * 5
    assert await kinds(database) == ["course"] * 6
    assert await roles(database, "job") == {"serving": old, "previous": new}
    assert await acts(database) == [
        ("projection.swapped", ACT.reason, "ann"),
        ("projection.rolled-back", ACT.reason, "ann"),
    ]


async def test_one_generation_is_kept_to_roll_back_to_and_the_one_before_is_dropped(
    database: Database, projected: Project
) -> None:
    first = await live(database, "job")
    second = await engine.rebuild(database, NEW)
    third = await engine.rebuild(database, projection("job"))

    assert await roles(database, "job") == {"serving": third, "previous": second}
    assert await rows(database, first) == {}


async def test_what_was_rolled_back_does_not_come_back_by_a_start(
    database: Database, monkeypatch: pytest.MonkeyPatch, projected: Project
) -> None:
    old = await live(database, "job")
    monkeypatch.setattr(engine, "projections", lambda: (NEW,))
    await engine.prepare(database)
    swapped = await live(database, "job")
    await desk.roll_back(database, "job", ACT)

    await engine.prepare(database)

    assert swapped == NEW.schema
    assert await live(database, "job") == old


async def test_where_an_operator_is_to_approve_a_changed_text_waits_beside_what_serves(
    database: Database, monkeypatch: pytest.MonkeyPatch, projected: Project
) -> None:
    old = await live(database, "job")
    monkeypatch.setattr(engine, "projections", lambda: (NEW,))

    await engine.prepare(database, approve=False)

    assert await roles(database, "job") == {"serving": old, "candidate": NEW.schema}


async def test_nothing_to_swap_to_roll_back_to_or_to_resume_is_said(
    database: Database, projected: Project
) -> None:
    with pytest.raises(desk.NoCandidate):
        await desk.swap(database, "job", ACT)
    with pytest.raises(desk.NoPrevious):
        await desk.roll_back(database, "job", ACT)
    with pytest.raises(desk.NothingToResume):
        await desk.resume(database, "job", ACT)
    assert await acts(database) == []


SHAPES = {
    "a column more": (
        "updated_at   timestamptz NOT NULL,",
        "updated_at   timestamptz NOT NULL, mood text,",
    ),
    "a column in another place": (
        "    kind         text        NOT NULL,\n    target       uuid        NOT NULL,",
        "    target       uuid        NOT NULL,\n    kind         text        NOT NULL,",
    ),
    "another type": ("steps_done   integer", "steps_done   bigint"),
}
"""Rolled back, “a column more” is a column less."""


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_table_may_change_its_shape_and_the_views_that_join_it_go_on(
    shape: str, database: Database, appender: GroupAppender, projected: Project
) -> None:
    await create_jobs(appender, 2)
    await projected()
    joined = (
        "SELECT count(*) FROM read.generation_jobs AS j LEFT JOIN read.v_course_summary AS c"
        " ON c.id = j.target JOIN read.v_job_queue AS q ON q.id = j.id"
    )
    before = await database.fetchval(joined)

    await engine.rebuild(database, changed(projection("job"), *SHAPES[shape]), act=ACT)
    after = await database.fetchval(joined)
    await desk.roll_back(database, "job", ACT)

    assert [before, after, await database.fetchval(joined)] == [2, 2, 2]


async def test_a_swap_lets_readers_by_and_gives_up_while_one_holds_a_view(
    database: Database, projected: Project
) -> None:
    reader, other = await database.connect(), await database.connect()
    await reader.execute("BEGIN; SELECT count(*) FROM read.generation_jobs")
    schema = await engine.candidate(database, NEW)

    with pytest.raises(engine.ViewsHeld):
        await engine.swap(database, [schema], patience=0.3)
    assert await other.fetchval("SELECT count(*) FROM read.generation_jobs") == 0
    swapping = asyncio.create_task(engine.swap(database, [schema]))
    await reader.execute("COMMIT")

    assert await swapping
    assert await live(database, "job") == schema
    for connection in (reader, other):
        await connection.close()


async def test_a_view_of_somebody_else_on_ours_is_not_dropped_with_them(
    database: Database, projected: Project
) -> None:
    await database.execute("CREATE VIEW public.mine AS SELECT id FROM read.generation_jobs")
    schema = await engine.candidate(database, changed(projection("job"), *SHAPES["a column more"]))

    with pytest.raises(asyncpg.DependentObjectsStillExistError):
        await engine.swap(database, [schema])

    assert await database.fetchval("SELECT count(*) FROM public.mine") == 0


async def test_two_that_build_the_same_generation_fold_each_event_once(
    database: Database, appender: GroupAppender, projected: Project
) -> None:
    await create_jobs(appender, 60)
    await projected()
    await engine.install(database, NEW, NEW.schema)

    builds = (engine.build(database, "job", NEW.schema, step=7) for _ in range(3))
    await asyncio.gather(*builds)

    assert len((await rows(database, NEW.schema))["generation_jobs"]) == 60


async def test_a_projection_of_rare_events_passes_over_blocks_that_have_none(
    database: Database, appender: GroupAppender, projected: Project
) -> None:
    rare = Projection(
        "rare", "9" * 64, ("thing.rare",),
        "-- folds: thing.rare\n"
        "CREATE TABLE ranges (tenant_id uuid, position bigint PRIMARY KEY, events bigint);\n"
        "CREATE FUNCTION fold(after bigint, upto bigint) RETURNS void LANGUAGE sql AS $$\n"
        "INSERT INTO ranges SELECT NULL, upto, count(*) FROM log.slice('rare', after, upto) $$;",
    )  # fmt: skip
    for others in (6, 1):
        for _ in range(others):
            await appender.append(commit(write(uuid4(), 0, 2_000)))
        await appender.append(commit(write(uuid4(), 0, type="thing.rare")))
    await projected()

    await engine.install(database, rare, rare.schema)
    await engine.build(database, "rare", rare.schema, step=1_000)

    ranges = (await rows(database, rare.schema))["ranges"]
    assert len(ranges) < 10
    assert sum(int(row.strip("()").split(",")[2]) for row in ranges) == 2


async def test_the_book_of_generations_says_how_far_and_how_fast_a_build_is(
    database: Database, appender: GroupAppender, projected: Project
) -> None:
    await create_jobs(appender, 10)
    await projected()
    await engine.install(database, NEW, NEW.schema)
    await database.projector.fetchrow(SQL["projection/build"], NEW.schema, 4)

    row = await database.fetchrow(
        "SELECT * FROM read.generations WHERE generation = $1", NEW.schema
    )

    assert (row["role"], row["state"], row["position"], row["lag"]) == (
        "candidate",
        "building",
        4,
        6,
    )
    assert row["events_per_second"] > 0
    assert row["remaining"].total_seconds() > 0


async def test_a_projection_that_stands_beyond_a_restored_log_begins_anew_after_a_reset(
    database: Database, appender: GroupAppender, projected: Project
) -> None:
    await create_jobs(appender, 2)
    await projected()

    await desk.reset(database, ACT)
    await engine.prepare(database)
    await projected()

    assert await kinds(database) == ["course", "course"]
    assert [kind for kind, *_ in await acts(database)] == ["projection.reset"]


async def test_requests_are_answered_meanwhile_where_the_successor_will_look_the_same(
    database: Database, monkeypatch: pytest.MonkeyPatch, projected: Project
) -> None:
    alike = {}
    for word, text in (
        ("fold", NEW),
        ("shape", changed(projection("job"), *SHAPES["another type"])),
    ):
        monkeypatch.setattr(engine, "projections", lambda text=text: (text,))
        alike[word] = await engine.alike(database)

    assert alike == {"fold": True, "shape": False}


async def test_a_text_whose_fold_is_broken_leaves_what_serves_and_lets_the_others_in(
    database: Database, appender: GroupAppender, monkeypatch: pytest.MonkeyPatch, projected: Project
) -> None:
    old = await live(database, "job")
    await create_jobs(appender, 1)
    await projected()
    broken = changed(projection("job"), "BEGIN\n", "BEGIN\n    PERFORM 1 / 0;\n")
    library = changed(projection("library"), "-- folds:", "-- A comment.\n-- folds:")
    monkeypatch.setattr(engine, "projections", lambda: (broken, library))

    with pytest.raises(engine.Stopped, match="division by zero"):
        await engine.prepare(database)

    assert await live(database, "job") == old
    assert await live(database, "library") == library.schema
    assert await kinds(database) == ["course"]


async def test_a_first_build_that_cannot_be_done_says_so(
    database: Database, appender: GroupAppender, tail: Tail, monkeypatch: pytest.MonkeyPatch
) -> None:
    await create_jobs(appender, 1)
    await advance(database, tail)
    broken = changed(projection("job"), "BEGIN\n", "BEGIN\n    PERFORM 1 / 0;\n")
    monkeypatch.setattr(engine, "projections", lambda: (projection("library"), broken))

    with pytest.raises(engine.Stopped, match="division by zero"):
        await engine.prepare(database)
