"""Courses that have moved here from elsewhere: they keep their slug, their ids and their times."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from uuid import UUID, uuid4

from msgspec.structs import asdict

from service.course import views
from service.course.content import Lesson, LessonPlan, Readability
from service.course.decider import COURSE
from service.course.events import (
    CourseOutlined,
    CourseReady,
    CourseRequested,
    Event,
    LessonGenerated,
)
from service.database import Database
from service.log.codec import encode
from service.log.handle import Log, Write
from tests.projection.histories import context

Project = Callable[[], Awaitable[None]]
TENANT = UUID(int=1)
ASKED = datetime(2025, 11, 3, 9, 0, tzinfo=UTC)
MADE = datetime(2025, 11, 3, 9, 5, tzinfo=UTC)
PLAN = LessonPlan("Light", "What light does.", (), ())
LESSON = Lesson(1, "Light", "About.", "Text.", (), (), (), (), (), Readability(7.5, 1))


def moved(slug: str, *ids: UUID, title: str = "Light") -> tuple[Event, ...]:
    return (
        CourseRequested(title, "Grade 8", len(ids), None, "en", "ann", uuid4(), ASKED),
        CourseOutlined(title, (PLAN,) * len(ids), slug, ids),
        *(LessonGenerated(**asdict(LESSON) | {"number": n}, at=MADE) for n, _ in enumerate(ids, 1)),
        CourseReady(MADE),
    )


async def move(log: Log, *events: Event) -> UUID:
    course_id = uuid4()
    await log.append(context(TENANT), Write(COURSE, course_id, 0, events))
    return course_id


async def slug(database: Database, course_id: UUID) -> str | None:
    course = await views.course(database, TENANT, course_id)
    assert course is not None
    return course.slug


async def test_a_course_keeps_what_it_was_known_by(
    log: Log, database: Database, projected: Project
) -> None:
    ids = (uuid4(), uuid4())
    course_id = await move(log, *moved("cell-biology-2", *ids))
    await projected()

    course = await views.course(database, TENANT, "cell-biology-2")

    assert course is not None
    assert (course.id, course.status) == (course_id, "READY")
    assert (course.created_at, course.generated_at) == (ASKED, MADE)
    assert course.updated_at > MADE
    lessons = await views.lessons(database, TENANT, course_id)
    assert [(one.id, one.generated_at) for one in lessons] == [(one, MADE) for one in ids]
    rows = await database.fetch("SELECT created_at FROM read.lesson_revisions")
    assert {row["created_at"] for row in rows} == {MADE}


async def test_it_does_not_matter_how_it_is_folded(
    log: Log, database: Database, projected: Project
) -> None:
    ids = (uuid4(), uuid4())
    events = moved("light", *ids)
    course_id = uuid4()
    for version, event in enumerate(events):
        await log.append(context(TENANT), Write(COURSE, course_id, version, (event,)))
        await projected()

    lessons = await views.lessons(database, TENANT, course_id)

    assert [(one.id, one.generated_at) for one in lessons] == [(one, MADE) for one in ids]
    bodies = await database.fetch("SELECT lesson_id FROM read.lesson_bodies")
    assert {row["lesson_id"] for row in bodies} == set(ids)


async def test_two_never_get_the_same_slug(
    log: Log, database: Database, projected: Project
) -> None:
    brought = await move(log, *moved("light-2", uuid4()))
    again = await move(log, *moved("light-2", uuid4()))
    titled = await move(log, *moved("", uuid4(), title="Light 2"))
    odd = await move(log, *moved("Light__2--3", uuid4()))
    await projected()

    slugs = [await slug(database, one) for one in (brought, again, titled, odd)]

    assert slugs == ["light-2", "light-2--2", "light-2--3", "light-2-3"]


def test_what_has_not_moved_is_recorded_as_before() -> None:
    data = encode(CourseOutlined("Light", (PLAN,))).data

    assert "slug" not in data
    assert "lesson_ids" not in data
    assert "at" not in encode(CourseReady()).data
