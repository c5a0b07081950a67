"""Textbooks and their chapters, to read, and to let out what is ready."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote

from aiohttp import web
from markupsafe import Markup
from msgspec import Meta, Struct

from service.console.course import PAGE, mark, moment
from service.console.page import Shown, Visit, decided, redirect
from service.console.people import named
from service.course.content import Citation
from service.export.direction import of_language, well_formed
from service.http.markdown import rendered
from service.http.query import query
from service.sql import SQL
from service.textbook import views
from service.textbook.chapter import NoSuchChapter
from service.textbook.commands import PublishTextbook
from service.textbook.content import Booster
from service.textbook.decider import TEXTBOOK, NoSuchTextbook
from service.textbook.export import Name, exported
from service.textbook.out import out
from service.textbook.views import ChapterLine, ChapterView, TextbookView

EVENTS: Final = 200
"""The latest events of a textbook's history that are on its page."""
TAKEN: Final[dict[Name, str]] = {
    "epub": "EPUB",
    "pdf": "PDF",
    "html": "a page to print",
    "docusaurus": "a Docusaurus site",
    "anki": "an Anki deck",
    "moodle": "Moodle XML",
    "gift": "GIFT",
}
"""What each format is called on a page."""
BELOW: Final = 2
"""Levels by which headings in what stands in a section of the page are lower than they say."""


class Which(Struct, frozen=True, forbid_unknown_fields=True):
    """Which textbooks: in this state, older than a moment (microseconds) and an id."""

    status: Literal["QUEUED", "GENERATING", "READY", "FAILED"] | None = None
    before: Annotated[str, Meta(pattern=r"^[0-9]{1,16}_[0-9a-f]{32}$")] | None = None


class Wanted(Struct, frozen=True, forbid_unknown_fields=True):
    """The format to take it in."""

    format: Name


class Happened(Struct, frozen=True):
    """One event of a textbook; what it does not speak of is None."""

    type: str
    recorded_at: datetime
    number: int | None
    version: int | None
    title: str | None
    note: str | None


async def browse(visit: Visit) -> Shown:
    """List textbooks, newest first."""
    which = query(visit.request, Which)
    rows = await views.page(
        visit.resources.database,
        visit.tenant_id,
        status=which.status,
        before=moment(which.before),
        limit=PAGE + 1,
    )
    more = mark(rows[PAGE - 1]) if len(rows) > PAGE else None
    return Shown("textbooks.html", {"textbooks": rows[:PAGE], "which": which, "more": more})


async def show(visit: Visit) -> Shown:
    """Show a textbook: where it stands, its chapters and what is wrong with them, its history."""
    textbook, lines = await opened(visit)
    asked = SQL["console/textbook_history"], visit.tenant_id, textbook.id, EVENTS
    events = [Happened(**row) for row in await visit.resources.database.fetch(*asked)]
    values = {
        "textbook": textbook,
        "chapters": lines,
        "events": events,
        "ready": sum(line.status == "validated" for line in lines),
        "writing": writing(textbook, lines),
        "own": way(textbook),
        "formats": TAKEN,
        "people": await named(visit.resources.database, visit.tenant_id, [textbook.user_id]),
    }
    return Shown("textbook.html", values)


async def read(visit: Visit) -> Shown:
    """Show one chapter as its latest version stands, with all its parts."""
    textbook, lines = await opened(visit)
    number = visit.path["chapter"]
    of = visit.resources.database
    chapter = await views.chapter(of, visit.tenant_id, textbook.id, number)
    if chapter is None:
        raise NoSuchChapter
    written = {line.chapter_number: line for line in lines if line.version}
    values = {
        "textbook": textbook,
        "chapter": chapter,
        "sources": sources(chapter.sources),
        "before": written.get(number - 1),
        "after": written.get(number + 1),
        "writing": writing(textbook, [chapter]),
        "own": way(textbook),
    }
    return Shown("chapter.html", values | await asyncio.to_thread(_texts, chapter))


async def publish(visit: Visit) -> web.Response:
    """Publish every chapter that is ready."""
    textbook, _ = await opened(visit)
    await decided(visit, TEXTBOOK, textbook.id, PublishTextbook())
    return redirect(f"/console/textbooks/{textbook.id}")


async def export(visit: Visit) -> web.Response:
    """Send what is published of a textbook in a format, as a file to keep."""
    wanted, of = query(visit.request, Wanted), visit.resources
    book = await out(of.database, visit.tenant_id, visit.path["textbook"])
    made = await exported(book, wanted.format, of.settings.chromium)
    headers = {
        "Content-Type": made.media,
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(made.name)}",
    }
    return web.Response(body=made.data, headers=headers)


async def opened(visit: Visit) -> tuple[TextbookView, list[ChapterLine]]:
    """Return the textbook of the path and its contents. Raises `NoSuchTextbook`."""
    database = visit.resources.database
    textbook = await views.textbook(database, visit.tenant_id, visit.path["textbook"])
    if textbook is None:
        raise NoSuchTextbook
    return textbook, await views.chapters(database, visit.tenant_id, textbook.id)


def writing(textbook: TextbookView, lines: Sequence[ChapterLine]) -> bool:
    """Whether something is still being made, so that a page is soon another."""
    made = textbook.status in {"QUEUED", "GENERATING"}
    return made or any(line.status == "generated" for line in lines)


def way(textbook: TextbookView) -> dict[str, str]:
    """Return the attributes of an element whose text is the textbook's own."""
    return {"lang": well_formed(textbook.language), "dir": of_language(textbook.language)}


def sources(citations: Sequence[Citation]) -> list[tuple[str, list[Citation]]]:
    """Return the documents a chapter was made of, each with the sentences taken from it."""
    by_path = sorted(citations, key=attrgetter("path"))
    return [(path, list(group)) for path, group in groupby(by_path, key=attrgetter("path"))]


def _texts(chapter: ChapterView) -> dict[str, Any]:
    """Return a chapter's text and its boosters as HTML."""
    boosters: list[tuple[Booster, Markup]] = [
        (one, rendered(one.content, BELOW)) for one in chapter.boosters
    ]
    return {"text": rendered(chapter.markdown, 0), "boosters": boosters}
