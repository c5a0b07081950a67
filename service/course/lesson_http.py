"""A course's lessons over HTTP: reading them, keeping them, making them anew."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Raw, Struct
from msgspec.structs import asdict

from service.content.block import Block, blocks
from service.content.title import TitleMissing
from service.course import views
from service.course.check import identified_checks
from service.course.commands import (
    PinLesson,
    PromoteLesson,
    ReviseLesson,
    RollBackLesson,
    UnpinLesson,
)
from service.course.content import Check
from service.course.decider import Course, CourseIsArchived, NoSuchCourse, NoSuchLesson
from service.course.http import command, found, identified, opened
from service.course.lesson import EditedSince, NoSuchRevision, NothingDrafted
from service.course.views import LessonLine, LessonView
from service.http.body import Nothing
from service.http.call import Answer, Call, Committed, Read
from service.job.decider import Create
from service.job.requested import Regenerate, Requested, answered, queued

ANEW: Final = "lesson"
"""The kind of job that makes one lesson anew."""
REREAD: Final = "reread"
"""The kind of job that reads the answer again that a lesson was made of; nothing is asked."""

FOUND: Final = (NoSuchCourse, NoSuchLesson)
KEPT: Final = (*FOUND, CourseIsArchived)
PROMOTED: Final = (*KEPT, NothingDrafted, EditedSince)
ROLLED_BACK: Final = (*KEPT, NoSuchRevision)
REVISED: Final = (*KEPT, TitleMissing)
"""What may stand in the way of a command on a lesson."""


Number = Annotated[int, Meta(ge=1, le=2**31 - 1, examples=[1])]


class Revise(Struct, frozen=True, forbid_unknown_fields=True):
    """A lesson's new text, in Markdown, and its title if that changes too."""

    content_md: Annotated[str, Meta(min_length=1, max_length=200_000, examples=["# Light\n\n…"])]
    title: Annotated[str, Meta(min_length=1, max_length=300)] | None = None


class LessonText(LessonView, frozen=True):
    """One lesson, whole, with the blocks of its text."""

    blocks: Sequence[Block]


class Promote(Struct, frozen=True, forbid_unknown_fields=True):
    """The draft that was read; where another one has come since, nothing is promoted."""

    revision: Number | None = None


class RollBack(Struct, frozen=True, forbid_unknown_fields=True):
    """The revision that is to serve."""

    revision: Number


async def contents(call: Call[Nothing, Read]) -> Answer[list[LessonLine]]:
    """List a course's lessons, those still to come included."""
    course = await found(call)
    lines = await views.lessons(call.resources.database, call.tenant_id, course.id)
    return Answer(lines, {"ETag": f'"{course.version}"'})


async def show(call: Call[Nothing, Read]) -> Answer[LessonText]:
    """Show a lesson with its text, sources and checks.

    `blocks` are its paragraphs, items, tables …; the id of a block, as that of a check, stays as
    long as its words do, whatever becomes of the others.
    """
    course_id, number = await identified(call), call.path["lesson"]
    shown = await views.lesson(call.resources.database, call.tenant_id, course_id, number)
    if shown is None:
        raise NoSuchLesson
    return Answer(await asyncio.to_thread(_text, shown), {"ETag": f'"{shown.version}"'})


async def promote(call: Call[Promote, Nothing]) -> Answer[Committed]:
    """Let the latest draft of a lesson serve.

    A person's text that was written after the draft was begun is not replaced by it.
    """
    return await command(call, PromoteLesson(call.path["lesson"], call.body.revision))


async def roll_back(call: Call[RollBack, Nothing]) -> Answer[Committed]:
    """Let any revision of a lesson serve, with the sources and checks that it had.

    No revision is lost by it: what served until then can be rolled back to as well.
    """
    return await command(call, RollBackLesson(call.path["lesson"], call.body.revision))


async def pin(call: Call[Nothing, Nothing]) -> Answer[Committed]:
    """Protect a lesson from being replaced."""
    return await command(call, PinLesson(call.path["lesson"]))


async def unpin(call: Call[Nothing, Nothing]) -> Answer[Committed]:
    """Take the protection of a lesson away."""
    return await command(call, UnpinLesson(call.path["lesson"]))


async def revise(call: Call[Revise, Nothing]) -> Answer[Committed]:
    """Replace a lesson's text by a person's; it serves at once."""
    body = call.body
    return await command(call, ReviseLesson(call.path["lesson"], body.content_md, body.title))


async def regenerate(call: Call[Regenerate, Nothing]) -> Answer[Requested]:
    """Make a lesson anew as a draft; the present one serves until the draft is promoted."""
    return await again(call, ANEW, call.body.instructions)


async def reread(call: Call[Nothing, Nothing]) -> Answer[Requested]:
    """Draft a lesson from the very answer that it was first made of, at no cost.

    For a release that reads answers better than the one before it. Where that answer is not kept,
    or the sources or the prompt have changed since, the job fails and says so.
    """
    return await again(call, REREAD)


async def again(call: Call[Any, Any], kind: str, instructions: str = "") -> Answer[Requested]:
    """Queue a job that drafts the lesson of the path."""
    course_id, number = await identified(call), call.path["lesson"]
    if (before := await answered(call, course_id)) is not None:
        return before
    check((await opened(call, course_id)).state, number)
    asked_by = call.principal.subject
    wanted = Create(kind, course_id, asked_by, number=number, instructions=instructions)
    return await queued(call, wanted)


def check(state: Course, number: int) -> None:
    """Raise where a lesson cannot be made anew."""
    if state.archived:
        raise CourseIsArchived
    if number not in state.lessons:
        raise NoSuchLesson(number=number)


def _text(shown: LessonView) -> LessonText:
    checks = identified_checks(shown.id, msgspec.json.decode(shown.checks, type=list[Check]))
    fields = asdict(shown) | {"checks": Raw(msgspec.json.encode(checks))}
    return LessonText(**fields, blocks=blocks(shown.id, shown.content_md))
