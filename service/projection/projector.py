"""The projector: keeps all live projections at the log's heels, in any number of processes."""

import asyncio
import contextlib
import logging
from typing import Final

from service.database import Database
from service.projection.tail import Tail
from service.refusal import Unavailable
from service.sql import SQL

STEP: Final = 5_000
"""Events a tick folds at most, so that a backlog is worked off in visible steps."""
STEP_SECONDS: Final = 120.0
"""Deadline of one step: folding the largest document there may be takes a busy machine seconds."""
FIRST_PAUSE: Final = 0.02

log = logging.getLogger(__name__)


async def advance(database: Database, tail: Tail, step: int = STEP) -> bool:
    """Fold what is new, once; return whether the projections now stand at the log's head.

    Raises Unavailable.
    """
    row = await database.projector.fetchrow(SQL["projection/advance"], step, timeout=STEP_SECONDS)
    if row["upto"] is None:
        return False
    tail.note(row["upto"])
    return bool(row["upto"] >= row["head"])


async def run(
    database: Database, tail: Tail, wake: asyncio.Event, longest_pause: float = 2.0
) -> None:
    """Advance for ever: at once when `wake` is set, and anyway after a pause that grows when idle.

    Every pass leaves a heartbeat in the database, which tells a quiet projector from a dead one.
    """
    pause = FIRST_PAUSE
    while True:
        wake.clear()
        try:
            at_head = await advance(database, tail)
        except Unavailable:
            at_head = False
            pause = max(pause, 0.25)
        if at_head:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await wake.wait()
        else:
            await asyncio.sleep(pause if pause > FIRST_PAUSE else 0)
        pause = FIRST_PAUSE if wake.is_set() else min(pause * 2, longest_pause)
