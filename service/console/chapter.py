"""A chapter's versions: which there are, how two differ, which readers are to have."""

import asyncio
from typing import Any

from aiohttp import web

from service.console.page import Shown, Visit, decided, redirect
from service.console.people import named
from service.console.revision import FORM_MAX, Number, Which, runs
from service.console.textbook import opened, way
from service.http import form
from service.http.form import Fields
from service.http.query import query
from service.textbook.commands import Command, PublishChapter, RollBackChapter
from service.textbook.comparison import Comparison, compared
from service.textbook.decider import TEXTBOOK
from service.textbook.version import Versioned, versioned
from service.textbook.version_http import chosen
from service.textbook.views import TextbookView


class Chosen(Fields, frozen=True):
    """The version that was looked at."""

    version: Number


async def browse(visit: Visit) -> Shown:
    """Show the versions of a chapter, newest first."""
    textbook, of = await found(visit)
    return await _shown(visit, "versions.html", textbook, of, {"lines": of.lines[::-1]})


async def compare(visit: Visit) -> Shown:
    """Show how two versions of a chapter differ, in their texts and in their parts."""
    textbook, of = await found(visit)
    which = query(visit.request, Which)
    since, to = chosen(of, which.since, which.to)
    told: Comparison = await asyncio.to_thread(compared, of.id, of.said(since), of.said(to))
    values = {
        "before": of.line(since),
        "after": of.line(to),
        "diff": told,
        "runs": runs(told.blocks),
        "same": not told.changes and all(map(_same, _parts(told))),
    }
    return await _shown(visit, "versions_diff.html", textbook, of, values)


async def publish(visit: Visit) -> web.Response:
    """Let the version that was looked at out."""
    sent = await form.read_fields(visit.request, Chosen, FORM_MAX)
    return await _done(visit, PublishChapter(visit.path["chapter"], sent.version))


async def roll_back(visit: Visit) -> web.Response:
    """Make a version the latest again."""
    sent = await form.read_fields(visit.request, Chosen, FORM_MAX)
    return await _done(visit, RollBackChapter(visit.path["chapter"], sent.version))


async def found(visit: Visit) -> tuple[TextbookView, Versioned]:
    """Return the chapter of the path. Raises NoSuchTextbook and NoSuchChapter."""
    of = visit.resources
    textbook, _ = await opened(visit)
    number = visit.path["chapter"]
    return textbook, await versioned(of.log, of.database, visit.tenant_id, textbook.id, number)


def _parts(told: Comparison) -> list[Any]:
    return [*told.blocks, *told.takeaways, *told.questions, *told.boosters]


def _same(change: Any) -> bool:
    return bool(change.change == "same")


async def _shown(
    visit: Visit, template: str, textbook: TextbookView, of: Versioned, values: dict[str, Any]
) -> Shown:
    actors = (line.actor for line in of.lines)
    people = await named(visit.resources.database, visit.tenant_id, actors)
    about = {"textbook": textbook, "chapter": of, "people": people, "own": way(textbook)}
    return Shown(template, about | values)


async def _done(visit: Visit, command: Command) -> web.Response:
    """Decide on a command, and lead back to the versions."""
    textbook, of = await found(visit)
    await decided(visit, TEXTBOOK, textbook.id, command)
    return redirect(f"/console/textbooks/{textbook.id}/chapters/{of.number}/versions")
