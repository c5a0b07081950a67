"""A lesson's revisions: which there are, how two differ, which is to serve, and why it says so."""

import asyncio
from collections.abc import Iterable
from itertools import groupby
from typing import Annotated, Any, Final
from uuid import UUID

from aiohttp import web
from markupsafe import Markup
from msgspec import Meta, Struct

from service.console.course import opened
from service.console.page import Shown, Visit, decided, redirect
from service.console.people import named
from service.content import explain
from service.content.diff import BlockChange
from service.content.why import Traced
from service.course import revision
from service.course.commands import (
    Command,
    PinLesson,
    PromoteLesson,
    RollBackLesson,
    UnpinLesson,
)
from service.course.decider import COURSE
from service.course.revision import Revised
from service.course.revision_http import chosen, difference
from service.course.views import CourseView
from service.http import form
from service.http.form import Fields
from service.http.markdown import rendered
from service.http.query import query

FORM_MAX: Final = 1024
"""Bytes of a form of a number."""

Number = Annotated[int, Meta(ge=1, le=999_999_999)]


class Which(Struct, frozen=True, forbid_unknown_fields=True, rename={"since": "from"}):
    """Which revisions to compare; the draft that waits with what serves, unless given."""

    since: Number | None = None
    to: Number | None = None


class Chosen(Fields, frozen=True):
    """The revision that is to serve."""

    revision: Number


async def browse(visit: Visit) -> Shown:
    """Show the revisions of a lesson, newest first, and what has been done to it."""
    course, of = await found(visit)
    values = {"course": course, "lesson": of, "lines": of.lines[::-1]}
    return await _shown(visit, "revisions.html", values, (act.actor for act in of.acts))


async def compare(visit: Visit) -> Shown:
    """Show how two revisions of a lesson differ."""
    course, of = await found(visit)
    which = query(visit.request, Which)
    since, to = chosen(of, which.since, which.to)
    database = visit.resources.database
    said = await revision.texts(database, visit.tenant_id, of, [since, to])
    told = await asyncio.to_thread(difference, of, said, since, to)
    values = {"course": course, "lesson": of, "diff": told, "runs": runs(told.blocks)}
    return await _shown(visit, "diff.html", values, (told.before.actor, told.after.actor))


async def explained(visit: Visit) -> Shown:
    """Show why a lesson says what it says."""
    course, of = await found(visit)
    told = await explain.lesson(visit.resources.database, visit.tenant_id, of)
    values = {
        "course": course,
        "lesson": of,
        "why": told,
        "quotes": {each.number: each for each in told.citations},
        "texts": await asyncio.to_thread(_texts, told.blocks),
    }
    return await _shown(visit, "why.html", values, (act.actor for act in of.acts))


async def promote(visit: Visit) -> web.Response:
    """Let the draft that was compared serve."""
    sent = await form.read_fields(visit.request, Chosen, FORM_MAX)
    return await _done(visit, PromoteLesson(visit.path["lesson"], sent.revision))


async def roll_back(visit: Visit) -> web.Response:
    """Let a revision serve."""
    sent = await form.read_fields(visit.request, Chosen, FORM_MAX)
    return await _done(visit, RollBackLesson(visit.path["lesson"], sent.revision))


async def pin(visit: Visit) -> web.Response:
    """Protect the lesson."""
    return await _done(visit, PinLesson(visit.path["lesson"]))


async def unpin(visit: Visit) -> web.Response:
    """Take the protection away."""
    return await _done(visit, UnpinLesson(visit.path["lesson"]))


async def found(visit: Visit) -> tuple[CourseView, Revised]:
    """Return the lesson of the path. Raises NoSuchCourse and NoSuchLesson."""
    of = visit.resources
    course, _ = await opened(visit)
    number = visit.path["lesson"]
    lesson = await revision.revised(of.log, of.database, visit.tenant_id, course.id, number)
    return course, lesson


def runs(changes: Iterable[BlockChange]) -> list[tuple[bool, list[BlockChange]]]:
    """Return changes in runs, each with whether its blocks are the same in both texts."""
    together = groupby(changes, key=lambda each: each.change == "same")
    return [(same, list(run)) for same, run in together]


def _texts(blocks: Iterable[Traced]) -> dict[UUID, Markup]:
    """Return each block as HTML, its heading below those of the page."""
    return {block.id: rendered(block.markdown, shift=2) for block in blocks}


async def _shown(
    visit: Visit, template: str, values: dict[str, Any], actors: Iterable[str]
) -> Shown:
    people = await named(visit.resources.database, visit.tenant_id, actors)
    return Shown(template, values | {"people": people})


async def _done(visit: Visit, command: Command) -> web.Response:
    """Decide on a command, and lead back to the revisions."""
    course, lesson = await found(visit)
    await decided(visit, COURSE, course.id, command)
    return redirect(f"{_address(course)}/lessons/{lesson.number}/revisions")


def _address(course: CourseView) -> str:
    return f"/console/courses/{course.id}"
