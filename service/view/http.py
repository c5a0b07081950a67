"""Views over HTTP: what there is, pages of rows, whole downloads, and rows as they change."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote

import msgspec
from aiohttp import web
from msgspec import Meta, Raw, Struct, field

from service.http import guard, paging, sse
from service.http.body import JSON, Nothing
from service.http.call import Answer, Call, Position, Read
from service.http.download import Download
from service.http.paging import Paged
from service.http.query import misfit
from service.http.sse import EVENT_STREAM, Message
from service.view import changes, hub, rows
from service.view.catalogue import View, catalogue
from service.view.changes import Place, place_of
from service.view.question import NoSuchView, Question

CSV: Final = "text/csv"
NDJSON: Final = "application/x-ndjson"
MEDIA: Final[dict[str, rows.Encoding]] = {CSV: "csv", NDJSON: "ndjson", JSON: "json"}
DOWNLOADS: Final = {"csv": f"{CSV}; charset=utf-8; header=present", "ndjson": NDJSON}
BUDGET: Final = 8 * 1024 * 1024
"""Characters after which a page is cut short; the next one goes on."""
SECONDS: Final = 25.0
CURSOR_MAX: Final = 2800
"""Bytes of a place that still fit into an address."""
FOUND: Final = (NoSuchView,)

FILTERS: Final = """\
Any other parameter is a filter: a column, and after a dot how to compare it, as in \
`status=READY&lessons_ready.gte=3&created_at.lt=2026-01-01T00:00:00Z&title.like=%cell%`. \
Comparisons are `eq` (also without a word), `ne` (NULL differs from every value), `lt`, `lte`, \
`gt`, `gte`, `in` (values with commas between), `like` and `ilike` (`%` for any text, `_` for any \
character), and `is` with `null` or `notnull`."""


class Ask(Paged, frozen=True):
    """Which rows and columns, in which order and format."""

    sort: Annotated[
        str,
        Meta(max_length=1000, description="Columns with commas between, - before one: descending."),
    ] = ""
    columns: Annotated[
        str, Meta(max_length=2000, description="The columns to show, with commas between; or all.")
    ] = ""
    format: Annotated[
        Literal["json", "csv", "ndjson"] | None,
        Meta(description="Instead of the Accept header; csv and ndjson are the whole result."),
    ] = None
    after: Annotated[
        Position | None,
        Meta(description="For an event stream: the position to go on from, instead of from now."),
    ] = None
    others: Annotated[dict[str, str], Meta(description=FILTERS)] = field(default_factory=dict)


class Rows(Struct, frozen=True):
    """Part of a view's rows; `next` is the address of the following part, null at the end."""

    items: Annotated[Raw, Meta(extra_json_schema={"type": "array", "items": {"type": "object"}})]
    next: str | None = None


async def browse(call: Call[Nothing, Read]) -> Answer[list[View]]:
    """List the views: what each is, what identifies a row, and its columns."""
    return Answer(await catalogue(call.resources.database))


async def show(call: Call[Nothing, Ask]) -> Answer[Rows] | Download | web.StreamResponse:
    """Read the rows of a view, filtered, sorted, a page at a time; download or follow them.

    As `text/csv` or `application/x-ndjson` the answer is the whole result, however long; a line
    that breaks off before its end means that something went wrong. In CSV a text that begins with
    `=`, `+`, `-` or `@` has an apostrophe before it, since spreadsheets take such texts for
    formulas; NDJSON has every value as it is.

    With `Accept: text/event-stream` the answer does not end: each row comes as it changes, as it
    then is. Rows that go away are not told of. `Last-Event-ID` goes on where a client was cut off.
    """
    query = call.query
    question = Question(
        call.path["view"], call.tenant_id, query.others, listed(query.sort), listed(query.columns)
    )
    accepted = call.request.headers.get("Accept", "")
    if query.format is None and EVENT_STREAM in accepted:
        return await follow(call, question)
    media = (kind for kind in MEDIA if kind in accepted)
    encoding = query.format or MEDIA[next(media, JSON)]
    return (
        await page(call, question)
        if encoding == "json"
        else await download(call, question, encoding)
    )


async def page(call: Call[Any, Ask], question: Question) -> Answer[Rows]:
    """Answer with a page, and the address of the next."""
    after = paging.after(call, list[str | None])
    part = await rows.read(
        call.resources.database,
        question,
        "json",
        after=after,
        limit=call.query.limit,
        budget=BUDGET,
        timeout=SECONDS,
    )
    items = Raw(b"[" + part.page + b"]")
    if not part.more:
        return Answer(Rows(items))
    if len(msgspec.json.encode(part.last)) > CURSOR_MAX:
        raise misfit("sort", "The values to go on from are too long; take format=ndjson instead.")
    address = paging.following(call, part.last)
    return Answer(Rows(items, address), {"Link": f'<{address}>; rel="next"'})


async def download(call: Call[Any, Ask], question: Question, encoding: rows.Encoding) -> Download:
    """Answer with all rows, or with the first few where the caller gives a limit."""
    if call.query.cursor is not None:
        raise misfit("cursor", "A download is the whole result; it has no pages.")
    limit = call.query.limit if "limit" in call.request.rel_url.query else None
    resources = call.resources
    pages = rows.all_of(resources.database, resources.streams, question, encoding, limit)
    first = await anext(pages)
    name = f"{quote(question.view, safe='')}.{encoding}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Download(DOWNLOADS[encoding], chained(first, pages), headers)


async def chained(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield the first page, asked for while a status could still be sent, and the rest."""
    yield first
    async for piece in rest:
        yield piece


async def follow(call: Call[Any, Ask], question: Question) -> web.StreamResponse:
    """Answer with the rows that change, as they change."""
    for name in ("sort", "cursor", "limit"):
        if name in call.request.rel_url.query:
            raise misfit(name, "Changed rows come one by one, in the order of the log.")
    place = await start(call)
    resources = call.resources
    reading = await changes.read(resources.database, question.view, [question], place)
    pages = live(call, question, place, reading)
    return await sse.serve(call.request, call.principal, resources.streams, pages)


async def start(call: Call[Any, Ask]) -> Place | None:
    """Return the place to go on from, None for now. Raises `Invalid` for one of another log."""
    sent = call.request.headers.get("Last-Event-ID", "").strip()
    after = call.query.after
    place = place_of(sent) if sent else None if after is None else Place(after)
    if place is not None:
        await guard.known(place.position, "Last-Event-ID" if sent else "after", call.resources)
    return place


async def live(
    call: Call[Any, Ask], question: Question, place: Place | None, reading: changes.Reading
) -> AsyncIterator[Sequence[Message]]:
    """Yield what has changed since `place`, beginning with `reading`, then what changes."""
    of = call.resources
    while found := reading.changes.get(0):
        yield hub.messages(found)
        if reading.more is None:
            break
        async with of.streams.turns:
            reading = await changes.read(of.database, question.view, [question], reading.more)
    at = max(reading.upto, place.position if place else 0)
    with of.hubs.seat(question, of.database, of.tail, of.follow, reading.upto) as seat:
        async for page in hub.taken(seat, of.database, Place(at)):
            yield page


def listed(text: str) -> tuple[str, ...]:
    """Return the names in a text that has commas between them."""
    return tuple(name for part in text.split(",") if (name := part.strip()))
