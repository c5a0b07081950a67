"""How far the views are behind while commits keep coming."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg
import msgspec
from msgspec import structs
from uuid_utils.compat import uuid4, uuid7

from bench.child import child
from bench.load import FINGERPRINT, TENANT, checkpoint, grouped, proved
from bench.machine import Lab
from bench.ratio import CouldNotMeasure, Measured, percentile, quotients
from bench.text import TEXT
from service.course.commands import RequestCourse
from service.course.decider import COURSE
from service.database import Database
from service.job.decider import JOB, Create
from service.log.append import GroupAppender
from service.log.codec import encode
from service.log.commit import Commit, StreamWrite
from service.log.handle import Metadata
from service.projection import engine

CALLERS: Final = 64
TICK: Final = 0.001
CATCH_UP: Final = 60.0
NOTE: Final = (
    "each commit requests a course (2 events, seen in two projections); the projector is a process "
    "of its own; a notification sent by the transaction that makes the rows visible stops the clock"
)


async def lag(lab: Lab) -> Measured:
    """Milliseconds from durable to visible, p99, at half of the append rate ÷ p99 of an append."""
    url = lab.database("bench_live")
    await _prepared(url)
    behind, appends = [], []
    async with child("project", url), grouped(url) as appender, _watching(url) as watch:
        await _closed(appender, lab.size.seconds)
        for _ in range(lab.size.rounds):
            full = await _closed(appender, lab.size.seconds)
            await watch.caught_up()
            await checkpoint(url)
            watch.begin()
            latencies = await _paced(appender, watch, full / 2, lab.size.seconds)
            await watch.caught_up()
            behind.append(1_000 * percentile(watch.lags, 0.99))
            appends.append(1_000 * percentile(latencies, 0.99))
        await watch.proved()
    await proved(url)
    labels = "visible after durable, p99 ms", "append, p99 ms"
    figure = quotients(labels[0], behind, labels[1], appends)
    return structs.replace(figure, note=NOTE)


class Watch:
    """When commits became durable, and when the projections' tail passed them."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        """Hear of the tail on `connection`."""
        self._connection = connection
        self._waiting: deque[tuple[int, float]] = deque()
        self._tail = self._last = 0
        self._moved = asyncio.Event()
        self.lags: list[float] = []

    def begin(self) -> None:
        """Forget what was seen."""
        self.lags = []
        self._waiting.clear()

    def durable(self, position: int) -> None:
        """Take note that a commit up to `position` has just been acknowledged."""
        self._last = max(self._last, position)
        if position <= self._tail:
            self.lags.append(0.0)
        else:
            self._waiting.append((position, time.perf_counter()))

    def heard(self, payload: str) -> None:
        """Take note that everything up to a position has just become visible."""
        now = time.perf_counter()
        self._tail = max(self._tail, int(payload.partition(" ")[0]))
        while self._waiting and self._waiting[0][0] <= self._tail:
            self.lags.append(now - self._waiting.popleft()[1])
        self._moved.set()

    async def caught_up(self) -> None:
        """Wait until the projections stand at the head."""
        async with asyncio.timeout(CATCH_UP):
            while True:
                self._moved.clear()
                row: Any = await self._connection.fetchrow(TEXT["behind"])
                if not row["lag"]:
                    self.heard(str(row["tail"]))
                    return
                await self._moved.wait()

    async def proved(self) -> None:
        """Raise CouldNotMeasure unless the views hold a row for every course and job."""
        row: Any = await self._connection.fetchrow(TEXT["visible"])
        if row["courses"] != row["requested"] or row["jobs"] != row["requested"]:
            raise CouldNotMeasure(f"The views do not hold what was requested: {dict(row)}.")


@asynccontextmanager
async def _watching(url: str) -> AsyncIterator[Watch]:
    connection = await asyncpg.connect(url)
    watch = Watch(connection)
    await connection.add_listener("daybook_tail", lambda *heard: watch.heard(str(heard[-1])))
    try:
        yield watch
    finally:
        await connection.close()


async def _prepared(url: str) -> None:
    database = Database(url)
    await database.open()
    await engine.prepare(database)
    await database.close()


def _requests() -> Iterator[Commit]:
    """Yield commits for ever as ``POST /courses`` makes them."""
    metadata = msgspec.json.encode(Metadata("bench", uuid4())).decode()
    while True:
        of, by = uuid7(), uuid7()
        wanted = RequestCourse("The water cycle", "u-17", by, "Grade 5")
        asked = COURSE.decide(wanted, COURSE.initial)
        queued = JOB.decide(Create("course", of, "u-17"), JOB.initial)
        writes = (
            StreamWrite(of, COURSE.category, 0, tuple(encode(event) for event in asked)),
            StreamWrite(by, JOB.category, 0, tuple(encode(event) for event in queued)),
        )
        yield Commit(uuid7(), FINGERPRINT, TENANT, metadata, writes)


async def _closed(appender: GroupAppender, seconds: float) -> float:
    """Return commits a second of callers that go on as soon as they are answered."""
    end = time.perf_counter() + seconds
    answered = 0

    async def call() -> None:
        nonlocal answered
        for commit in _requests():
            if time.perf_counter() >= end:
                return
            await appender.append(commit)
            answered += 1

    await asyncio.gather(*(call() for _ in range(CALLERS)))
    return answered / seconds


async def _paced(appender: GroupAppender, watch: Watch, rate: float, seconds: float) -> list[float]:
    """Send `rate` commits a second, answered or not; return the seconds each took."""
    latencies: list[float] = []

    async def send(commit: Commit, due: float) -> None:
        receipt = await appender.append(commit)
        watch.durable(receipt.position)
        latencies.append(time.perf_counter() - due)

    started, sent, requests = time.perf_counter(), 0, _requests()
    async with asyncio.TaskGroup() as tasks:
        while (now := time.perf_counter() - started) < seconds:
            for number in range(sent, int(now * rate)):
                tasks.create_task(send(next(requests), started + number / rate))
            sent = max(sent, int(now * rate))
            await asyncio.sleep(TICK)
    return latencies
