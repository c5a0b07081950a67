"""Lineage: the events that made a row, and whether they alone make it."""

from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import msgspec
import pytest

from service.course.commands import Command, RecordLesson, RecordOutline, RenameCourse
from service.course.content import LessonPlan, Outline
from service.course.decider import COURSE
from service.database import Database
from service.job.decider import JOB, Fail, Start
from service.log.handle import Log
from service.projection import lineage
from service.projection.glimpse import glimpse
from service.projection.lineage import NoSuchRow, UnknownView
from service.refusal import Invalid
from tests.course.test_http import lesson
from tests.projection.histories import TENANTS, Place, context, request

Project = Callable[[], Awaitable[None]]
OUTLINE = RecordOutline(
    Outline("Light", tuple(LessonPlan(title, "", (), ()) for title in ("Rays", "Waves")))
)


async def teach(log: Log, place: Place, *commands: Command) -> None:
    for command in commands:
        await log.handle(COURSE, place.course, command, context(place.tenant))


@pytest.fixture
async def places(log: Log, projected: Project) -> list[Place]:
    """Two courses of one tenant with the same title, mixed with one another and all folded."""
    made = [Place(TENANTS[0], uuid4(), uuid4()) for _ in range(2)]
    for place in made:
        await request(log, place, "Light")
    for place in made:
        await log.handle(JOB, place.job, Start("w"), context(place.tenant))
        await teach(log, place, OUTLINE, RecordLesson(lesson("Rays")))
    await teach(log, made[0], RenameCourse("Rays of light"))
    await projected()
    return made


async def test_the_events_that_made_a_row_are_told_oldest_first(
    places: list[Place], database: Database
) -> None:
    first = places[0]

    found = await lineage.explain(database, "courses", str(first.course))

    assert [(each.type, each.version) for each in found.events] == [
        ("course.requested", 1),
        ("job.started", 2),
        ("course.outlined", 2),
        ("lesson.generated", 3),
        ("course.renamed", 4),
    ]
    assert [each.position for each in found.events] == sorted(e.position for e in found.events)
    assert {each.stream_id for each in found.events} == {first.course, first.job}
    assert (found.position, found.row["title"]) == (found.events[-1].position, "Rays of light")
    assert (found.projections, found.exact, found.differs) == (["course"], True, [])
    assert found.events[0].actor == "ann"


async def test_columns_that_depend_on_other_streams_are_named(
    places: list[Place], database: Database
) -> None:
    found = await lineage.explain(database, "courses", {"id": str(places[1].course)})

    assert found.exact is False
    assert found.differs == ["slug", "slug_number"]
    assert found.note == "These columns depend on other streams too."


async def test_a_glimpse_holds_the_rows_of_its_streams_alone(
    places: list[Place], database: Database
) -> None:
    first = places[0]
    tail = await database.fetchval("SELECT position FROM ops.tail")

    seen = await glimpse(
        database,
        ["course", "job"],
        [first.course, first.job],
        tail,
        query="SELECT jsonb_agg(c.id || ' ' || j.id) FROM courses AS c CROSS JOIN v_job_queue AS j"
        " WHERE $1 ? 'any'",
        argument={"any": 1},
    )

    assert seen is not None
    assert msgspec.json.decode(seen) == [f"{first.course} {first.job}"]


async def test_events_after_the_row_was_last_changed_are_not_told(
    places: list[Place], database: Database, log: Log, projected: Project
) -> None:
    before = await lineage.explain(database, "lesson_revisions", await revision(database, places))
    await teach(log, places[0], RenameCourse("Other"))
    await projected()

    after = await lineage.explain(database, "lesson_revisions", await revision(database, places))

    assert after.events == before.events
    assert after.events[-1].type == "lesson.generated"
    assert after.exact


async def revision(database: Database, places: list[Place]) -> dict[str, object]:
    return {"course_id": str(places[0].course), "lesson_number": 1, "revision": 1}


async def test_a_view_of_analysts_is_explained_like_a_table(
    places: list[Place], database: Database
) -> None:
    row = await database.fetchrow(
        "SELECT id FROM read.lessons WHERE course_id = $1 AND lesson_number = 1", places[0].course
    )

    full = await lineage.explain(database, "v_lessons_full", str(row["id"]))
    queue = await lineage.explain(database, "v_job_queue", str(places[0].job))

    assert full.events[-1].type == "lesson.generated"
    assert (full.exact, queue.exact) == (True, True)
    assert [each.type for each in queue.events] == ["job.created", "job.started"]


async def test_a_row_over_several_streams_is_told_to_be_so(
    places: list[Place], database: Database, log: Log, projected: Project
) -> None:
    for place in places:
        await log.handle(
            JOB, place.job, Fail("No sources.", "Add some.", retryable=False), context(place.tenant)
        )
    await projected()

    found = await lineage.explain(database, "v_failures", {"error": "No sources."})

    assert found.exact is False
    assert "jobs" in found.differs
    assert {each.stream_id for each in found.events} == {places[1].job}


async def test_a_key_must_name_one_row(places: list[Place], database: Database) -> None:
    course = str(places[0].course)

    with pytest.raises(Invalid, match="Several rows"):
        await lineage.explain(database, "v_course_lessons", course)
    with pytest.raises(Invalid, match="has no column colour; it has"):
        await lineage.explain(database, "courses", {"colour": "red"})
    with pytest.raises(Invalid, match="The key does not fit"):
        await lineage.explain(database, "courses", {"id": "red"})
    for key in (str(UUID(int=9)), "red", "red'; --"):
        with pytest.raises(NoSuchRow):
            await lineage.explain(database, "courses", key)


async def test_another_tenants_row_is_not_found(places: list[Place], database: Database) -> None:
    key = str(places[0].course)

    assert (await lineage.explain(database, "courses", key, TENANTS[0])).exact
    with pytest.raises(NoSuchRow):
        await lineage.explain(database, "courses", key, TENANTS[1])


@pytest.mark.parametrize("view", ["nothing", "freshness", "courses; --", "COURSES"])
async def test_what_projections_do_not_make_is_no_view(
    view: str, database: Database, projected: Project
) -> None:
    with pytest.raises(UnknownView):
        await lineage.explain(database, view, "x")


async def test_explaining_leaves_nothing_behind(places: list[Place], database: Database) -> None:
    await lineage.explain(database, "courses", str(places[0].course))

    left = "SELECT count(*) FROM ops.generations WHERE role NOT IN ('serving', 'previous')"
    assert await database.fetchval(left) == 0
