"""A course as files: everything of it as JSON, and the same to be read as Markdown. Pure.

All of it follows from the course's own stream, so the same version always gives the same bytes,
whichever way they leave the service.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import starmap
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from service.course.content import Check, Citation, LessonPlan, Readability, Section

JSON_NAME: Final = "course.json"
MARKDOWN_NAME: Final = "course.md"
LONGEST_NAME: Final = 200
"""Bytes; file systems take 255, and what is being written has a longer name for a while."""
NAMING: Final = frozenset("LMN")
"""Unicode's letters, marks and numbers; beside them a name may only have dashes."""


class Metadata(Struct, frozen=True):
    """What a course is; `total_lessons` are those that it plans."""

    id: UUID
    slug: str | None
    user_id: str
    title: str
    topic: str
    grade_level: str
    language: str
    source_filter: str | None
    total_lessons: int
    created_at: datetime
    generated_at: datetime | None
    archived_at: datetime | None


class WrittenLesson(Struct, frozen=True):
    """A lesson that has a text; `revision` is the one that serves."""

    id: UUID
    lesson_number: int
    title: str
    description: str
    key_concepts: tuple[str, ...]
    learning_objectives: tuple[str, ...]
    content_md: str
    sections: tuple[Section, ...]
    sources: tuple[Citation, ...]
    checks: tuple[Check, ...]
    readability: Readability | None
    revision: int
    edited: bool
    pinned: bool
    generated_at: datetime | None


class WrittenCourse(Struct, frozen=True):
    """A whole course, its lessons in order."""

    metadata: Metadata
    outline: tuple[LessonPlan, ...]
    lessons: tuple[WrittenLesson, ...]


class Document(WrittenCourse, frozen=True):
    """What `course.json` holds; `all_sources` are the paths of every lesson's, each once."""

    all_sources: tuple[str, ...]


def rendered(course: WrittenCourse) -> dict[str, bytes]:
    """Return the files of a course by their names."""
    metadata = replace(
        course.metadata,
        created_at=_utc(course.metadata.created_at),
        generated_at=_utc(course.metadata.generated_at),
        archived_at=_utc(course.metadata.archived_at),
    )
    lessons = tuple(replace(one, generated_at=_utc(one.generated_at)) for one in course.lessons)
    document = Document(metadata, course.outline, lessons, _paths(lessons))
    return {
        JSON_NAME: msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n",
        MARKDOWN_NAME: ("\n\n".join(_blocks(document)) + "\n").encode(),
    }


def folder_name(course: Metadata) -> str:
    """Return what the folder of a course is called: its slug, if that is a name, else its id."""
    return name(course.slug or "", course.id)


def name(slug: str, own: UUID) -> str:
    """Return the slug, if a folder can be called so, else the id."""
    named = all(one == "-" or unicodedata.category(one)[0] in NAMING for one in slug)
    return slug if named and 0 < len(slug.encode()) <= LONGEST_NAME else str(own)


def _utc(time: datetime | None) -> datetime | None:
    return None if time is None else time.astimezone(UTC)


def _paths(lessons: Sequence[WrittenLesson]) -> tuple[str, ...]:
    return tuple(sorted({source.path for lesson in lessons for source in lesson.sources}))


def _blocks(course: Document) -> Iterator[str]:
    about = course.metadata
    yield f"# {_line(about.title)}"
    facts: Mapping[str, object] = {
        "Topic": about.topic,
        "Grade level": about.grade_level,
        "Lessons": f"{len(course.lessons)} of {about.total_lessons}",
    }
    yield "\n".join(f"- {name}: {_line(str(fact))}" for name, fact in facts.items())
    if course.outline:
        titles = {lesson.lesson_number: lesson.title for lesson in course.lessons}
        lines = (
            f"{number}. **{_line(titles.get(number, plan.title))}**: {_line(plan.description)}"
            for number, plan in enumerate(course.outline, 1)
        )
        yield "\n".join(lines)
    for lesson in course.lessons:
        yield "---"
        yield from _lesson(lesson)
    if course.all_sources:
        yield "---"
        yield "\n".join(("## Sources", "", *(f"- {_line(path)}" for path in course.all_sources)))


def _lesson(lesson: WrittenLesson) -> Iterator[str]:
    text = lesson.content_md.strip("\n")
    if not text.startswith("# "):
        yield f"# {_line(lesson.title)}"
    yield text
    if lesson.checks:
        yield "## Questions"
        yield "\n\n".join(starmap(_check, enumerate(lesson.checks, 1)))


def _check(number: int, check: Check) -> str:
    lines = [f"{number}. {_line(check.question)}"]
    lines += [f"   - {_line(option)}" for option in check.options]
    lines += ["", f"   Answer: {_line(check.answer)}"]
    lines += ["", f"   {_line(check.explanation)}"] if check.explanation else []
    return "\n".join(lines)


def _line(text: str) -> str:
    return " ".join(text.split())
