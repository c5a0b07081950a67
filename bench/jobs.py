"""Jobs: how many a worker gets through, and how soon it takes one up."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg
from msgspec import structs
from uuid_utils.compat import uuid4

from bench.child import child
from bench.load import TENANT, checkpoint, grouped, proved
from bench.machine import Lab
from bench.ratio import CouldNotMeasure, Measured, absolute
from bench.serving import NOOP
from bench.text import TEXT
from service.database import Database
from service.job.decider import JOB, Create
from service.log.handle import Context, Log, Write

CALLERS: Final = 64
LONGEST: Final = 60.0
"""Seconds after which jobs that are not done will not be."""
NOTE: Final = "one worker process with the product's own number of slots; a job is three commits"


async def rate(lab: Lab) -> Measured:
    """Jobs a second that are enqueued, claimed, started and completed under a lease."""
    async with _desk(lab, "bench_jobs") as desk:
        figures = []
        await desk.done(await desk.enqueue(min(50, lab.size.jobs)))
        for _ in range(lab.size.rounds):
            await checkpoint(desk.url)
            started = time.perf_counter()
            await desk.done(await desk.enqueue(lab.size.jobs))
            figures.append(lab.size.jobs / (time.perf_counter() - started))
    await proved(desk.url)
    measured = absolute("jobs/s", figures)
    return structs.replace(measured, note=NOTE)


async def pickup(lab: Lab) -> Measured:
    """Milliseconds from a job's creation to its start, by the log's own clock (median a round)."""
    async with _desk(lab, "bench_pickup") as desk:
        await desk.done(await desk.enqueue(1))
        figures = []
        for _ in range(lab.size.rounds):
            upto = 0
            for _ in range(lab.size.pickups):
                await asyncio.sleep(random.uniform(0.03, 0.12))  # the system is idle, out of step
                upto = await desk.done(await desk.enqueue(1))
            figures.append(await desk.pickup(lab.size.pickups, upto))
    return absolute("p50 from created to started, ms", figures)


class Desk:
    """Where jobs are handed in, and word comes of those that are over."""

    def __init__(self, url: str, log: Log, listening: asyncpg.Connection) -> None:
        """Enqueue by `log`; `listening` hears of every append."""
        self.url = url
        self._log = log
        self._connection = listening
        self._news = asyncio.Event()

    async def listen(self) -> None:
        """Hear of every append from now on."""
        await self._connection.add_listener("daybook_log", lambda *_: self._news.set())

    async def enqueue(self, jobs: int) -> int:
        """Hand in `jobs` jobs from 64 callers; return how many were handed in."""
        left = iter(range(jobs))

        async def call() -> None:
            for _ in left:
                context = Context(TENANT, "bench", uuid4(), uuid4())
                created = JOB.decide(Create(NOOP, uuid4(), "bench"), JOB.initial)
                await self._log.append(context, Write(JOB, uuid4(), 0, created))

        await asyncio.gather(*(call() for _ in range(min(CALLERS, jobs))))
        return jobs

    async def done(self, _jobs: int) -> int:
        """Wait until no job is left, and return the log's position."""
        async with asyncio.timeout(LONGEST):
            while True:
                self._news.clear()
                row: Any = await self._connection.fetchrow(TEXT["unfinished"])
                if not row["jobs"]:
                    break
                await self._news.wait()
        return int(row["position"])

    async def pickup(self, jobs: int, upto: int) -> float:
        """Return the median milliseconds between creation and start of the last `jobs` jobs."""
        row: Any = await self._connection.fetchrow(TEXT["pickups"], jobs, upto)
        if row["jobs"] != jobs:
            raise CouldNotMeasure(f"{jobs - row['jobs']} jobs have been created but not started.")
        return float(row["milliseconds"])


@asynccontextmanager
async def _desk(lab: Lab, name: str) -> AsyncIterator[Desk]:
    url = lab.database(name)
    database = Database(url)
    await database.open()
    connection = await asyncpg.connect(url)
    try:
        async with child("work", url), grouped(url) as appender:
            desk = Desk(url, Log(database, appender), connection)
            await desk.listen()
            yield desk
    finally:
        await connection.close()
        await database.close()
