"""A course's lessons over HTTP: reading them, keeping them, making them anew."""

from typing import Annotated, Final

from msgspec import Meta, Struct

from service.course import views
from service.course.commands import PinLesson, PromoteLesson, ReviseLesson
from service.course.decider import (
    Course,
    CourseIsArchived,
    NoSuchCourse,
    NoSuchLesson,
    NothingDrafted,
    TitleMissing,
)
from service.course.http import Requested, accepted, command, found, identified, opened
from service.course.views import LessonLine, LessonView
from service.http.body import Nothing
from service.http.call import Answer, Call, Committed, Read
from service.job.decider import JOB, Create
from service.log.handle import Write

KIND: Final = "lesson"
"""The kind of job that makes one lesson anew."""

FOUND: Final = (NoSuchCourse, NoSuchLesson)
KEPT: Final = (*FOUND, CourseIsArchived)
PROMOTED: Final = (*KEPT, NothingDrafted)
REVISED: Final = (*KEPT, TitleMissing)
"""What may stand in the way of a command on a lesson."""


class Revise(Struct, frozen=True, forbid_unknown_fields=True):
    """A lesson's new text, in Markdown, and its title if that changes too."""

    content_md: Annotated[str, Meta(min_length=1, max_length=200_000, examples=["# Light\n\n…"])]
    title: Annotated[str, Meta(min_length=1, max_length=300)] | None = None


class Regenerate(Struct, frozen=True, forbid_unknown_fields=True):
    """What to do differently this time."""

    instructions: Annotated[str, Meta(max_length=2000, examples=["More examples."])] = ""


async def contents(call: Call[Nothing, Read]) -> Answer[list[LessonLine]]:
    """List a course's lessons, those still to come included."""
    course = await found(call)
    lines = await views.lessons(call.resources.database, call.tenant_id, course.id)
    return Answer(lines, {"ETag": f'"{course.version}"'})


async def show(call: Call[Nothing, Read]) -> Answer[LessonView]:
    """Show a lesson with its text, sources and checks."""
    course_id, number = await identified(call), call.path["lesson"]
    shown = await views.lesson(call.resources.database, call.tenant_id, course_id, number)
    if shown is None:
        raise NoSuchLesson
    return Answer(shown, {"ETag": f'"{shown.version}"'})


async def promote(call: Call[Nothing, Nothing]) -> Answer[Committed]:
    """Let the latest draft of a lesson serve."""
    return await command(call, PromoteLesson(call.path["lesson"]))


async def pin(call: Call[Nothing, Nothing]) -> Answer[Committed]:
    """Protect a lesson from being replaced."""
    return await command(call, PinLesson(call.path["lesson"]))


async def revise(call: Call[Revise, Nothing]) -> Answer[Committed]:
    """Replace a lesson's text by a person's; it serves at once."""
    body = call.body
    return await command(call, ReviseLesson(call.path["lesson"], body.content_md, body.title))


async def regenerate(call: Call[Regenerate, Nothing]) -> Answer[Requested]:
    """Make a lesson anew as a draft; the present one serves until the draft is promoted."""
    course_id, of = await identified(call), call.resources
    loaded = await opened(call, course_id)
    number, job_id = call.path["lesson"], of.new_id()
    check(loaded.state, number)
    wanted = Create(
        KIND,
        course_id,
        call.principal.subject,
        number=number,
        instructions=call.body.instructions,
    )
    queued = JOB.decide(wanted, JOB.initial)
    receipt = await of.log.append(call.context, Write(JOB, job_id, 0, queued))
    ((job_id, version),) = receipt.versions
    return await accepted(call, receipt, Requested(course_id, job_id, version, receipt.position))


def check(state: Course, number: int) -> None:
    """Raise where a lesson cannot be made anew."""
    if state.archived:
        raise CourseIsArchived
    if number not in state.lessons:
        raise NoSuchLesson(number=number)
