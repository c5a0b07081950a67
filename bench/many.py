"""The log in the long run: several processes at once, and a log that has grown."""

import asyncio
from contextlib import AsyncExitStack
from typing import Final

from msgspec import structs

from bench.child import child
from bench.load import Streams, checkpoint, drive, grouped, proved
from bench.machine import Lab
from bench.ratio import PER_SECOND, Measured, side_by_side

CALLERS: Final = 256
PROCESSES: Final = 3
FIVE_MILLION: Final = 5_000_000
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
    """Commits a second on a log of many events ÷ on one of few, at 64 callers.

    There is no checkpoint between the rounds, nor a DROP DATABASE, which makes one: right after
    it every index page that is touched is logged whole, which on a large index is all one sees.
    """
    size = lab.size
    large = lab.database("bench_large", lab.seeded(size.stored))
    few = lab.seeded(size.few)
    small = [lab.database(f"bench_small_{number}", few) for number in range(size.rounds)]
    await checkpoint(large)
    await rate(large, 2 * size.seconds)
    fresh = iter(small)
    measured = await side_by_side(
        size.rounds,
        (f"with {size.stored:,} events stored, {PER_SECOND}", lambda: rate(large, size.seconds)),
        (f"with {size.few:,}, {PER_SECOND}", lambda: rate(next(fresh), size.seconds)),
    )
    await proved(large)
    for name in ("bench_large", *(f"bench_small_{number}" for number in range(size.rounds))):
        lab.drop(name)
    note = "" if size.stored >= FIVE_MILLION else f"{size.stored:,} events stand for 5 million"
    return structs.replace(measured, note=note)


async def rate(url: str, seconds: float) -> float:
    """Return commits a second of 64 callers over a new connection, once it has made its plans."""
    async with grouped(url) as appender:
        await drive([appender.append] * 64, Streams(64), WARM_SECONDS)
        return (await drive([appender.append] * 64, Streams(64), seconds)).rate
