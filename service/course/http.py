"""Courses over HTTP: asking for them, reading them, and keeping them."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from msgspec import Meta, Struct

from service.budget.decider import BadBudget, checked
from service.content.title import TitleMissing
from service.course import past_http, views
from service.course.commands import (
    ArchiveCourse,
    Command,
    RenameCourse,
    RequestCourse,
)
from service.course.decider import (
    COURSE,
    Course,
    CourseIsArchived,
    NoSuchCourse,
    TopicMissing,
)
from service.course.past_http import History, Versions
from service.course.views import CourseView, Summary
from service.http import feed, paging, spooled
from service.http.as_of import AsOf
from service.http.body import Nothing
from service.http.call import Answer, Call, Committed, committed
from service.http.language import Language
from service.http.paging import Page, Paged
from service.job import http as job
from service.job.decider import JOB, Cancel, Create, Retry
from service.job.requested import Requested, accepted, answered, steered
from service.log.commit import StaleVersion
from service.log.handle import Loaded, Write

ASKED: Final = (TopicMissing, BadBudget)
FOUND: Final = (NoSuchCourse,)
KEPT: Final = (NoSuchCourse, CourseIsArchived)
RENAMED: Final = (*KEPT, TitleMissing)
CANCELLED: Final = (NoSuchCourse, *job.CANCELLED)
RETRIED: Final = (NoSuchCourse, *job.RETRIED)
"""What may stand in the way of a command on a course."""


class NewCourse(Struct, frozen=True, forbid_unknown_fields=True):
    """What to make a course of; `source_filter` keeps it to sources below a path.

    `budget` is what calls of language models may cost for it, in US dollars.
    """

    topic: Annotated[str, Meta(min_length=1, max_length=300, examples=["Photosynthesis"])]
    grade_level: Annotated[str, Meta(min_length=1, max_length=100)] = "Grade 8"
    num_lessons: Annotated[int, Meta(ge=1, le=50)] = 4
    source_filter: Annotated[str, Meta(max_length=500, examples=["biology/"])] | None = None
    language: Language = "en"
    user_id: Annotated[str, Meta(min_length=1, max_length=200, examples=["u-17"])] | None = None
    budget: Annotated[Decimal, Meta(description="US dollars.", examples=["0.50"])] | None = None


class Courses(Paged, frozen=True):
    """Which courses to list."""

    status: Literal["QUEUED", "GENERATING", "READY", "FAILED"] | None = None
    user_id: Annotated[str, Meta(max_length=200)] | None = None


class Rename(Struct, frozen=True, forbid_unknown_fields=True):
    """A course's new title."""

    title: Annotated[str, Meta(min_length=1, max_length=300, examples=["How plants eat light"])]


async def request(call: Call[NewCourse, Nothing]) -> Answer[Requested]:
    """Request a course.

    A job generates it: follow it at `Location`. With `Prefer: wait=N` the answer waits up to N
    seconds (10 at most) for the job to end. While the database is away the request is kept on the
    disk, which `X-Spooled` says, and taken up once it is back.
    """
    body, user_id = call.body, call.body.user_id or call.principal.subject
    course_id, job_id = spooled.new_ids(call.context, call.resources.new_id, 2)
    receipt = await spooled.append(call, *requested(body, user_id, course_id, job_id))
    (course_id, version), (job_id, _) = receipt.versions
    position = receipt.position or None
    return await accepted(call, receipt, Requested(course_id, job_id, version, position))


def requested(asked: NewCourse, user_id: str, course_id: UUID, job_id: UUID) -> tuple[Write, Write]:
    """Return what a request causes: a course, and the job that makes it.

    Raises TopicMissing and BadBudget.
    """
    wanted = RequestCourse(
        asked.topic,
        user_id,
        job_id,
        asked.grade_level,
        asked.num_lessons,
        asked.source_filter,
        asked.language,
    )
    course = COURSE.decide(wanted, COURSE.initial)
    create = Create("course", course_id, user_id, budget=checked(asked.budget))
    job = JOB.decide(create, JOB.initial)
    return Write(COURSE, course_id, 0, course), Write(JOB, job_id, 0, job)


async def browse(call: Call[Nothing, Courses]) -> Answer[Page[Summary]]:
    """List courses, newest first; archived ones are left out."""
    of = call.query
    rows = await views.page(
        call.resources.database,
        call.tenant_id,
        status=of.status,
        user_id=of.user_id,
        before=paging.after(call, tuple[datetime, UUID]),
        limit=of.limit + 1,
    )
    return paging.page(call, rows, lambda row: (row.created_at, row.id))


async def show(call: Call[Nothing, AsOf]) -> Answer[CourseView]:
    """Show a course, as it is or as it stood at a time or position."""
    course = await past_http.stood(call, await found(call))
    return Answer(course, {"ETag": f'"{course.version}"'})


async def history(call: Call[Nothing, Versions]) -> Answer[History]:
    """Show everything that has happened to a course, oldest first.

    With `from` or `to` (0 is before the first version; the latest if not given), only what has
    happened between these two versions, and what differs in the course and its lessons.
    """
    if call.query.compares:
        return await past_http.between(call, await found(call))
    page = await feed.history(call, await identified(call))
    return Answer(History(page.value.items, page.value.next), page.headers)


async def rename(call: Call[Rename, Nothing]) -> Answer[Committed]:
    """Give a course another title; its slug stays."""
    return await command(call, RenameCourse(call.body.title))


async def archive(call: Call[Nothing, Nothing]) -> Answer[Committed]:
    """Put a course away: it can still be read, and nothing changes it."""
    return await command(call, ArchiveCourse())


async def cancel(call: Call[Nothing, Nothing]) -> Answer[Requested]:
    """Stop a course's generation; the lessons there are stay."""
    return await steer(call, Cancel())


async def retry(call: Call[Nothing, Nothing]) -> Answer[Requested]:
    """Take a failed or cancelled generation up again; the lessons there are stay."""
    return await steer(call, Retry())


async def command(call: Call[Any, Any], wanted: Command) -> Answer[Committed]:
    """Decide a command on the course of the path."""
    course_id = await identified(call)
    receipt = await call.resources.log.handle(
        COURSE, course_id, wanted, call.context, expected_version=call.expected_version
    )
    return committed(receipt, f"/api/v1/courses/{course_id}")


async def steer(call: Call[Any, Any], wanted: Cancel | Retry) -> Answer[Requested]:
    """Decide a command on the job that generates the course of the path."""
    course_id = await identified(call)
    if (before := await answered(call, course_id)) is not None:
        return before
    loaded = await opened(call, course_id)
    return await steered(call, course_id, loaded.state.request.job_id, wanted)


async def opened(call: Call[Any, Any], course_id: UUID) -> Loaded:
    """Return the course as the log has it, at the version the caller expects.

    Raises NoSuchCourse, and StaleVersion when If-Match names another version.
    """
    loaded = await call.resources.log.load(COURSE, course_id, call.tenant_id)
    if not isinstance(loaded.state, Course):
        raise NoSuchCourse
    if call.expected_version not in (None, loaded.version):
        raise StaleVersion(current_version=loaded.version)
    return loaded


async def identified(call: Call[Any, Any]) -> UUID:
    """Return the id of the path's course. Raises NoSuchCourse for a slug that nothing has."""
    key = call.path["course"]
    return key if isinstance(key, UUID) else (await found(call)).id


async def found(call: Call[Any, Any]) -> CourseView:
    """Return the path's course as the read models have it. Raises NoSuchCourse."""
    course = await views.course(call.resources.database, call.tenant_id, call.path["course"])
    if course is None:
        raise NoSuchCourse
    return course
