"""What the fold of courses reads: what its range touches, however much there is besides."""

from collections.abc import Awaitable, Callable
from uuid import uuid4

from service.course.commands import (
    Finish,
    PromoteLesson,
    RecordDraft,
    RecordLesson,
    RecordOutline,
    ReviseLesson,
)
from service.course.content import Lesson, LessonPlan, Outline, Readability
from service.course.decider import COURSE
from service.database import Database
from service.log.handle import Log
from tests.projection.generations import live
from tests.projection.histories import TENANTS, Place, context, request

Project = Callable[[], Awaitable[None]]
LESSON = Lesson(1, "Light", "About.", "Text.", (), (), (), (), (), Readability(7.5, 1))
READ = (
    "SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) FROM pg_stat_xact_user_tables"
    " WHERE schemaname IN ('log', $1)"
)


async def generated(log: Log) -> Place:
    place = Place(TENANTS[0], uuid4(), uuid4())
    await request(log, place, "Light")
    plan = LessonPlan("Light", "What light does.", (), ())
    for command in (RecordOutline(Outline("Light", (plan,))), RecordLesson(LESSON), Finish()):
        await log.handle(COURSE, place.course, command, context(place.tenant))
    return place


async def test_a_few_events_are_folded_by_lookups_however_old_the_plan(
    log: Log, database: Database, projected: Project
) -> None:
    place = await generated(log)
    await projected()
    schema = await live(database, "course")
    connection = await database.connect()
    for _ in range(8):  # from the sixth on a plan is kept
        await connection.execute(f"SELECT {schema}.fold(0, 3)")
    for _ in range(60):
        await generated(log)
    await projected()
    at = await database.fetchval("SELECT position FROM log.head")
    changes = (RecordDraft(LESSON), PromoteLesson(1), RecordDraft(LESSON), ReviseLesson(1, "Mine."))
    for command in changes:
        await log.handle(COURSE, place.course, command, context(place.tenant))

    async with connection.transaction():
        before = await connection.fetchval(READ, schema)
        await connection.execute(f"SELECT {schema}.fold({at}, {at + len(changes)})")
        read = await connection.fetchval(READ, schema) - before
    await connection.close()

    assert read < 120
