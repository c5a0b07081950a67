"""A course as the old generator kept it, in its tables or its files. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from service.adopt import loose
from service.adopt.loose import Loose
from service.course.content import Check, Citation, Section

HEADING: Final = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
FENCE: Final = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
TEXTS: Final = ("content_md", "content_markdown", "markdown", "content", "body", "text")


class OldLesson(Struct, frozen=True):
    """A lesson; without `content_md` it had only been planned."""

    number: int
    id: UUID | None
    title: str
    description: str
    key_concepts: tuple[str, ...]
    learning_objectives: tuple[str, ...]
    content_md: str
    sections: tuple[Section, ...]
    sources: tuple[Citation, ...]
    checks: tuple[Check, ...]
    generated_at: datetime | None


class OldCourse(Struct, frozen=True):
    """A course; `known_as` is how the old generator told it from others.

    `lessons` are those that were planned or made, in order, each number once. `status` is empty
    where it was not kept, as in files. `model` is what had made it, where that was kept.
    """

    known_as: str
    id: UUID | None
    slug: str
    user_id: str
    title: str
    topic: str
    grade_level: str
    source_filter: str | None
    language: str
    status: str
    error_message: str
    model: str
    total_lessons: int
    lessons: tuple[OldLesson, ...]
    created_at: datetime | None
    generated_at: datetime | None


def course(known_as: str, data: Loose, lessons: Sequence[Loose]) -> OldCourse:
    """Return what `data` says of a course, and `lessons` of its lessons."""
    flat = {**data, **_inner(data, "course"), **_inner(data, "metadata")}
    outline = loose.objects(loose.first(flat, "outline", "outline_json"))
    merged = _merged(outline, lessons or loose.objects(flat.get("lessons")))
    read = tuple(lesson(number, merged[number]) for number in sorted(merged))
    title = loose.line(flat, "title", "course_title", "topic")
    planned = loose.number(flat, "total_lessons", "num_lessons") or 0
    return OldCourse(
        known_as,
        loose.uuid(flat, "id", "course_id"),
        loose.line(flat, "slug"),
        loose.line(flat, "user_id"),
        title,
        loose.line(flat, "topic") or title,
        loose.line(flat, "grade_level", "grade") or "Grade 8",
        loose.line(flat, "source_filter") or None,
        loose.line(flat, "language"),
        loose.line(flat, "status").upper(),
        loose.line(flat, "error_message"),
        loose.line(flat, "model", "model_used"),
        max(planned, *merged, 0),
        read,
        loose.time(flat, "created_at", "generated_at", "timestamp"),
        loose.time(flat, "generated_at", "updated_at", "timestamp"),
    )


def lesson(number: int, data: Loose) -> OldLesson:
    """Return what `data` says of a lesson."""
    parts = loose.opened(loose.first(data, "content_json", "sections", "content"))
    told = [name for name in TEXTS if isinstance(loose.opened(data.get(name)), str)]
    content = loose.text(data, *told) or _joined(parts)
    return OldLesson(
        number,
        loose.uuid(data, "id", "lesson_id"),
        loose.line(data, "title", "lesson_title") or f"Lesson {number}",
        loose.line(data, "description", "summary"),
        loose.lines(data, "key_concepts", "concepts"),
        loose.lines(data, "learning_objectives", "objectives"),
        content,
        tuple(_sections(parts)) or tuple(_split(content)),
        tuple(_sources(loose.opened(loose.first(data, "sources", "sources_used")))),
        tuple(_checks(loose.objects(loose.first(data, "checks", "questions", "quiz")))),
        loose.time(data, "generated_at", "created_at"),
    )


def _inner(data: Loose, name: str) -> Mapping[str, Any]:
    found = loose.opened(data.get(name))
    return found if isinstance(found, Mapping) else {}


def _merged(outline: Sequence[Loose], lessons: Sequence[Loose]) -> dict[int, Loose]:
    """Return lessons by number: what is said of each, over what the outline says of it."""
    merged: dict[int, Loose] = {}
    for listed in (outline, lessons):
        for place, one in enumerate(listed, 1):
            number = loose.number(one, "lesson_number", "number") or place
            said = {key: value for key, value in one.items() if value is not None}
            merged[number] = {**merged.get(number, {}), **said}
    return merged


def _joined(parts: Any) -> str:
    """Return sections as one text, where no text was kept beside them."""
    return "\n\n".join(
        (f"## {part.heading}\n\n" if part.heading else "") + part.markdown
        for part in _sections(parts)
    )


def _sections(parts: Any) -> Iterator[Section]:
    for part in loose.objects(parts):
        heading = loose.line(part, "heading", "title", "name")
        markdown = loose.text(part, "markdown", *TEXTS)
        if heading or markdown:
            yield Section(heading, markdown)


def _split(content: str) -> Iterator[Section]:
    """Yield the parts of a text between its headings; those in code are none."""
    hidden = FENCE.sub(lambda match: " " * len(match[0]), content)
    found = list(HEADING.finditer(hidden))
    ends = [*(match.start() for match in found[1:]), len(content)]
    before = content[: found[0].start() if found else len(content)].strip()
    if before:
        yield Section("", before)
    for match, end in zip(found, ends, strict=bool(found)):
        yield Section(match[1], content[match.end() : end].strip())


def _sources(listed: Any) -> Iterator[Citation]:
    """Yield sources; of one that was only named there is neither span nor quote."""
    for one in loose.many(listed):
        if isinstance(one, Mapping):
            path = loose.line(
                one, "path", "source", "file", "filename", "file_name", "title", "url"
            )
            start, end = loose.number(one, "start") or 0, loose.number(one, "end") or 0
            quote = loose.text(one, "quote", "text", "excerpt")
            yield Citation(loose.line(one, "source_id"), path, start, end, quote)
        elif name := " ".join(str(one).replace("\0", "").split()):
            yield Citation("", name, 0, 0, "")


def _checks(listed: Sequence[Loose]) -> Iterator[Check]:
    for one in sorted(listed, key=lambda one: loose.number(one, "q_order") or 0):
        question = loose.line(one, "question", "text")
        if question:
            options = loose.lines(one, "options", "choices")
            answer = loose.line(one, "answer", "correct_answer")
            yield Check(question, answer, options, loose.line(one, "explanation"))
