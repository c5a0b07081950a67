"""Textbooks as they are read: one struct and one function per query."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Raw, Struct

from service.course.content import Citation
from service.database import Database
from service.log.event import PAGE, Recorded, read_stream
from service.sql import SQL
from service.textbook.content import Booster, KnownQuestion, Policy, Refused
from service.textbook.publication import publication
from service.textbook.published import PublishedTextbook


class TextbookLine(Struct, frozen=True):
    """A textbook in a list: how many of its chapters are sound, out, and failed."""

    id: UUID
    user_id: str
    slug: str
    title: str
    subject: str
    audience: str
    language: str
    status: str
    chapters_total: int
    chapters_validated: int
    chapters_published: int
    chapters_failed: int
    error_message: str | None
    created_at: datetime
    updated_at: datetime
    generated_at: datetime | None


class TextbookView(TextbookLine, frozen=True, kw_only=True):
    """One textbook; `version` is that of its stream, for If-Match."""

    version: int
    job_id: UUID
    source_filter: str | None
    policy: Policy
    archived_at: datetime | None


class ChapterLine(Struct, frozen=True):
    """A chapter in a table of contents, as its latest `version` stands; 0 while it is to come.

    `status` is pending, generated, validated, published or failed. `errors` are the policy's, and
    `error_message` says why the latest try to make it ended early. Readers have the
    `published_version`, 0 for none, at `docusaurus_url`.
    """

    id: UUID
    chapter_number: int
    title: str
    slug: str | None
    description: str
    key_points: list[str]
    status: str
    version: int
    published_version: int
    word_count: int | None
    reading_time_minutes: int | None
    errors: list[str]
    error_message: str | None
    docusaurus_url: str | None
    generated_at: datetime | None
    published_at: datetime | None


class ChapterView(ChapterLine, frozen=True, kw_only=True):
    """One chapter, whole: the latest version with its parts, and where the published one is.

    `textbook_version` is that of the textbook's stream, for If-Match.
    """

    textbook_id: UUID
    textbook_version: int
    markdown: str
    sources: list[Citation]
    takeaways: list[str]
    questions: list[KnownQuestion]
    boosters: list[Booster]
    refused_boosters: list[Refused]
    markdown_path: str | None
    content_hash: str | None


async def page(
    database: Database,
    tenant_id: UUID,
    *,
    status: str | None = None,
    user_id: str | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[TextbookLine]:
    """Return up to `limit` textbooks, newest first, older than `before`."""
    created_at, textbook_id = before or (None, None)
    arguments: tuple[Any, ...] = (tenant_id, status, user_id, created_at, textbook_id, limit)
    rows = await database.fetch(SQL["textbook/page"], *arguments)
    return [TextbookLine(**row) for row in rows]


async def textbook(database: Database, tenant_id: UUID, key: UUID | str) -> TextbookView | None:
    """Return one textbook by its id or its slug."""
    row = await database.fetchrow(SQL["textbook/textbook"], tenant_id, *_either(key))
    return None if row is None else TextbookView(**_typed(row, policy=Policy))


async def chapters(database: Database, tenant_id: UUID, textbook_id: UUID) -> list[ChapterLine]:
    """Return a textbook's table of contents."""
    rows = await database.fetch(SQL["textbook/chapters"], tenant_id, textbook_id)
    return [ChapterLine(**row) for row in rows]


async def chapter(
    database: Database, tenant_id: UUID, textbook_id: UUID, number: int
) -> ChapterView | None:
    """Return one chapter, once it has a text."""
    row = await database.fetchrow(SQL["textbook/chapter"], tenant_id, textbook_id, number)
    if row is None:
        return None
    told = _typed(
        row,
        sources=list[Citation],
        questions=list[KnownQuestion],
        boosters=list[Booster],
        refused_boosters=list[Refused],
    )
    return ChapterView(**told)


async def published(
    database: Database, tenant_id: UUID, key: UUID | str
) -> PublishedTextbook | None:
    """Return what is out of a textbook, by its id or its slug; None where nothing is."""
    row = await database.fetchrow(SQL["textbook/address"], tenant_id, *_either(key))
    if row is None:
        return None
    stream: list[Recorded] = []
    while len(more := await read_stream(database, row["id"], len(stream))) == PAGE:
        stream += more
    return publication(row["slug"], [*stream, *more])


def _either(key: UUID | str) -> tuple[UUID | None, str | None]:
    """Return an id and a slug, of which one is None."""
    return (key, None) if isinstance(key, UUID) else (None, key)


def _typed(row: Mapping[str, Any], **types: Any) -> dict[str, Any]:
    """Return a row's columns, the JSON ones as the types that are named."""
    raw: dict[str, Raw] = {name: row[name] for name in types}
    return dict(row) | {
        name: msgspec.json.decode(each, type=types[name]) for name, each in raw.items()
    }
