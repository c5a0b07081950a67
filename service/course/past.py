"""A course as it was at a position, and what changed in it between two of its versions."""

import asyncio
from uuid import UUID

import msgspec
from msgspec.structs import replace

from service.content.change import Change, differing
from service.course.decider import NoSuchCourse
from service.course.views import CourseView
from service.database import Database
from service.projection.glimpse import glimpse
from service.sql import SQL


async def stood(database: Database, course: CourseView, position: int) -> CourseView:
    """Return the course as it stood at a position. Raises NoSuchCourse where there was none yet.

    Its slug is the one it has now, if it had one then: which number a slug gets depends on the
    other courses of the tenant, but once given it stays.
    """
    answer = await _asked(database, course, position, SQL["course/then"])
    if answer is None:
        raise NoSuchCourse(f"This course did not exist yet at position {position}.")
    then = msgspec.json.decode(answer, type=CourseView)
    return replace(then, slug=course.slug) if then.slug else then


async def changes(database: Database, course: CourseView, before: int, after: int) -> list[Change]:
    """Return what differs in the course and its lessons between two positions, 0 being nothing."""
    query = SQL["course/contents_then"]
    asking = (_asked(database, course, position, query) for position in (before, after))
    sides = [answer and msgspec.json.decode(answer) for answer in await asyncio.gather(*asking)]
    return list(differing("", *sides))


async def version(
    database: Database, tenant_id: UUID, course_id: UUID, number: int | None
) -> tuple[int, int] | None:
    """Return the position of a version and the version itself; None where there is no such one."""
    row = await database.fetchrow(SQL["course/version"], tenant_id, course_id, number)
    return None if row is None else (row["position"], row["version"])


async def _asked(
    database: Database, course: CourseView, position: int, query: str
) -> msgspec.Raw | None:
    if position == 0:
        return None
    streams = [course.id, course.job_id]
    return await glimpse(
        database, ["course"], streams, position, query=query, argument={"id": course.id}
    )
