"""The log over HTTP: a feed of CloudEvents 1.0, polled or followed, and single streams.

A caller sees the events of the token's tenant without the private payloads: those belong to
persons, and no role reads them here. What is about people and their keys only administrators see.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from aiohttp import web
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from service.http import guard, paging, sse
from service.http.body import Nothing
from service.http.call import Answer, Call, Position
from service.http.paging import Page, Paged
from service.http.sse import EVENT_STREAM, Message
from service.log.event import Recorded, read_range
from service.refusal import NotFound

BATCH: Final = "application/cloudevents-batch+json"
CONFIDENTIAL: Final = (
    "account",
    "claim",
    "session",
    "service-token",
    "origin",
    "audit",
    "tenant",
    "erasure",
)
"""Categories of streams that tell who somebody is, where he is, and what he was refused."""
LIVE_PAGE: Final = 200
"""Events a live stream holds at once."""


class Feed(Struct, frozen=True, forbid_unknown_fields=True):
    """Which events: those after a position, of these types (comma between), of one stream."""

    after: Position = 0
    types: Annotated[str, Meta(max_length=1000, examples=["course.ready,course.failed"])] = ""
    stream: UUID | None = None
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100


class CloudEvent(Struct, frozen=True):
    """One event (CloudEvents 1.0.2, JSON format); `sequence` is its position in the log."""

    id: str
    source: str
    type: str
    subject: str
    time: datetime
    data: Raw
    sequence: str
    partitionkey: str
    streamversion: int
    traceparent: str | UnsetType = UNSET
    specversion: Literal["1.0"] = "1.0"
    datacontenttype: Literal["application/json"] = "application/json"


class EventView(Struct, frozen=True):
    """One event of a stream, as the log has it."""

    position: int
    version: int
    type: str
    recorded_at: datetime
    actor: str
    data: Raw


class Noted(Struct, frozen=True):
    """What of an event's metadata is shown."""

    actor: str = ""
    traceparent: str = ""


async def events(call: Call[Nothing, Feed]) -> Answer[list[CloudEvent]] | web.StreamResponse:
    """Read the events after a position, or follow them live.

    With `Accept: text/event-stream` the answer does not end: each event comes as it is folded into
    the read models, `id` being its position. A batch may be empty: ask again with the same `after`.
    """
    start = await guard.resumed(call, call.query.after)
    if EVENT_STREAM in call.request.headers.get("Accept", ""):
        return await sse.serve(
            call.request, call.principal, call.resources.streams, live(call, start)
        )
    recorded = await page(call, start, call.query.limit)
    if not recorded:
        return Answer([])
    following = call.request.rel_url.update_query(after=str(recorded[-1].position))
    return Answer(
        [cloud_event(event) for event in recorded], {"Link": f'<{following}>; rel="next"'}
    )


async def stream(call: Call[Nothing, Paged]) -> Answer[Page[EventView]]:
    """Read the events of one stream, oldest first."""
    return await history(call, call.path["stream"])


async def history(call: Call[Nothing, Paged], stream_id: UUID) -> Answer[Page[EventView]]:
    """Answer with a page of one stream's events. Raises NotFound where the tenant has none."""
    after = await guard.known(paging.after(call, int) or 0, "cursor", call.resources)
    recorded = await read_range(
        call.resources.database,
        call.tenant_id,
        after,
        stream_id=stream_id,
        limit=call.query.limit + 1,
        without=hidden(call),
    )
    if not recorded and not after:
        raise NotFound
    return paging.page(call, [event_view(event) for event in recorded], _position)


async def page(call: Call[Nothing, Feed], after: int, limit: int) -> Sequence[Recorded]:
    """Return the next events that the caller asks for."""
    types = tuple(name for text in call.query.types.split(",") if (name := text.strip()))
    return await read_range(
        call.resources.database,
        call.tenant_id,
        after,
        types=types,
        stream_id=call.query.stream,
        limit=limit,
        without=hidden(call),
    )


def hidden(call: Call[Any, Any]) -> tuple[str, ...]:
    """Return the categories that this caller does not see."""
    return () if call.principal.role == "admin" else CONFIDENTIAL


async def live(call: Call[Nothing, Feed], after: int) -> AsyncIterator[Sequence[Message]]:
    """Yield pages of events as they come, never more than one page ahead of the client."""
    while True:
        seen = call.resources.tail.position
        recorded = await page(call, after, LIVE_PAGE)
        if recorded:
            after = recorded[-1].position
            yield [Message(cloud_event(e), id=e.position, event=e.type) for e in recorded]
        else:
            await call.resources.follow.beyond(seen)


def cloud_event(recorded: Recorded) -> CloudEvent:
    """Return an event as the CloudEvents specification has it."""
    noted = msgspec.json.decode(recorded.metadata, type=Noted)
    return CloudEvent(
        id=str(recorded.position),
        source=f"/tenants/{recorded.tenant_id}/streams/{recorded.stream_id}",
        type=recorded.type,
        subject=str(recorded.stream_id),
        time=recorded.recorded_at,
        data=Raw(recorded.data),
        sequence=str(recorded.position),
        partitionkey=str(recorded.stream_id),
        streamversion=recorded.version,
        traceparent=noted.traceparent or UNSET,
    )


def event_view(recorded: Recorded) -> EventView:
    """Return an event as its stream shows it."""
    noted = msgspec.json.decode(recorded.metadata, type=Noted)
    return EventView(
        recorded.position,
        recorded.version,
        recorded.type,
        recorded.recorded_at,
        noted.actor,
        Raw(recorded.data),
    )


def _position(event: EventView) -> int:
    return event.position
