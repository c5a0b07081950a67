"""A connection: what happens on it before any application code runs, made to our manners."""

import asyncio
import socket
import struct
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, cast

from aiohttp import web
from aiohttp.http_exceptions import BadHttpMessage, LineTooLong
from aiohttp.streams import EMPTY_PAYLOAD
from aiohttp.web_protocol import _ErrInfo

from service.http import problem, watch
from service.http.careful import harden
from service.http.crowd import Crowd
from service.http.trace import begin
from service.http.watch import Patience, Sight, SlowError
from service.refusal import HeadTooLarge, Malformed, Refusal, TooSlow

LINE_MAX: Final = 8190
"""Bytes of a request's first line, and of each line of its header."""
LINES_MAX: Final = 100
"""Lines of a header."""
HEAD_MAX: Final = 64 * 1024
"""Bytes of a whole head, which would otherwise be lines times bytes of a line."""
GONE: Final = 30_000
"""Milliseconds after which a client that confirms nothing is taken to be gone (RFC 5482)."""


class Connection(web.RequestHandler):
    """A connection that is counted, watched, and told in a problem document what is wrong."""

    __slots__ = ("begun", "crowd", "head", "line", "marks", "sight")

    def __init__(
        self, server: web.Server, crowd: Crowd, marks: Mapping[str, str], **options: Any
    ) -> None:
        """Begin with nothing seen; `marks` are on each answer of its own."""
        super().__init__(server, **options)
        self.crowd = crowd
        self.marks = marks
        self.line: str | None = None
        self.sight = Sight()
        self.begun = False
        self.head = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, or end it at once where there are too many."""
        peer = transport.get_extra_info("peername")
        self.line = self.crowd.enter(str(peer[0]) if isinstance(peer, tuple) else "")
        if self.line is None:
            cast("asyncio.Transport", transport).abort()
        else:
            super().connection_made(transport)
            give_up_on_silence(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Let the place go."""
        if self.line is not None:
            self.crowd.leave(self.line)
            self.line = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; take note of a head that has begun."""
        request, count = self._current_request, self._request_count
        waits = self._waiter is not None or (request.content.is_eof() if request else not count)
        # Once a head is queued, what follows is its body, though nobody has begun to read it.
        asking = waits and not self._messages
        super().data_received(data)
        if self._request_count != count:
            self.begun, self.head = False, 0
        elif asking and data:
            self.begun = True
            self.head += len(data)
            if self.head > HEAD_MAX:
                self.end_with(HeadTooLarge(f"The head is larger than {HEAD_MAX} bytes."))

    def look(self, transport: asyncio.Transport, now: float, patience: Patience) -> None:
        """Let the connection go, if its client is too slow."""
        waiting, heads = transport.get_write_buffer_size(), self._request_count + self.begun / 2
        match watch.judge(self, self.sight, now, patience, heads=heads, waiting=waiting):
            case "idle":
                transport.close()
            case "head":
                self.end_with(TooSlow("The head of the request did not arrive in time."))
            case "body" if self._current_request is not None:
                self._current_request.content.set_exception(SlowError())
            case "answer":
                self.crowd.turned_away("slow to take their answers")
                cut(transport)

    def end_with(self, refusal: Refusal) -> None:
        """Answer what has come of a request with `refusal`, and close."""
        if self._waiter is not None and not self._waiter.done():
            self._request_count += 1
            self._messages.append((_ErrInfo(400, refusal, ""), EMPTY_PAYLOAD))
            self._waiter.set_result(None)
        else:
            self.close()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Return the answer to a request that cannot be read, and close the connection.

        aiohttp repeats an Expect that it does not know, and fails where that is no text.
        """
        ours = status >= 500 and not isinstance(exc, UnicodeEncodeError)  # noqa: PLR2004 - RFC 9110
        if ours or request.writer.output_size > 0:
            return super().handle_error(request, status, exc, message)
        refusal = refusal_of(exc)
        self.crowd.turned_away(WORDS[type(refusal)])
        response = problem.response(refusal, request.path, begin(None).trace_id)
        harden(response, self.marks)
        response.force_close()
        return response

    def log_access(self, request: web.BaseRequest, *rest: Any) -> None:
        """Write a line about each request; what is none is only counted."""
        if request.method != "UNKNOWN":
            super().log_access(request, *rest)


WORDS: Final = {
    Malformed: "who spoke no HTTP",
    HeadTooLarge: "with too large a head",
    TooSlow: "slow to send a request",
}
"""What the log says of them."""


def refusal_of(error: BaseException | None) -> Refusal:
    """Return what `error` of the parser is to the client."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, LineTooLong):
        return HeadTooLarge(f"A line of the head is longer than {LINE_MAX} bytes.")
    if isinstance(error, BadHttpMessage) and "Too many headers" in error.message:
        return HeadTooLarge(f"The head has more than {LINES_MAX} header lines.")
    return Malformed("The request is not well-formed HTTP/1.1.")


def cut(transport: asyncio.Transport) -> None:
    """End a connection, and let go of what the operating system still holds to be sent."""
    connection = transport.get_extra_info("socket")
    if connection is not None:
        with suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def give_up_on_silence(transport: asyncio.BaseTransport) -> None:
    """Let the operating system end a connection whose other end has vanished without a word."""
    connection = transport.get_extra_info("socket")
    if connection is not None and hasattr(socket, "TCP_USER_TIMEOUT"):
        with suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, GONE)
