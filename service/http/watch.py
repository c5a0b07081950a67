"""Slow clients: each connection is looked at now and then, and let go if it only holds us up.

Nothing is measured where requests are served: a look compares with what it saw the last time.
"""

from typing import Final, Literal

from aiohttp import web
from msgspec import Struct

KIBIBYTE: Final = 1024

Verdict = Literal["idle", "head", "body", "answer"]
"""What a client is too slow with: a request at all, its head, its body, taking its answer."""


class Patience(Struct, frozen=True):
    """How long clients may take, in seconds.

    `idle` is for a new connection over which nothing comes, and while there is a crowd for every
    other that waits for its next request, which has `kept` at other times: longer than proxies
    keep theirs, so that they never write to one that we close. `head` is for the whole of a
    request's head, from its first byte. A body, and an answer that is ready, must go on within
    `stall`, and after `grace` at `pace` bytes a second, all told. `every` is between two looks.
    """

    idle: float = 10.0
    kept: float = 75.0
    head: float = 10.0
    stall: float = 10.0
    grace: float = 10.0
    pace: int = 16 * KIBIBYTE
    every: float = 1.0


PATIENCE: Final = Patience()


class SlowError(TimeoutError):
    """What was to come does not, or comes too slowly; whoever waits for it is told so."""


class Sight:
    """What the looks at one connection have seen: something that goes on, and since when not."""

    __slots__ = ("amount", "began", "first", "moved", "what")

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self.what: object = None
        self.first = self.amount = 0
        self.began = self.moved = 0.0

    def see(self, what: object, amount: int, now: float) -> None:
        """Take note of how far `what` has come."""
        if what != self.what:
            self.what, self.first, self.began = what, amount, now
        elif amount == self.amount:
            return
        self.amount, self.moved = amount, now

    def stalls(self, now: float, of: Patience) -> bool:
        """Tell whether it has not moved for too long."""
        return now - self.moved >= of.stall

    def drips(self, now: float, of: Patience) -> bool:
        """Tell whether it moves, but too slowly."""
        return self.amount - self.first < of.pace * (now - self.began - of.grace)


def judge(
    connection: web.RequestHandler,
    sight: Sight,
    now: float,
    of: Patience,
    *,
    heads: float,
    waiting: int,
) -> Verdict | None:
    """Return what the client is too slow with, None if all is well.

    `heads` is how many of its requests' heads have come, and a half if one has begun; `waiting`
    is how many bytes it has not taken: while a request is still being served, these are of a
    stream, which minds its reader itself. aiohttp has no public names for what it waits for.
    """
    if waiting and connection._current_request is None:  # noqa: SLF001
        sight.see("answer", -waiting, now)
        return "answer" if sight.stalls(now, of) or sight.drips(now, of) else None
    if connection._waiter is not None:  # noqa: SLF001
        sight.see(heads, 0, now)
        return asking(heads, now - sight.began, of)
    return sending(connection, sight, now, of)


def asking(heads: float, seconds: float, of: Patience) -> Verdict | None:
    """Judge a connection over which a request is to come; for so long it has not."""
    if heads % 1:
        return "head" if seconds >= of.head else None
    return "idle" if seconds >= (of.kept if heads else of.idle) else None


def sending(
    connection: web.RequestHandler, sight: Sight, now: float, of: Patience
) -> Verdict | None:
    """Judge a connection whose request is being served; a body we are slow to read is no fault."""
    request = connection._current_request  # noqa: SLF001
    content = request.content if request is not None else None
    if content is None or content.is_eof() or connection._reading_paused:  # noqa: SLF001
        sight.what = None
        return None
    sight.see(content, content.total_raw_bytes, now)
    return "body" if sight.stalls(now, of) or sight.drips(now, of) else None
