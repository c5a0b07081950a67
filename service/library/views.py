"""The library as it is read: one struct and one function per query."""

import asyncio
from datetime import datetime
from typing import Final
from uuid import UUID
from weakref import WeakValueDictionary

import msgspec
from msgspec import Struct

from service.database import Database
from service.library.material import Chunk, Material
from service.sql import SQL

PATIENCE: Final = 20.0
FIRST_PAUSE: Final = 0.02
LONGEST_PAUSE: Final = 0.5

_HELD: Final = WeakValueDictionary[str, Material]()
"""Sources that generators are reading now, by their ids."""


class SourceLine(Struct, frozen=True):
    """A source in a list; `version` is that of its stream, for If-Match."""

    id: UUID
    path: str
    title: str
    media_type: str
    language: str
    characters: int
    chunks: int
    version: int
    created_at: datetime
    updated_at: datetime


class SourceView(SourceLine, frozen=True):
    """One source, whole: `text` is what the spans of its chunks count in."""

    sha256: str
    text: str


class Hit(Struct, frozen=True):
    """A chunk that was found.

    It is ``text[span_start:span_end]`` of its source, in code points. `score` lies between 0 and
    1 and compares within one search only; `snippet` is Markdown with what was found in bold.
    """

    chunk_id: UUID
    source_id: UUID
    path: str
    title: str
    heading: list[str]
    language: str
    score: float
    span_start: int
    span_end: int
    snippet: str


async def sources(
    database: Database, tenant_id: UUID, *, prefix: str = "", after: str | None = None, limit: int
) -> list[SourceLine]:
    """Return up to `limit` sources whose path starts with `prefix`, in order of path."""
    rows = await database.fetch(SQL["library/sources"], tenant_id, prefix, after, limit)
    return [SourceLine(**row) for row in rows]


async def source(database: Database, tenant_id: UUID, source_id: UUID) -> SourceView | None:
    """Return one source with its text."""
    row = await database.fetchrow(SQL["library/source"], tenant_id, source_id)
    return None if row is None else SourceView(**row)


async def search(
    database: Database, tenant_id: UUID, question: str, *, source_filter: str = "", limit: int
) -> list[Hit]:
    """Return up to `limit` chunks of sources whose path starts with `source_filter`, best first.

    Where no chunk holds all that was asked for, those that hold some of it, or words much like
    it, are returned, unless the question says with a quote or a minus sign just what it wants.
    """
    asked = (tenant_id, question, source_filter, limit)
    rows = await database.fetch(SQL["library/search"], *asked)
    if not rows and not is_exact(question):
        rows = await database.fetch(SQL["library/search_forgiving"], *asked)
    return [Hit(**row) for row in rows]


def is_exact(question: str) -> bool:
    """Tell whether a question says with quotes or a minus sign just what it wants."""
    return '"' in question or any(word.startswith("-") for word in question.split())


async def caught_up(database: Database, tenant_id: UUID, patience: float = PATIENCE) -> bool:
    """Wait until the library holds every source of the tenant in the log; tell whether it does.

    A source that was acknowledged is then found, however soon somebody asks for it. `patience` is
    in seconds. Raises Unavailable.
    """
    pause = FIRST_PAUSE
    while await database.fetchval(SQL["library/awaited"], tenant_id):
        if patience <= 0:
            return False
        await asyncio.sleep(pause)
        patience, pause = patience - pause, min(2 * pause, LONGEST_PAUSE)
    return True


async def material(
    database: Database,
    tenant_id: UUID,
    topic: str,
    *,
    source_filter: str | None = None,
    limit: int = 8,
) -> tuple[Material, ...]:
    """Return up to `limit` whole sources that say most about `topic`, best first.

    `source_filter` is the start of their paths; None and "" leave the whole library. However many
    read a source at once, it is in memory but once.
    """
    asked = (tenant_id, topic, source_filter or "", limit)
    rows = await database.fetch(SQL["library/material"], *asked)
    return tuple(_shared(Material(**{**row, "chunks": _chunks(row["chunks"])})) for row in rows)


def _shared(read: Material) -> Material:
    """Return the equal of `read` that somebody holds already, else `read`, for others to share."""
    held = _HELD.get(read.source_id)
    if held == read:
        return held
    _HELD[read.source_id] = read
    return read


def _chunks(listed: msgspec.Raw) -> tuple[Chunk, ...]:
    return msgspec.json.decode(listed, type=tuple[Chunk, ...])
