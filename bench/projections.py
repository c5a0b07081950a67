"""Rebuilds: a projection's build against a scan, against a loop, and beside appends."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from bench import history, rows
from bench.load import Streams, checkpoint, drive, grouped, proved
from bench.machine import Lab
from bench.ratio import PER_SECOND, Measured, quotients, side_by_side
from bench.text import TEXT
from service.database import Database
from service.projection import engine
from service.projection.text import Projection, projection, projections


class Builds:
    """A log with a history, into which projections are built again and again."""

    def __init__(self, url: str, database: Database, connection: asyncpg.Connection) -> None:
        """Build on `database`; scan on `connection`, which reads alone."""
        self.url = url
        self._database = database
        self._connection = connection

    async def scan(self, of: Projection) -> tuple[int, float]:
        """Return how many events the projection declares, and the seconds of reading them all."""
        started = time.perf_counter()
        row: Any = await self._connection.fetchrow(TEXT["scan"], list(of.types), timeout=600)
        return row["events"], time.perf_counter() - started

    async def build(self, of: Projection) -> float:
        """Return the seconds in which the projection is built from the first event to the last."""
        schema = f"{of.name}_bench"
        await self.install(of, schema)
        started = time.perf_counter()
        await engine.build(self._database, of.name, schema)
        took = time.perf_counter() - started
        await self.forget(schema)
        return took

    async def install(self, of: Projection, schema: str) -> None:
        """Make an empty generation."""
        await self.forget(schema)
        await engine.install(self._database, of, schema)

    async def fold(self, of: Projection, schema: str) -> None:
        """Build a generation that stays."""
        await self.install(of, schema)
        await engine.build(self._database, of.name, schema)

    async def forget(self, schema: str) -> None:
        """Drop a generation, if it is there."""
        await self._connection.fetch(TEXT["forget_generation"], schema)


@asynccontextmanager
async def builds(lab: Lab) -> AsyncIterator[Builds]:
    """Write the history, at the first call, and yield builds on a database that has it."""
    url = lab.kept("bench_history")
    if url is None:
        url = lab.keep("bench_history")
        await history.write(url, lab.size.courses)
        await proved(url)
    database = Database(url)
    await database.open()
    connection = await asyncpg.connect(
        url, server_settings={"max_parallel_workers_per_gather": "0"}
    )
    await connection.execute(TEXT["forget"])
    try:
        yield Builds(url, database, connection)
    finally:
        await connection.close()
        await database.close()


async def against_scan(lab: Lab) -> Measured:
    """Events a second of the heaviest projection ÷ of a scan that reads the same events' data.

    The heaviest is the one that folds the fewest events a second; the note has the others' ratios.
    """
    found: list[Measured] = []
    async with builds(lab) as on:
        for of in projections():
            events, _ = await on.scan(of)
            if not events:
                continue
            built, scanned = [], []
            for _ in range(lab.size.builds):
                built.append(events / await on.build(of))
                scanned.append(events / (await on.scan(of))[1])
            labels = f"{of.name}: built, events/s", f"{of.name}: scanned, events/s"
            found.append(quotients(labels[0], built, labels[1], scanned))
    heaviest = min(found, key=lambda one: next(iter(one.rates.values())).median)
    rates = {label: figure for one in found for label, figure in one.rates.items()}
    ratios = ", ".join(
        f"{next(iter(one.rates)).partition(':')[0]} {one.value:.2f}" for one in found
    )
    note = f"{ratios}; {history.MIX}"
    return Measured(heaviest.value, heaviest.low, heaviest.high, rates, note)


async def against_rows(lab: Lab) -> Measured:
    """Events a second of the set-based build ÷ of a loop over events, to the same rows."""
    of = projection("job")
    async with builds(lab) as on:
        events, _ = await on.scan(of)
        single = min(events, lab.size.single)

        async def built() -> float:
            return events / await on.build(of)

        async def looped() -> float:
            await on.install(of, rows.SCHEMA)
            started = time.perf_counter()
            done = await rows.fold_one_by_one(on.url, list(of.types), single)
            return done / (time.perf_counter() - started)

        measured = await side_by_side(
            lab.size.builds, ("job: built, events/s", built), ("looped, events/s", looped)
        )
        await on.install(of, rows.SCHEMA)
        await rows.fold_one_by_one(on.url, list(of.types), events)
        await on.fold(of, rows.TWIN)
        await rows.same_rows(on.url)
    return measured


async def beside(lab: Lab) -> Measured:
    """Commits a second at 64 callers while a projection is rebuilt ÷ before."""
    async with builds(lab) as on, grouped(on.url) as appender:
        streams = Streams(64)

        async def rate() -> float:
            return (await drive([appender.append] * 64, streams, lab.size.seconds)).rate

        before, during = [], []
        await rate()
        for _ in range(lab.size.rounds):
            await checkpoint(on.url)
            before.append(await rate())
            rebuild = asyncio.create_task(_for_ever(on))
            during.append(await rate())
            rebuild.cancel()
            await asyncio.wait({rebuild})
    labels = f"during a rebuild of course, {PER_SECOND}", f"before, {PER_SECOND}"
    return quotients(labels[0], during, labels[1], before)


async def _for_ever(on: Builds) -> None:
    while True:
        await on.build(projection("course"))
