"""Courses and their lessons, to read."""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
from markupsafe import Markup
from msgspec import Meta, Struct

from service.console.page import Shown, Visit
from service.course import views
from service.course.decider import COURSE, NoSuchCourse, NoSuchLesson
from service.course.views import CourseView, LessonLine, LessonView, Summary
from service.http.markdown import rendered
from service.http.query import query
from service.textbook.views import TextbookLine

PAGE: Final = 25
EVENTS: Final = 200
"""Events of a course's history on its page."""
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Which(Struct, frozen=True, forbid_unknown_fields=True):
    """Which courses: in this state, older than a moment (microseconds) and an id."""

    status: Literal["QUEUED", "GENERATING", "READY", "FAILED"] | None = None
    before: Annotated[str, Meta(pattern=r"^[0-9]{1,16}_[0-9a-f]{32}$")] | None = None


class Quote(Struct, frozen=True):
    """Where a sentence of a lesson comes from."""

    path: str = ""
    quote: str = ""


class Question(Struct, frozen=True):
    """A question at the end of a lesson."""

    question: str
    answer: str
    options: tuple[str, ...] = ()
    explanation: str = ""


async def browse(visit: Visit) -> Shown:
    """List courses, newest first."""
    which = query(visit.request, Which)
    rows = await views.page(
        visit.resources.database,
        visit.tenant_id,
        status=which.status,
        before=moment(which.before),
        limit=PAGE + 1,
    )
    more = mark(rows[PAGE - 1]) if len(rows) > PAGE else None
    return Shown("courses.html", {"courses": rows[:PAGE], "which": which, "more": more})


def mark(row: Summary | TextbookLine) -> str:
    """Return what says in an address: what is older than this course or textbook."""
    return f"{(row.created_at - EPOCH) // timedelta(microseconds=1)}_{row.id.hex}"


def moment(text: str | None) -> tuple[datetime, UUID] | None:
    """Return the time and the id of a `mark`."""
    if text is None:
        return None
    microseconds, _, course_id = text.partition("_")
    return EPOCH + timedelta(microseconds=int(microseconds)), UUID(course_id)


async def show(visit: Visit) -> Shown:
    """Show a course: what it is about, its lessons, what has happened to it."""
    course, lines = await opened(visit)
    events = await views.history(visit.resources.database, visit.tenant_id, course.id, limit=EVENTS)
    return Shown("course.html", {"course": course, "lessons": lines, "events": events[::-1]})


async def read(visit: Visit) -> Shown:
    """Show one lesson, to read."""
    course, lines = await opened(visit)
    number = visit.path["lesson"]
    lesson = await views.lesson(visit.resources.database, visit.tenant_id, course.id, number)
    if lesson is None:
        raise NoSuchLesson
    of = visit.resources
    kept = (await of.log.load(COURSE, course.id, visit.tenant_id)).state.lessons[number]
    written = {line.lesson_number: line for line in lines if line.generated_at}
    values = {
        "course": course,
        "lesson": lesson,
        "text": await asyncio.to_thread(text_of, lesson.title, lesson.content_md),
        "questions": msgspec.json.decode(lesson.checks, type=list[Question]),
        "sources": sources(lesson),
        "kept": kept,
        "before": written.get(number - 1),
        "after": written.get(number + 1),
    }
    return Shown("lesson.html", values)


async def opened(visit: Visit) -> tuple[CourseView, list[LessonLine]]:
    """Return the course of the path and its contents. Raises `NoSuchCourse`."""
    database = visit.resources.database
    course = await views.course(database, visit.tenant_id, visit.path["course"])
    if course is None:
        raise NoSuchCourse
    return course, await views.lessons(database, visit.tenant_id, course.id)


@lru_cache(maxsize=64)
def text_of(title: str, markdown: str) -> Markup:
    """Return a lesson's text as HTML, without its title, which heads the page."""
    return rendered(markdown, without=title)


def sources(lesson: LessonView) -> list[tuple[str, list[Quote]]]:
    """Return the documents a lesson was made of, each with the sentences taken from it."""
    quotes = msgspec.json.decode(lesson.sources, type=list[Quote])
    by_path = sorted(quotes, key=attrgetter("path"))
    return [(path, list(group)) for path, group in groupby(by_path, key=attrgetter("path"))]
