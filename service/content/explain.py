"""Explanations put together: a lesson's from the revision that serves, a course's as a whole."""

import asyncio
from collections.abc import Iterable
from decimal import Decimal
from typing import Final
from uuid import UUID

from service.content import why
from service.content.citation import verified
from service.content.why import CallLine, CostLine, CourseWhy, LessonWhy, Making
from service.course import revision, views
from service.course.decider import COURSE, Course, NoSuchCourse
from service.course.revision import Revised, RevisionLine, lesson_id
from service.database import Database
from service.log.event import Recorded
from service.log.handle import Log
from service.sql import SQL

LATEST: Final = 200
"""Events of a course that are told, the latest ones."""


async def lesson(database: Database, tenant_id: UUID, of: Revised) -> LessonWhy:
    """Return why a lesson says what it says."""
    serving = of.line(of.kept.revision)
    chain = [line.revision for line in of.lines if _leads(line, serving)]
    made_by = await revision.events(database, tenant_id, of.course_id, [of.line(serving.base)])
    made = why.making(made_by[serving.base])
    said = await revision.texts(database, tenant_id, of, chain)
    sources = said[serving.revision].sources
    cited = await verified(database, tenant_id, sources, made.position)
    called = await why.calls(database, tenant_id, made)
    return LessonWhy(
        of.id,
        of.course_id,
        of.number,
        serving.title,
        serving,
        made,
        await asyncio.to_thread(why.traced, of, said, cited),
        why.traced_checks(of, said[serving.revision].checks, cited),
        cited,
        called,
        _cost(called),
        sum(each.cost is None for each in called),
        of.acts,
    )


async def course(log: Log, database: Database, tenant_id: UUID, course_id: UUID) -> CourseWhy:
    """Return why a course is as it is. Raises NoSuchCourse."""
    loaded = await log.load(COURSE, course_id, tenant_id)
    state = loaded.state
    if not isinstance(state, Course):
        raise NoSuchCourse
    after = max(0, loaded.version - LATEST)
    acts = await views.history(database, tenant_id, course_id, after, LATEST)
    called = await why.costs(database, tenant_id, course_id)
    return CourseWhy(
        course_id,
        state.title,
        await _outlined(database, tenant_id, course_id),
        {str(number): lesson_id(course_id, state, number) for number in sorted(state.lessons)},
        called,
        _cost(called),
        sum(each.unpriced_calls for each in called),
        acts,
    )


def _leads(line: RevisionLine, serving: RevisionLine) -> bool:
    """Tell whether what serves may have come from a revision: its base, and earlier edits of it."""
    return line.base == serving.base and line.revision <= serving.revision


def _cost(called: Iterable[CallLine | CostLine]) -> Decimal:
    return sum((each.cost for each in called if each.cost is not None), Decimal(0))


async def _outlined(database: Database, tenant_id: UUID, course_id: UUID) -> Making | None:
    row = await database.fetchrow(SQL["content/outlined"], tenant_id, course_id)
    return None if row is None else why.making(Recorded(**row))
