"""A history as the product writes it: courses that were requested, outlined and generated."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice, zip_longest
from random import Random
from typing import Any, Final
from uuid import UUID

import asyncpg
from msgspec import Struct
from uuid_utils.compat import uuid7

from bench.load import TENANT
from bench.text import TEXT
from service.course import events as course
from service.course.content import Check, Citation, LessonPlan, Readability, Section
from service.job import events as job
from service.log.codec import encode

LESSONS: Final = 4
AT_ONCE: Final = 32
"""Courses that are generated at the same time, so that streams stand between one another."""
AT_FIRST: Final = 2_500
"""Courses that are made one by one; more are theirs again, with other ids."""
VARIANTS: Final = 24
VOCABULARY: Final = (
    "water cycle vapour cloud rain river sea sun heat energy air cools falls rises flows root "
    "leaf soil stone layer step source model change because therefore while before after learner "
    "explains compares measures observes draws names orders the a of in and to from with each"
)
WORDS: Final = VOCABULARY.split()
COLUMNS: Final = (
    "position", "recorded_at", "stream_id", "tenant_id", "version", "category", "type", "data",
    "metadata",
)  # fmt: skip
MIX: Final = (
    "15 events a course: requested, outlined, 4 lessons of about 11 kB JSON, ready; and of its job "
    "of about 200 bytes each: created, started, 5 advanced, completed"
)

Turn = tuple[str, UUID, Struct]
"""A category, a stream and its next event."""


async def write(url: str, courses: int) -> int:
    """Store the history of at least `courses` courses in an empty log; return its events.

    It goes in by COPY, with receipts, types and head as the product leaves them, and is checked by
    `bench.load.proved`. From `AT_FIRST` courses on the server repeats it, as others' history.
    """
    connection = await asyncpg.connect(url)
    rows = _rows(_interleaved(min(courses, AT_FIRST)))
    stored = 0
    while batch := list(islice(rows, 5_000)):
        await connection.copy_records_to_table(
            "events", records=batch, columns=COLUMNS, schema_name="log"
        )
        stored += len(batch)
    await connection.execute(TEXT["again"])
    for times in range(1, -(-courses // AT_FIRST)):
        await connection.execute(TEXT["repeat"], stored, times, timeout=600)
    events: int = await connection.fetchval(TEXT["account"], timeout=3_600)
    await connection.execute("VACUUM (ANALYZE) log.events", timeout=3_600)
    await connection.execute("CHECKPOINT", timeout=3_600)
    await connection.close()
    return events


def _rows(turns: Iterator[Turn]) -> Iterator[tuple[Any, ...]]:
    versions: dict[UUID, int] = {}
    at = datetime(2026, 1, 1, tzinfo=UTC)
    metadata = '{"actor": "bench", "correlation_id": "00000000-0000-4000-8000-000000000002"}'
    for position, (category, stream, event) in enumerate(turns, 1):
        versions[stream] = version = versions.get(stream, 0) + 1
        stored = encode(event)
        at += timedelta(milliseconds=1)
        yield position, at, stream, TENANT, version, category, stored.type, stored.data, metadata


def _interleaved(courses: int) -> Iterator[Turn]:
    random = Random(7)
    lessons = [_lesson(random, 1 + n % LESSONS) for n in range(VARIANTS * LESSONS)]
    for first in range(0, courses, AT_ONCE):
        together = [_course(lessons, n) for n in range(first, min(first + AT_ONCE, courses))]
        for turns in zip_longest(*together):
            yield from (turn for turn in turns if turn is not None)


def _course(lessons: Sequence[course.LessonGenerated], number: int) -> Iterator[Turn]:
    of, by = uuid7(), uuid7()
    own = lessons[number % VARIANTS * LESSONS :][:LESSONS]
    topic = f"The water cycle, part {number % 997}"
    yield (
        "course",
        of,
        course.CourseRequested(
            topic, "Grade 5", LESSONS, "geography/", "en", f"u-{number % 500}", by
        ),
    )
    yield "job", by, job.JobCreated("course", of, f"u-{number % 500}")
    yield "job", by, job.JobStarted("course", of, "bench", 1)
    yield "course", of, course.CourseOutlined(topic, tuple(_plan(lesson) for lesson in own))
    yield "job", by, job.JobAdvanced(1, LESSONS + 1, "The outline is made.")
    for step, lesson in enumerate(own, 2):
        yield "course", of, lesson
        yield "job", by, job.JobAdvanced(step, LESSONS + 1, f"“{lesson.title}” is written.")
    yield "course", of, course.CourseReady()
    yield "job", by, job.JobCompleted("course", of)


def _lesson(random: Random, number: int) -> course.LessonGenerated:
    sections = tuple(
        Section(_text(random, 4).title(), "\n\n".join(_text(random, 45) for _ in range(4)))
        for _ in range(5)
    )
    source = str(UUID(int=random.getrandbits(128)))
    return course.LessonGenerated(
        number=number,
        title=_text(random, 5).capitalize(),
        description=_text(random, 25),
        content_md="\n\n".join(f"## {part.heading}\n\n{part.markdown}" for part in sections),
        sections=sections,
        key_concepts=tuple(_text(random, 2) for _ in range(5)),
        learning_objectives=tuple(_text(random, 12) for _ in range(3)),
        sources=tuple(
            Citation(source, "geography/water.md", n * 400, n * 400 + 120, _text(random, 20))
            for n in range(4)
        ),
        checks=tuple(
            Check(_text(random, 12), _text(random, 6), tuple(_text(random, 5) for _ in range(4)))
            for _ in range(4)
        ),
        readability=Readability(5.2, 900),
    )


def _plan(lesson: course.LessonGenerated) -> LessonPlan:
    return LessonPlan(
        lesson.title, lesson.description, lesson.key_concepts, lesson.learning_objectives
    )


def _text(random: Random, words: int) -> str:
    return " ".join(random.choices(WORDS, k=words))
