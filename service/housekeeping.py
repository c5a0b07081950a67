"""Housekeeping: what a process with a projector does besides, none of it urgent."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

from service import limit
from service.database import Database
from service.log import seal
from service.projection import engine, past
from service.projection.tail import Tail
from service.refusal import Unavailable

EVERY: Final = 10.0
"""Seconds between two looks at whether a range of the log can be sealed."""
SWEEP_ROUNDS: Final = 6
"""Every so many looks, what is over is dropped."""


async def run(database: Database, tail: Tail, asleep: Callable[[], bool]) -> None:
    """Seal the log as it grows and drop what is over, for ever; nothing while `asleep`."""
    rounds, sealed = 0, -1
    while True:
        closed = tail.position // seal.RANGE
        with contextlib.suppress(Unavailable):
            if closed > sealed:
                await seal_all(database)
                sealed = closed
            if rounds % SWEEP_ROUNDS == 0 and not asleep():
                await past.sweep(database)
                await engine.sweep(database)
                await limit.sweep(database)
        rounds += 1
        await asyncio.sleep(EVERY)


async def seal_all(database: Database) -> None:
    """Seal every closed range, a few at a call."""
    while await seal.seal(database):
        pass
