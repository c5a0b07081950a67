"""A chapter's versions over HTTP: which there are, what each says, and how two of them differ."""

import asyncio
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from msgspec import Struct, field
from msgspec.structs import replace

from service.content.block import Block, blocks
from service.course.content import Citation
from service.http import paging
from service.http.body import Nothing
from service.http.call import Answer, Call, Read
from service.http.paging import Page, Paged
from service.textbook.chapter import NoSuchChapter, NoSuchVersion
from service.textbook.chapter_http import VersionNumber
from service.textbook.comparison import Comparison, compared
from service.textbook.content import Booster, KnownQuestion, Refused
from service.textbook.decider import NoSuchTextbook
from service.textbook.http import identified
from service.textbook.version import Versioned, VersionLine, versioned

FOUND: Final = (NoSuchTextbook, NoSuchChapter)
COMPARED: Final = (*FOUND, NoSuchVersion)
"""What may stand in the way of reading versions."""


class VersionText(Struct, frozen=True):
    """What a version says, whole; `content_hash` is the SHA-256 of its markdown as UTF-8."""

    id: UUID
    textbook_id: UUID
    chapter_number: int
    version: VersionLine
    title: str
    slug: str
    key_points: Sequence[str]
    markdown: str
    content_hash: str
    sources: Sequence[Citation]
    takeaways: Sequence[str]
    questions: Sequence[KnownQuestion]
    boosters: Sequence[Booster]
    refused_boosters: Sequence[Refused]
    blocks: Sequence[Block]


class ComparedVersions(Read, frozen=True):
    """Which versions to compare: what readers have with the latest, unless given."""

    since: VersionNumber | None = field(default=None, name="from")
    to: VersionNumber | None = None


class ChapterDiff(Comparison, frozen=True, kw_only=True):
    """How two versions of a chapter differ."""

    id: UUID
    textbook_id: UUID
    chapter_number: int
    before: VersionLine
    after: VersionLine


async def browse(call: Call[Nothing, Paged]) -> Answer[Page[VersionLine]]:
    """List a chapter's versions, oldest first, rejected and unpublished ones too."""
    of, after = await _versioned(call), paging.after(call, int) or 0
    lines = of.lines[after : after + call.query.limit + 1]
    answer = paging.page(call, lines, lambda line: line.version)
    return replace(answer, headers={**answer.headers, "ETag": f'"{of.textbook_version}"'})


async def show(call: Call[Nothing, Read]) -> Answer[VersionText]:
    """Show one version of a chapter, whole.

    `blocks` are its paragraphs, items, tables …; the id of a block stays as long as its words do.
    """
    of, number = await _versioned(call), call.path["version"]
    return Answer(await asyncio.to_thread(_text, of, number))


async def compare(call: Call[Nothing, ComparedVersions]) -> Answer[ChapterDiff]:
    """Compare two versions of a chapter, block by block and word by word, and their other parts.

    Unless given, `to` is the latest; `from` is what readers have, or where that is `to` or nothing
    is out, the version that `to` continues or came after.
    """
    of = await _versioned(call)
    since, to = chosen(of, call.query.since, call.query.to)
    return Answer(await asyncio.to_thread(_difference, of, since, to))


def chosen(of: Versioned, since: int | None, to: int | None) -> tuple[int, int]:
    """Return which versions to compare. Raises NoSuchVersion."""
    after = of.said(to or len(of.kept.versions))
    before = of.kept.published if of.kept.published != after.version else 0
    return since or before or after.base or max(after.version - 1, 1), after.version


async def _versioned(call: Call[Any, Any]) -> Versioned:
    of, textbook_id = call.resources, await identified(call)
    return await versioned(of.log, of.database, call.tenant_id, textbook_id, call.path["chapter"])


def _text(of: Versioned, number: int) -> VersionText:
    line, said = of.line(number), of.said(number)
    parts = said.parts
    return VersionText(
        of.id,
        of.textbook_id,
        of.number,
        line,
        said.title,
        said.slug,
        said.key_points,
        parts.markdown,
        sha256(parts.markdown.encode()).hexdigest(),
        said.sources,
        parts.summary.takeaways if parts.summary else (),
        parts.questions,
        parts.boosters,
        parts.refused,
        blocks(of.id, parts.markdown),
    )


def _difference(of: Versioned, since: int, to: int) -> ChapterDiff:
    found = compared(of.id, of.said(since), of.said(to))
    told = {name: getattr(found, name) for name in Comparison.__struct_fields__}
    return ChapterDiff(
        **told,
        id=of.id,
        textbook_id=of.textbook_id,
        chapter_number=of.number,
        before=of.line(since),
        after=of.line(to),
    )
