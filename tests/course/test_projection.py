"""Courses as they are read: their slugs, lessons and revisions."""

from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import msgspec
import pytest

from service.course import views
from service.course.commands import (
    Command,
    Finish,
    GiveUp,
    PinLesson,
    PromoteLesson,
    RecordDraft,
    RecordLesson,
    RecordOutline,
    RenameCourse,
    ReviseLesson,
    RollBackLesson,
    UnpinLesson,
)
from service.course.content import Check, Citation, Lesson, LessonPlan, Outline, Readability
from service.course.decider import COURSE
from service.database import Database
from service.job.decider import JOB, Cancel, Retry, Start
from service.log.handle import Log
from tests.projection.histories import TENANTS, Place, context, request

Project = Callable[[], Awaitable[None]]
CITED = Citation("s", "light.md", 0, 4, "Text")
ASKED = Check("In what does light arrive?", "In photons.")
EASY = Readability(2.0, 1)
PLAN = LessonPlan("Light", "What light does.", (), ())


def lesson(title: str = "Light", text: str = "Text.") -> Lesson:
    return Lesson(1, title, "About.", text, (), (), (), (), (), Readability(7.5, 1))


async def do(log: Log, place: Place, *commands: Command) -> None:
    for command in commands:
        await log.handle(COURSE, place.course, command, context(place.tenant))


async def outlined(log: Log, title: str, tenant: UUID = TENANTS[0]) -> Place:
    place = Place(tenant, uuid4(), uuid4())
    await request(log, place, "Topic")
    await do(log, place, RecordOutline(Outline(title, (PLAN,))))
    return place


async def generated(log: Log) -> Place:
    place = await outlined(log, "Light")
    await do(log, place, RecordLesson(lesson()), Finish())
    return place


async def course(database: Database, place: Place) -> views.CourseView:
    found = await views.course(database, place.tenant, place.course)
    assert found is not None
    return found


async def served(database: Database, place: Place) -> views.LessonView:
    found = await views.lesson(database, place.tenant, place.course, 1)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("How plants eat", "how-plants-eat"),
        ("  Überblick: Größe & Öl!  ", "uberblick-große-ol"),
        ("Don\u2019t panic \u2013 it's fine", "dont-panic-its-fine"),
        ("광합성", "광합성"),
        ("Фотосинтез", "фотосинтез"),
        ("光合作用 入門", "光合作用-入門"),
        ("?!", "course"),
        ("x" * 200, "x" * 80),
    ],
)
async def test_a_slug_is_the_title_in_letters_and_digits(
    title: str, slug: str, log: Log, database: Database, projected: Project
) -> None:
    place = await outlined(log, title)

    await projected()

    assert (await course(database, place)).slug == slug
    assert (await views.course(database, place.tenant, slug)) == await course(database, place)


async def test_courses_of_one_title_are_numbered_in_the_order_of_the_log(
    log: Log, database: Database, projected: Project
) -> None:
    places = [await outlined(log, title) for title in ("Light", "light!", "LIGHT")]
    await projected()
    places.append(await outlined(log, "Light"))
    await projected()

    slugs = [(await course(database, place)).slug for place in places]

    assert slugs == ["light", "light--2", "light--3", "light--4"]


async def test_a_title_cannot_take_a_numbered_slug(
    log: Log, database: Database, projected: Project
) -> None:
    places = [await outlined(log, title) for title in ("Light--2", "Light", "Light", "Light 2")]

    await projected()

    slugs = [(await course(database, place)).slug for place in places]
    assert slugs == ["light-2", "light", "light--2", "light-2--2"]


async def test_tenants_do_not_take_each_others_slugs(
    log: Log, database: Database, projected: Project
) -> None:
    places = [await outlined(log, "Light", tenant) for tenant in TENANTS]

    await projected()

    assert [(await course(database, place)).slug for place in places] == ["light", "light"]


async def test_a_slug_stays_when_the_course_is_renamed(
    log: Log, database: Database, projected: Project
) -> None:
    place = await outlined(log, "Light")
    await projected()
    await do(log, place, RenameCourse("Shadow"))
    await projected()

    found = await course(database, place)

    assert (found.title, found.slug) == ("Shadow", "light")


async def test_a_course_is_read_by_its_tenant_alone(
    log: Log, database: Database, projected: Project
) -> None:
    place = await generated(log)
    await projected()

    assert await views.course(database, TENANTS[1], place.course) is None
    assert await views.course(database, TENANTS[1], "light") is None
    assert await views.lessons(database, TENANTS[1], place.course) == []
    assert await views.lesson(database, TENANTS[1], place.course, 1) is None
    assert await views.page(database, TENANTS[1]) == []


async def test_a_courses_status_follows_its_job(
    log: Log, database: Database, projected: Project
) -> None:
    place = await outlined(log, "Light")
    statuses = []
    for command in (Start("w"), Cancel(), Retry(), Start("w")):
        await log.handle(JOB, place.job, command, context(place.tenant))
        await projected()
        statuses.append((await course(database, place)).status)
    await do(log, place, RecordLesson(lesson()), Finish())
    await projected()

    assert statuses == ["GENERATING", "FAILED", "QUEUED", "GENERATING"]
    assert (await course(database, place)).status == "READY"


async def test_a_failed_course_says_why_until_it_is_ready(
    log: Log, database: Database, projected: Project
) -> None:
    place = await outlined(log, "Light")
    await do(log, place, GiveUp("No sources."))
    await projected()
    failed = await course(database, place)
    await do(log, place, RecordLesson(lesson()), Finish())
    await projected()

    assert (failed.status, failed.error_message) == ("FAILED", "No sources.")
    assert (await course(database, place)).error_message is None


async def test_lessons_are_listed_before_they_have_a_text(
    log: Log, database: Database, projected: Project
) -> None:
    place = await outlined(log, "Light")
    await projected()

    [line] = await views.lessons(database, place.tenant, place.course)

    assert (line.title, line.generated_at) == ("Light", None)
    assert await views.lesson(database, place.tenant, place.course, 1) is None


async def test_a_draft_serves_once_it_is_promoted(
    log: Log, database: Database, projected: Project
) -> None:
    place = await generated(log)
    await do(log, place, RecordDraft(lesson("Anew", "New.")))
    await projected()
    before = await served(database, place)
    await do(log, place, PromoteLesson(1))
    await projected()
    after = await served(database, place)

    assert (before.title, before.content_md, before.revision) == ("Light", "Text.", 1)
    assert (after.title, after.content_md, after.revision) == ("Anew", "New.", 2)


async def test_a_persons_edit_serves_at_once(
    log: Log, database: Database, projected: Project
) -> None:
    place = await generated(log)
    await do(log, place, ReviseLesson(1, "Mine.", "My light"), PinLesson(1))
    await projected()

    found = await served(database, place)

    assert (found.title, found.content_md, found.revision) == ("My light", "Mine.", 2)
    assert (found.edited, found.pinned, found.description) == (True, True, "About.")
    assert b"Mine." in bytes(found.sections)


CHECKED = Lesson(
    1, "Anew", "Other.", "New.", (), ("photon",), ("Name it.",), (CITED,), (ASKED,), EASY
)
STEPS: tuple[tuple[Command, tuple[object, ...]], ...] = (
    (ReviseLesson(1, "Mine.", "My light"), ("My light", "Mine.", 2, "About.", 0, False)),
    (RecordDraft(CHECKED, since=2), ("My light", "Mine.", 2, "About.", 0, False)),
    (PromoteLesson(1), ("Anew", "New.", 3, "Other.", 1, False)),
    (PinLesson(1), ("Anew", "New.", 3, "Other.", 1, True)),
    (ReviseLesson(1, "Hers."), ("Anew", "Hers.", 4, "Other.", 1, True)),
    (RollBackLesson(1, 2), ("My light", "Mine.", 2, "About.", 0, True)),
    (UnpinLesson(1), ("My light", "Mine.", 2, "About.", 0, False)),
    (RollBackLesson(1, 4), ("Anew", "Hers.", 4, "Other.", 1, False)),
    (RollBackLesson(1, 1), ("Light", "Text.", 1, "About.", 0, False)),
    (PinLesson(1), ("Light", "Text.", 1, "About.", 0, True)),
    (ReviseLesson(1, "Last."), ("Light", "Last.", 5, "About.", 0, True)),
    (RollBackLesson(1, 3), ("Anew", "New.", 3, "Other.", 1, True)),
    (RollBackLesson(1, 2), ("My light", "Mine.", 2, "About.", 0, True)),
    (ReviseLesson(1, "Fin."), ("My light", "Fin.", 6, "About.", 0, True)),
    (RollBackLesson(1, 5), ("Light", "Last.", 5, "About.", 0, True)),
)
"""What a person and a recipe do to a lesson, and how it is read after each."""


def reading(found: views.LessonView) -> tuple[object, ...]:
    checks = len(msgspec.json.decode(found.checks))
    assert checks == len(msgspec.json.decode(found.sources))
    return found.title, found.content_md, found.revision, found.description, checks, found.pinned


@pytest.mark.parametrize("size", [1, 2, 3, 5, 15])
async def test_a_rollback_brings_back_text_sources_and_checks_however_it_is_folded(
    size: int, log: Log, database: Database, projected: Project
) -> None:
    place = await outlined(log, "Light")
    await do(log, place, RecordLesson(lesson()))
    for start in range(0, len(STEPS), size):
        batch = STEPS[start : start + size]
        await do(log, place, *(command for command, _ in batch))
        await projected()
        assert reading(await served(database, place)) == batch[-1][1]


async def test_every_revision_is_kept(log: Log, database: Database, projected: Project) -> None:
    place = await generated(log)
    await do(log, place, RecordDraft(lesson("Anew")), ReviseLesson(1, "Mine."))
    await projected()

    revisions = await database.fetch(
        "SELECT revision, origin FROM read.lesson_revisions WHERE course_id = $1 ORDER BY 1",
        place.course,
    )

    assert [tuple(row) for row in revisions] == [(1, "generated"), (2, "drafted"), (3, "revised")]
