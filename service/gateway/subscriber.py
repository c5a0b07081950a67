"""Subscribers: they pass what has happened on to another system, each event at least once.

A subscriber has a checkpoint and a lease, both in one row of the database: of all processes one
runs it, and whoever takes it up goes on where the one before had come to. So a handler may see the
same events again, after a kill or a failure, and must do no harm then: what it does goes by the
position of the event, which is always the same.
"""

import asyncio
import logging
import os
import platform
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from msgspec import Struct
from uuid_utils.compat import uuid7

from service.database import Database
from service.log.event import Recorded
from service.masking import masked
from service.projection.tail import Tail
from service.refusal import NotFound, Unavailable
from service.sql import SQL

BATCH: Final = 256
"""Events that are handled at a time, at most."""
BUDGET: Final = 4 << 20
"""Bytes, as they are stored, after which a batch ends."""
SPAN: Final = 50_000
"""Positions that are looked through at a time for events of the types wanted."""
LEASE_SECONDS: Final = 10.0
"""How long a subscriber waits for its process's next sign of life before another takes it."""
BEAT: Final = LEASE_SECONDS / 4
"""Seconds between two signs of life while a handler is at work."""
RELEASE_SECONDS: Final = 2.0
GATHER: Final = 0.02
"""Seconds in which events gather, so that a busy log is not asked for each of them."""
LONGEST_PAUSE: Final = 1.5
"""Seconds between two looks of an idle subscriber."""
FIRST_REST: Final = 0.5
LONGEST_REST: Final = 10.0
"""Seconds before a handler that failed is tried again: the first time, and at most."""
ERROR_MAX: Final = 500
"""Characters of an error that are kept."""
ASTRAY: Final = (
    "Its checkpoint is of another log, or lies beyond this one's end, as after an older backup was"
    " restored. Say where it goes on: run.py gateway replay {name} --from POSITION."
)

Outcome = Literal["more", "idle", "resting", "elsewhere"]
"""There is more to do; nothing new; nothing until it is tried again; another process has it."""

log: Final = logging.getLogger(__name__)


class Lost(Exception):  # noqa: N818 - no error: another process goes on
    """Another process runs this subscriber now, or an operator has moved its checkpoint."""


class NoSuchSubscriber(NotFound):
    """There is no such subscriber, or this log has no such position."""


class Subscriber(Struct, frozen=True):
    """What a subscriber is called, which types of events it wants, and what it does with them.

    `handle` is given the next of them, oldest first, without private payloads. They stand in the
    views already. It may be given the same ones again. When it raises, all of them come again
    after a pause, and nothing newer comes before; `Unavailable` says that the database is away.
    `close` gives back what it holds, once this process runs it no more.
    """

    name: str
    types: tuple[str, ...]
    handle: Callable[[Sequence[Recorded]], Awaitable[None]]
    close: Callable[[], Awaitable[None]] | None = None


class Standing(Struct, frozen=True):
    """The checkpoint of a subscriber that this process has, and where the projections stand.

    After `failures` in a row it is to `wait` so many seconds. It is `astray` where this log has no
    such position.
    """

    position: int
    upto: int
    failures: int
    wait: float
    astray: bool


class Line(Struct, frozen=True):
    """How a subscriber does, as operators see it; `worker` is the process that runs it."""

    name: str
    position: int
    upto: int
    behind: int
    worker: str | None
    failures: int
    error: str | None
    failed_at: datetime | None
    retry_at: datetime | None


class Follower:
    """Runs one subscriber in this process, whenever no other process does."""

    def __init__(self, database: Database, subscriber: Subscriber, token: UUID) -> None:
        """Take the lease by `token`, which is nobody else's."""
        self._database = database
        self._subscriber = subscriber
        self._token = token
        self._worker = f"{platform.node()}:{os.getpid()}"
        self._at: Standing | None = None
        self.upto = 0
        """How far the log was looked through when there was nothing more to do."""

    async def step(self) -> Outcome:
        """Handle the next events, if there are any. Raises Unavailable."""
        at = self._at or await self._take()
        self._at = None
        if at is None:
            return "elsewhere"
        if at.wait:
            return "resting"
        if at.astray:
            return await self._failed(at, ASTRAY.format(name=self._subscriber.name))
        try:
            at = await self._pass_on(at) if at.position < at.upto else at
        except Lost:
            return "elsewhere"
        except Unavailable:
            raise
        except Exception as error:
            if not at.failures:  # the others in a row look the same
                log.warning("the subscriber %s failed", self._subscriber.name, exc_info=True)
            return await self._failed(at, sentence(error))
        if at.position < at.upto:
            self._at = at
            return "more"
        self.upto = at.upto
        return "idle"

    async def release(self) -> None:
        """Let another process go on, if this one ran it."""
        with suppress(Unavailable, TimeoutError):
            async with asyncio.timeout(RELEASE_SECONDS):
                await self._database.execute(SQL["gateway/release"], *self._lease)

    @property
    def _lease(self) -> tuple[str, UUID]:
        return self._subscriber.name, self._token

    async def _take(self) -> Standing | None:
        arguments = (*self._lease, self._worker, LEASE_SECONDS)
        row = await self._database.commands.fetchrow(SQL["gateway/take"], *arguments)
        return None if row is None else Standing(**row)

    async def _pass_on(self, at: Standing) -> Standing:
        """Handle the next events after `at`, move the checkpoint behind them, return where it is.

        Raises Lost, Unavailable, and what the handler raises.
        """
        upto = min(at.upto, at.position + SPAN)
        arguments = (at.position, upto, list(self._subscriber.types), BATCH, BUDGET)
        rows = await self._database.fetch(SQL["gateway/events"], *arguments)
        if rows:
            await self._handled([Recorded(**row) for row in rows])
            upto = rows[-1]["position"]
        moved = (*self._lease, LEASE_SECONDS, at.position, upto)
        row = await self._database.commands.fetchrow(SQL["gateway/move"], *moved)
        if row is None:
            raise Lost
        return Standing(**row)

    async def _handled(self, events: Sequence[Recorded]) -> None:
        """Handle `events` while the lease is kept up; raise Lost where it cannot be."""
        work = asyncio.ensure_future(self._subscriber.handle(events))
        try:
            while not (await asyncio.wait({work}, timeout=BEAT))[0]:
                if not await self._extended():
                    raise Lost
            work.result()
        finally:
            work.cancel()
            await asyncio.wait({work})

    async def _extended(self) -> bool:
        """Keep the lease; while the database is away nobody else can take it either."""
        with suppress(Unavailable):
            arguments = (*self._lease, LEASE_SECONDS)
            return bool(await self._database.commands.fetchval(SQL["gateway/extend"], *arguments))
        return True

    async def _failed(self, at: Standing, error: str) -> Outcome:
        """Note why it failed, and when it is tried again."""
        rest = min(FIRST_REST * 2 ** min(at.failures, 10), LONGEST_REST)
        await self._database.execute(SQL["gateway/fail"], *self._lease, error, rest)
        return "resting"


async def run(
    database: Database,
    tail: Tail,
    subscriber: Subscriber,
    longest_pause: Callable[[], float] = lambda: LONGEST_PAUSE,
) -> None:
    """Run a subscriber for ever, in turn with other processes; at once when the tail moves."""
    follower = Follower(database, subscriber, uuid7())
    outcome: Outcome = "idle"
    try:
        while True:
            try:
                outcome = await follower.step()
            except Unavailable:
                outcome = "resting"
            if outcome == "idle":
                await tail.beyond(follower.upto, longest_pause())
                await asyncio.sleep(GATHER)
            elif outcome == "elsewhere":
                await asyncio.sleep(FIRST_REST)
                await tail.beyond(tail.position, longest_pause())
            elif outcome == "resting":
                await asyncio.sleep(FIRST_REST)
    finally:
        await follower.release()
        if subscriber.close is not None:
            await subscriber.close()


async def listed(database: Database) -> list[Line]:
    """Return how the subscribers do that have ever run. Raises Unavailable."""
    return [Line(**row) for row in await database.ops.fetch(SQL["gateway/list"])]


async def replay(database: Database, name: str, after: int) -> None:
    """Let a subscriber go on after the position `after`: what comes then is handled once more.

    Raises `NoSuchSubscriber`, Unavailable.
    """
    if await database.ops.fetchval(SQL["gateway/replay"], name, after) is None:
        raise NoSuchSubscriber


def sentence(error: Exception) -> str:
    """Return what is kept of an error: one line, without a secret."""
    said = masked(" ".join(str(error).split()))
    return (said or type(error).__name__)[:ERROR_MAX]
