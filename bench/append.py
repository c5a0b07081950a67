"""Appends: the group appender against COPY, against a call per commit, and its latency."""

import time
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

import asyncpg

from bench.load import Streams, checkpoint, drive, grouped, proved, singly
from bench.machine import Lab
from bench.ratio import PER_SECOND, Measured, percentile, side_by_side
from bench.text import TEXT

BATCH: Final = 1_000
"""Rows a COPY takes."""
CONNECTIONS: Final = 64
"""Connections on which the log's function is called once per commit."""


async def against_copy(lab: Lab, callers: int) -> Measured:
    """Commits a second with every check on ÷ rows a second that one connection's COPY takes."""
    url = lab.database("bench_append")
    streams = Streams(callers)
    async with grouped(url) as appender:
        copy = Copy(url)

        async def commits() -> float:
            await checkpoint(url)
            return (await drive([appender.append] * callers, streams, lab.size.seconds)).rate

        async def copied() -> float:
            await checkpoint(url)
            return await copy.rate(lab.size.seconds)

        measured = await side_by_side(
            lab.size.rounds,
            (f"{callers} callers, {PER_SECOND}", commits),
            ("COPY on one connection, rows/s", copied),
        )
    await proved(url)
    return measured


async def against_single(lab: Lab, callers: int) -> Measured:
    """Commits a second in groups ÷ the same function called once per commit, on 64 connections."""
    url = lab.database("bench_group")
    streams, alone = Streams(callers), Streams(CONNECTIONS)
    async with grouped(url) as appender, singly(url, CONNECTIONS) as appends:

        async def in_groups() -> float:
            await checkpoint(url)
            return (await drive([appender.append] * callers, streams, lab.size.seconds)).rate

        async def one_by_one() -> float:
            await checkpoint(url)
            return (await drive(appends, alone, lab.size.seconds)).rate

        measured = await side_by_side(
            lab.size.rounds,
            (f"{callers} callers in groups, {PER_SECOND}", in_groups),
            (f"a call each on {CONNECTIONS} connections, {PER_SECOND}", one_by_one),
        )
    await proved(url)
    return measured


async def latency(lab: Lab, callers: int) -> Measured:
    """The 99th percentile's seconds at `callers` callers ÷ the median of a lone one."""
    url = lab.database("bench_latency")
    many, one = Streams(callers), Streams(1)
    async with grouped(url) as appender:

        async def crowded() -> float:
            await checkpoint(url)
            load = await drive([appender.append] * callers, many, lab.size.seconds)
            return 1_000 * percentile(load.latencies, 0.99)

        async def lone() -> float:
            await checkpoint(url)
            load = await drive([appender.append], one, lab.size.seconds)
            return 1_000 * percentile(load.latencies, 0.5)

        measured = await side_by_side(
            lab.size.rounds,
            (f"p99 at {callers} callers, ms", crowded),
            ("p50 of one caller, ms", lone),
        )
    await proved(url)
    return measured


class Copy:
    """COPY in binary, on one connection, of rows like those the log takes."""

    def __init__(self, url: str) -> None:
        """Fill a table beside the log of the database at `url`."""
        self._url = url
        self._commits = Streams.commits(Streams(1).shares[0])
        self._position = 0

    async def rate(self, seconds: float) -> float:
        """Return rows a second over `seconds` of copying; making the rows is not counted."""
        connection = await asyncpg.connect(self._url)
        await connection.execute(TEXT["copy_target"])
        rows, spent = 0, 0.0
        while spent < seconds:
            batch = self._batch()
            started = time.perf_counter()
            await connection.copy_records_to_table(
                "copied", records=batch, columns=COLUMNS, schema_name="public"
            )
            spent += time.perf_counter() - started
            rows += len(batch)
        await connection.close()
        return rows / spent

    def _batch(self) -> list[tuple[Any, ...]]:
        at = datetime.now(UTC)
        batch = []
        for one in islice(self._commits, BATCH):
            self._position += 1
            write = one.writes[0]
            event = write.events[0]
            batch.append((
                self._position, at, write.stream_id, one.tenant_id, write.expected_version + 1,
                write.category, event.type, event.data, one.metadata,
            ))  # fmt: skip
        return batch


COLUMNS: Final = (
    "position", "recorded_at", "stream_id", "tenant_id", "version", "category", "type", "data",
    "metadata",
)  # fmt: skip
