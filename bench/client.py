"""A load generator for HTTP/1.1: bare protocols on kept connections, far from being the limit."""

import asyncio
import time
from typing import Any, Final

from bench.ratio import CouldNotMeasure, percentile

WARM: Final = 0.25
HEAD_END: Final = b"\r\n\r\n"
LENGTH: Final = b"content-length:"


class Caller(asyncio.Protocol):
    """One connection that sends the same request again once it is answered."""

    def __init__(self, request: bytes, tally: "Tally") -> None:
        """Send `request`, and count into `tally`."""
        self._request = request
        self._tally = tally
        self._received = b""
        self._transport: Any = None
        self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        """Send the next request once the answer to the last one is whole."""
        self._received += data
        head, end, body = self._received.partition(HEAD_END)
        if not end or len(body) < _length(head):
            return
        self._received = b""
        if self._tally.note(int(head[9:12]), self._sent):
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, _error: Exception | None) -> None:
        """Count the connection as ended."""
        self._tally.left()

    def _send(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(self._request)


class Tally:
    """What all connections of a storm come to, in `seconds` or up to `most` answers."""

    def __init__(self, connections: int, seconds: float, most: int | None) -> None:
        """Begin to count after a start that does not count, unless a number is wanted."""
        warm = 0.0 if most else seconds * WARM
        self.begin = time.perf_counter() + warm
        self._end = self.begin + seconds
        self._most = most
        self._open = connections
        self.latencies: list[float] = []
        self.refused: dict[int, int] = {}
        self.finished = asyncio.Event()

    def note(self, status: int, sent: float) -> bool:
        """Take an answer; return whether to send another request."""
        now = time.perf_counter()
        if not 200 <= status < 300:
            self.refused[status] = self.refused.get(status, 0) + 1
        elif self.begin <= now <= self._end:
            self.latencies.append(now - sent)
        if self._most is not None:
            return len(self.latencies) + self._open <= self._most and not self.refused
        return now < self._end

    def left(self) -> None:
        """Take note that a connection has ended."""
        self._open -= 1
        if not self._open:
            self.finished.set()


async def storm(
    *,
    port: int,
    path: str,
    body: str,
    headers: dict[str, str],
    connections: int,
    seconds: float,
    most: int | None = None,
) -> dict[str, float]:
    """POST `body` on each connection again and again; return requests, seconds, p50 and p99.

    Raises CouldNotMeasure where an answer is none of 2xx.
    """
    request = _request(path, body, headers)
    tally = Tally(connections, seconds, most)
    started = time.perf_counter()
    loop = asyncio.get_running_loop()
    for _ in range(connections):
        await loop.create_connection(lambda: Caller(request, tally), "127.0.0.1", port)
    await asyncio.wait_for(tally.finished.wait(), seconds * (1 + WARM) + 30)
    if tally.refused:
        raise CouldNotMeasure(f"Requests were answered {tally.refused} instead of 2xx.")
    return {
        "requests": len(tally.latencies),
        "seconds": time.perf_counter() - started if most else seconds,
        "p50": percentile(tally.latencies, 0.5),
        "p99": percentile(tally.latencies, 0.99),
    }


def _request(path: str, body: str, headers: dict[str, str]) -> bytes:
    content = body.encode()
    fixed = {
        "Host": "127.0.0.1",
        "Content-Type": "application/json",
        "Content-Length": str(len(content)),
        **headers,
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in fixed.items())
    return f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode() + content


def _length(head: bytes) -> int:
    """Return the content length an answer's head states, 0 if it states none."""
    lowered = head.lower()
    at = lowered.find(LENGTH)
    return int(lowered[at + len(LENGTH) :].split(b"\r\n", 1)[0]) if at >= 0 else 0
