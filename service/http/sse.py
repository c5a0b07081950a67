"""Server-sent events (WHATWG HTML, 9.2), pulled: a stream holds one page of them at most."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final
from uuid import UUID

import msgspec
from aiohttp import web
from msgspec import Struct

from service.http.token import Principal
from service.refusal import Malformed, Refusal, TooMany

EVENT_STREAM: Final = "text/event-stream"
HEARTBEAT: Final = 15.0
"""Seconds of silence after which a comment shows the line is open."""
RETRY: Final = 3_000
"""Milliseconds a client waits before it comes back."""
LAGGING: Final = 30.0
"""Seconds a client may leave a page untaken before it is sent away."""
TURNS: Final = 3
"""Streams that may read many rows at once, so that they leave connections to other reads."""
BUSY: Final = 30
"""Seconds after which to come back where every stream is taken."""
ASK_AGAIN: Final = 10.0
"""Seconds after which it is asked again whether a follower may still follow."""
PARTING: Final = 5.0
"""Seconds the last words may take to reach a slow client."""
HEADERS: Final = {
    "Content-Type": EVENT_STREAM,
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
}

Still = Callable[[Principal], Awaitable[None]]

_encoder: Final = msgspec.json.Encoder()


class Message(Struct, frozen=True):
    """One event of a stream; `id` is what a client sends back to go on from there: a position."""

    data: Any
    id: int | str | None = None
    event: str | None = None

    def encode(self) -> bytes:
        """Return the message as it is sent; JSON has no line breaks, so one data line will do."""
        id_line = b"" if self.id is None else b"id: %s\n" % str(self.id).encode()
        event_line = b"" if self.event is None else b"event: %s\n" % self.event.encode()
        return id_line + event_line + b"data: " + _encoder.encode(self.data) + b"\n\n"


BYE: Final = Message({"detail": "The service is going down; come back."}, event="bye")
TOO_SLOW: Final = Message({"detail": "You read too slowly; come back."}, event="lagging")


async def _for_ever(_: Principal) -> None:
    """Let everybody go on."""


class Streams:
    """The streams open now: so many a principal and in all, ended when the service drains."""

    def __init__(self, limit: int = 16, most: int = 1_000, still: Still | None = None) -> None:
        """Allow `limit` open streams to each principal, and `most` in all.

        `still` is asked now and then whether a principal may go on; it raises what ends a stream.
        """
        self.still: Final = still or _for_ever
        self.draining = asyncio.Event()
        self.turns = asyncio.Semaphore(TURNS)
        self._limit = limit
        self._most = most
        self._open: Counter[tuple[UUID, str]] = Counter()

    def __len__(self) -> int:
        return self._open.total()

    @contextmanager
    def place(self, principal: Principal) -> Iterator[None]:
        """Hold one of the principal's places, or raise `TooMany`."""
        key = (principal.tenant_id, principal.subject)
        if self._open[key] >= self._limit:
            raise TooMany(f"You have {self._limit} streams open, as many as you may have.")
        if len(self) >= self._most:
            raise TooMany("Too many streams are open; come back later.", retry_after=BUSY)
        self._open[key] += 1
        try:
            yield
        finally:
            self._open[key] -= 1
            self._open += Counter()  # drops principals who have none left


def resume_after(request: web.Request, after: int) -> int:
    """Return the position to go on from: Last-Event-ID if the client sends one, else `after`."""
    header = request.headers.get("Last-Event-ID", "").strip()
    if not header:
        return after
    if not (header.isascii() and header.isdigit() and int(header[:20]) < 2**63):
        raise Malformed("Last-Event-ID takes the id of an event of this stream, which is a number.")
    return int(header)


async def serve(
    request: web.Request,
    principal: Principal,
    streams: Streams,
    pages: AsyncIterator[Sequence[Message]],
    *,
    heartbeat: float = HEARTBEAT,
    lagging: float = LAGGING,
) -> web.StreamResponse:
    """Send `pages` until they end, the client leaves, lags or may not follow, or it drains."""
    clock = asyncio.get_running_loop().time
    with streams.place(principal):
        response = web.StreamResponse(headers=HEADERS)
        await response.prepare(request)
        try:
            await response.write(b"retry: %d\n\n" % RETRY)
            asked = clock()
            async for text in paced(pages, streams.draining, heartbeat):
                if clock() - asked >= min(ASK_AGAIN, heartbeat):
                    await streams.still(principal)
                    asked = clock()
                async with asyncio.timeout(lagging):
                    await response.write(text)
        except TimeoutError:
            await part(request, response)
        except ConnectionError:
            pass  # the client has left
        except Refusal as refusal:
            await response.write(Message({"detail": str(refusal)}, event="bye").encode())
        response.force_close()
        return response


async def part(request: web.Request, response: web.StreamResponse) -> None:
    """Say why a slow client is sent away; cut the line if it does not take even that."""
    if request.transport is not None:
        asyncio.get_running_loop().call_later(2 * PARTING, request.transport.abort)
    with suppress(TimeoutError, ConnectionError):
        async with asyncio.timeout(PARTING):
            await response.write(TOO_SLOW.encode())


async def paced(
    pages: AsyncIterator[Sequence[Message]], draining: asyncio.Event, heartbeat: float
) -> AsyncIterator[bytes]:
    """Yield what to write: pages as they come, a comment in each silence, `bye` at the end."""
    drained = asyncio.ensure_future(draining.wait())
    coming: asyncio.Future[Sequence[Message]] | None = None
    try:
        while True:
            coming = coming or asyncio.ensure_future(_next(pages))
            either: set[asyncio.Future[Any]] = {coming, drained}
            await asyncio.wait(either, timeout=heartbeat, return_when=asyncio.FIRST_COMPLETED)
            if drained.done():
                yield BYE.encode()
                return
            if not coming.done():
                yield b": still here\n\n"
                continue
            page, coming = coming.result(), None
            if not page:
                return
            yield b"".join(message.encode() for message in page)
    finally:
        await _end(drained, coming)


async def _next(pages: AsyncIterator[Sequence[Message]]) -> Sequence[Message]:
    # Not anext(pages, ()): cancelled while it waits, CPython 3.11 raises SystemError from it.
    try:
        return await anext(pages)
    except StopAsyncIteration:
        return ()


async def _end(*futures: asyncio.Future[Any] | None) -> None:
    for future in futures:
        if future is not None:
            future.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await future
