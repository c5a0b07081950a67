"""Citations looked up again: whether a source did say, word for word, what a lesson quotes."""

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct

from service.course.content import Citation
from service.database import Database
from service.sql import SQL

VERSIONS: Final = 3
"""Versions of a source that are looked at: a recipe may have read one that was replaced since."""
NOW: Final = 2**63 - 1
"""A position after every event."""


class Cited(Struct, frozen=True):
    """A quote of a lesson, and what the log says of it.

    `number` counts the lesson's citations from 1. `verified` tells whether the source's text was
    ``quote`` from `start` to `end` (code points) in the version `source_version`; `stands` whether
    the source still says it, wherever.
    """

    number: int
    source_id: str
    path: str
    start: int
    end: int
    quote: str
    verified: bool
    stands: bool
    source_version: int | None
    source_position: int | None


class Said(Struct, frozen=True):
    """What a source said; `latest` where nothing has happened to it since."""

    version: int
    position: int
    text: str | None
    latest: bool


async def verified(
    database: Database, tenant_id: UUID, citations: Sequence[Citation], position: int
) -> list[Cited]:
    """Look citations up in their sources as these were before `position`, and as they are."""
    found: dict[int, Cited] = {}
    numbered = list(enumerate(citations, 1))
    for source_id in dict.fromkeys(each.source_id for each in citations):
        own = [(number, each) for number, each in numbered if each.source_id == source_id]
        versions = await _versions(database, tenant_id, source_id, own, position)
        latest = await _latest(database, tenant_id, source_id, versions)
        found |= {number: _cited(number, each, versions, latest) for number, each in own}
    return [found[number] for number, _ in numbered]


async def _versions(
    database: Database,
    tenant_id: UUID,
    source_id: str,
    citations: Iterable[tuple[int, Citation]],
    position: int,
) -> list[Said]:
    """Return versions of a source before `position`, newest first, until all quotes are found."""
    found: list[Said] = []
    wanted = [each for _, each in citations]
    while wanted and len(found) < VERSIONS:
        said = await _said(database, tenant_id, source_id, position)
        if said is None:
            break
        found.append(said)
        wanted = [each for each in wanted if not _holds(said, each)]
        position = said.position
    return found


async def _latest(
    database: Database, tenant_id: UUID, source_id: str, versions: Sequence[Said]
) -> str:
    """Return what a source says now, nothing where it is gone."""
    if versions and versions[0].latest:
        return versions[0].text or ""
    said = await _said(database, tenant_id, source_id, NOW)
    return "" if said is None else said.text or ""


async def _said(database: Database, tenant_id: UUID, source_id: str, position: int) -> Said | None:
    try:
        stream_id = UUID(source_id)
    except ValueError:
        return None
    row = await database.fetchrow(SQL["content/source_said"], tenant_id, stream_id, position)
    return None if row is None else Said(**row)


def _holds(said: Said, citation: Citation) -> bool:
    text = said.text or ""
    return 0 <= citation.start < citation.end and (
        text[citation.start : citation.end] == citation.quote
    )


def _cited(number: int, citation: Citation, versions: Sequence[Said], latest: str) -> Cited:
    said = next((each for each in versions if _holds(each, citation)), None)
    return Cited(
        number,
        citation.source_id,
        citation.path,
        citation.start,
        citation.end,
        citation.quote,
        said is not None,
        citation.quote in latest,
        None if said is None else said.version,
        None if said is None else said.position,
    )
