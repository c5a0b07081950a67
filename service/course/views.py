"""Courses as they are read: one struct and one function per query."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Raw, Struct

from service.database import Database
from service.sql import SQL


class Summary(Struct, frozen=True):
    """A course in a list."""

    id: UUID
    user_id: str
    slug: str | None
    title: str
    topic: str
    grade_level: str
    status: str
    total_lessons: int
    lessons_ready: int
    error_message: str | None
    created_at: datetime
    updated_at: datetime
    generated_at: datetime | None


class CourseView(Struct, frozen=True):
    """One course; `version` is that of its stream, for If-Match."""

    id: UUID
    version: int
    job_id: UUID
    user_id: str
    slug: str | None
    title: str
    topic: str
    grade_level: str
    language: str
    source_filter: str | None
    status: str
    total_lessons: int
    lessons_ready: int
    error_message: str | None
    created_at: datetime
    updated_at: datetime
    generated_at: datetime | None
    archived_at: datetime | None


class LessonLine(Struct, frozen=True):
    """A lesson in a table of contents; `generated_at` is None while it is still to come."""

    id: UUID
    lesson_number: int
    title: str
    description: str
    key_concepts: list[str]
    learning_objectives: list[str]
    revision: int
    edited: bool
    pinned: bool
    generated_at: datetime | None


class LessonView(Struct, frozen=True):
    """One lesson, whole; `sections`, `sources`, `readability` and `checks` are JSON."""

    id: UUID
    course_id: UUID
    version: int
    lesson_number: int
    title: str
    description: str
    key_concepts: list[str]
    learning_objectives: list[str]
    content_md: str
    sections: Raw
    sources: Raw
    readability: Raw | None
    checks: Raw
    revision: int
    edited: bool
    pinned: bool
    generated_at: datetime | None


class HistoryLine(Struct, frozen=True):
    """One thing that happened to a course; fields that an event has no use for are None."""

    version: int
    position: int
    type: str
    recorded_at: datetime
    actor: str
    lesson_number: int | None
    revision: int | None
    title: str | None
    note: str | None


async def page(
    database: Database,
    tenant_id: UUID,
    *,
    status: str | None = None,
    user_id: str | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[Summary]:
    """Return up to `limit` courses, newest first, older than `before`."""
    created_at, course_id = before or (None, None)
    arguments: tuple[Any, ...] = (tenant_id, status, user_id, created_at, course_id, limit)
    return [Summary(**row) for row in await database.fetch(SQL["course/page"], *arguments)]


async def course(database: Database, tenant_id: UUID, key: UUID | str) -> CourseView | None:
    """Return one course by its id or its slug."""
    by_id, by_slug = (key, None) if isinstance(key, UUID) else (None, key)
    row = await database.fetchrow(SQL["course/course"], tenant_id, by_id, by_slug)
    return None if row is None else CourseView(**row)


async def lessons(database: Database, tenant_id: UUID, course_id: UUID) -> list[LessonLine]:
    """Return a course's table of contents."""
    rows = await database.fetch(SQL["course/lessons"], tenant_id, course_id)
    return [LessonLine(**row) for row in rows]


async def lesson(
    database: Database, tenant_id: UUID, course_id: UUID, number: int
) -> LessonView | None:
    """Return one lesson, once it has a text."""
    row = await database.fetchrow(SQL["course/lesson"], tenant_id, course_id, number)
    return None if row is None else LessonView(**row)


async def history(
    database: Database, tenant_id: UUID, course_id: UUID, after: int = 0, limit: int = 200
) -> list[HistoryLine]:
    """Return what happened to a course after version `after`, oldest first."""
    rows = await database.fetch(SQL["course/history"], tenant_id, course_id, after, limit)
    return [HistoryLine(**row) for row in rows]
