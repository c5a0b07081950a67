"""A textbook and its chapters as they were at a position.

Slugs are those of now: which number a slug gets depends on the other textbooks of the tenant, but
once given it stays.
"""

from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from service.database import Database
from service.projection.glimpse import glimpse
from service.sql import SQL
from service.textbook.decider import NoSuchTextbook
from service.textbook.views import ChapterLine, ChapterView, TextbookView

L = TypeVar("L", bound=ChapterLine)


class Contents(Struct, frozen=True):
    """A table of contents, and the version that the textbook had."""

    version: int
    chapters: list[ChapterLine]


async def textbook(database: Database, of: TextbookView, position: int) -> TextbookView:
    """Return the textbook as it stood. Raises NoSuchTextbook where there was none yet."""
    answer = await _asked(database, of, position, "textbook/textbook_then")
    if answer is None:
        raise _none_yet(position)
    return replace(msgspec.json.decode(answer, type=TextbookView), slug=of.slug)


async def chapters(database: Database, of: TextbookView, position: int) -> Contents:
    """Return its table of contents as that stood. Raises NoSuchTextbook."""
    answer = await _asked(database, of, position, "textbook/chapters_then")
    if answer is None:
        raise _none_yet(position)
    then = msgspec.json.decode(answer, type=Contents)
    return replace(then, chapters=[_addressed(each, of) for each in then.chapters])


async def chapter(
    database: Database, of: TextbookView, number: int, position: int
) -> ChapterView | None:
    """Return one of its chapters as that stood; None where it had no text yet."""
    answer = await _asked(database, of, position, "textbook/chapter_then", number=number)
    if answer is None:
        return None
    return _addressed(msgspec.json.decode(answer, type=ChapterView), of)


async def _asked(
    database: Database, of: TextbookView, position: int, query: str, **more: Any
) -> msgspec.Raw | None:
    streams = [of.id, of.job_id]
    argument = {"id": of.id, **more}
    return await glimpse(
        database, ["textbook"], streams, position, query=SQL[query], argument=argument
    )


def _addressed(line: L, of: TextbookView) -> L:
    """Return a chapter with the address that it has below its textbook's slug of now."""
    if line.docusaurus_url is None:
        return line
    return replace(line, docusaurus_url=f"/docs/{of.slug}/{line.docusaurus_url.split('/')[-1]}")


def _none_yet(position: int) -> NoSuchTextbook:
    return NoSuchTextbook(f"This textbook did not exist yet at position {position}.")
