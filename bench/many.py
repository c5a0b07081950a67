"""The log in the long run: several processes at once, and a log that has grown."""

import asyncio
from contextlib import AsyncExitStack
from typing import Final

from bench.child import child
from bench.load import Streams, checkpoint, drive, grouped, proved
from bench.machine import Lab
from bench.ratio import PER_SECOND, Measured, side_by_side

CALLERS: Final = 256
PROCESSES: Final = 3
WARM_SECONDS: Final = 0.2
"""What a new connection needs to have made its plans."""


async def processes(lab: Lab) -> Measured:
    """Commits a second of three processes together ÷ of one of them, at 256 callers each."""
    url = lab.database("bench_processes")
    async with AsyncExitStack() as stack:
        start = [child("append", url, str(CALLERS)) for _ in range(PROCESSES)]
        children = [await stack.enter_async_context(one) for one in start]

        async def rate(count: int) -> float:
            await checkpoint(url)
            counts = await asyncio.gather(*(one.ask(lab.size.seconds) for one in children[:count]))
            return float(sum(counts)) / lab.size.seconds

        measured = await side_by_side(
            lab.size.rounds,
            (f"{PROCESSES} processes, {PER_SECOND}", lambda: rate(PROCESSES)),
            (f"one process, {PER_SECOND}", lambda: rate(1)),
        )
    await proved(url)
    return measured


async def growth(lab: Lab) -> Measured:
    """Commits a second on a log of many events ÷ on one of few, at 64 callers."""
    size = lab.size
    large = lab.database("bench_large", lab.seeded(size.stored))
    lab.seeded(size.few)

    async def rate(url: str) -> float:
        await checkpoint(url)
        async with grouped(url) as appender:
            await drive([appender.append] * 64, Streams(64), WARM_SECONDS)
            return (await drive([appender.append] * 64, Streams(64), size.seconds)).rate

    async def small() -> float:
        return await rate(lab.database("bench_small", lab.seeded(size.few)))

    measured = await side_by_side(
        size.rounds,
        (f"with {size.stored:,} events stored, {PER_SECOND}", lambda: rate(large)),
        (f"with {size.few:,}, {PER_SECOND}", small),
    )
    await proved(large)
    lab.drop("bench_large")
    note = "" if size.stored >= 5_000_000 else f"{size.stored:,} events stand for 5 million"
    return Measured(measured.value, measured.low, measured.high, measured.rates, note)
