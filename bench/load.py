"""Load on the log: callers that each append one event, wait for the receipt, and go on."""

import asyncio
import os
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct
from uuid_utils.compat import uuid7

from bench.ratio import CouldNotMeasure
from bench.text import TEXT
from service.database import Database
from service.log.append import GroupAppender, columns
from service.log.codec import encode
from service.log.commit import Commit, Receipt, StreamWrite
from service.log.handle import Metadata
from service.sql import SQL

Append = Callable[[Commit], Awaitable[Receipt | None]]

CATEGORY: Final = "bench"
STREAMS: Final = 5_000
TENANT: Final = UUID("00000000-0000-4000-8000-000000000001")
PLANNED: Final = 8
"""Calls after which a connection plans no more: PostgreSQL plans the first five each time anew."""
WARM: Final = 0.25
"""The part of a round's seconds that goes before it, uncounted."""


class Noted(Struct, frozen=True, tag="bench.noted", tag_field="type"):
    """An event of about 250 bytes of JSON, the size of a usual one of the product."""

    course: UUID
    lesson: int
    title: str
    note: str


class Load(Struct, frozen=True):
    """What a number of callers got done: commits in `seconds`, and each one's seconds."""

    commits: int
    seconds: float
    latencies: list[float]

    @property
    def rate(self) -> float:
        """Commits a second."""
        return self.commits / self.seconds


class Streams:
    """Streams that take turns, and where each stands; a caller has its own, so none conflicts.

    Their ids are UUIDv7, as those that the product makes.
    """

    def __init__(self, callers: int, streams: int = STREAMS) -> None:
        """Share `streams` streams among `callers`, at least one each."""
        each = max(1, streams // callers)
        self.shares = [deque([uuid7(), 0] for _ in range(each)) for _ in range(callers)]

    @staticmethod
    def commits(share: deque[list[Any]]) -> Iterator[Commit]:
        """Yield commits for ever, each of one event for the next stream at its true version."""
        while True:
            stream, version = share[0]
            yield commit(stream, version)
            share[0][1] += 1
            share.rotate(-1)


def commit(stream: UUID, version: int) -> Commit:
    """Return a commit as a command would make it: event and metadata encoded, a key of its own."""
    noted = Noted(stream, version, "The water cycle: evaporation and rain", NOTE)
    metadata = msgspec.json.encode(Metadata("bench", stream)).decode()
    write = StreamWrite(stream, CATEGORY, version, (encode(noted),))
    return Commit(uuid7(), FINGERPRINT, TENANT, metadata, (write,))


NOTE: Final = (
    "The sun warms the sea, water rises as vapour, cools into clouds and falls again; "
    "the learner explains each step in order and names one source."
)
FINGERPRINT: Final = os.urandom(32)


async def drive(appends: Sequence[Append], streams: Streams, seconds: float) -> Load:
    """Let each of `appends` be a caller's for `seconds`, after a start that does not count."""
    begin = time.perf_counter() + seconds * WARM
    end = begin + seconds
    latencies: list[float] = []

    async def call(append: Append, share: deque[list[Any]]) -> None:
        for one in Streams.commits(share):
            started = time.perf_counter()
            if started >= end:
                return
            await append(one)
            now = time.perf_counter()
            if begin <= now <= end:
                latencies.append(now - started)

    callers = zip(appends, streams.shares, strict=True)
    await asyncio.gather(*(call(append, share) for append, share in callers))
    return Load(len(latencies), seconds, latencies)


@asynccontextmanager
async def grouped(url: str) -> AsyncIterator[GroupAppender]:
    """The product's own appender on the database at `url`, as `serve` makes it."""
    appender = GroupAppender(Database(url).connect)
    try:
        yield appender
    finally:
        await appender.close()


@asynccontextmanager
async def singly(url: str, connections: int) -> AsyncIterator[list[Append]]:
    """As many callers, each with a connection it holds and a call of log.append per commit."""
    database = Database(url)
    held = [await database.connect() for _ in range(connections)]
    appends = [_one_by_one(connection) for connection in held]
    try:
        for append in appends:
            for one in islice(Streams.commits(Streams(1).shares[0]), PLANNED):
                await append(one)
        yield appends
    finally:
        for connection in held:
            await connection.close()


def _one_by_one(connection: Any) -> Append:
    async def append(one: Commit) -> None:
        row = await connection.fetchrow(SQL["log/append"], *columns([one]))
        if row["outcomes"] is not None:
            raise CouldNotMeasure(f"A commit came to “{row['outcomes'][0]}” instead of appended.")

    return append


async def checkpoint(url: str) -> None:
    """Let every side start with the same amount of checkpointing before it."""
    connection = await asyncpg.connect(url)
    await connection.execute("CHECKPOINT")
    await connection.close()


async def proved(url: str) -> None:
    """Raise CouldNotMeasure unless positions are 1..N and each commit has its receipt."""
    connection = await asyncpg.connect(url)
    row: Any = await connection.fetchrow(TEXT["dense"])
    await connection.close()
    if not (row["head"] == row["last"] == row["events"] and row["receipts"] == row["events"]):
        raise CouldNotMeasure(f"The log is not dense after the load: {dict(row)}.")
