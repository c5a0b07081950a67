"""The projector: keeps all live projections at the log's heels, in any number of processes."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Final, Literal

from service.database import Database
from service.projection import engine
from service.projection.tail import Tail
from service.refusal import Unavailable
from service.sql import SQL

STEP: Final = 5_000
"""Events a tick folds at most, so that a backlog is worked off in visible steps."""
STEP_SECONDS: Final = 120.0
"""Deadline of one step: folding the largest document there may be takes a busy machine seconds."""
FIRST_SECONDS: Final = 10.0
"""Its deadline at first, doubled by each step that fails: the network may be dead as well."""
FIRST_PAUSE: Final = 0.02
LONGEST_PAUSE: Final = 1.5
"""Seconds between two signs of life of an idle projector."""

Outcome = Literal["at the head", "under way", "one behind", "another's turn"]
log = logging.getLogger(__name__)


async def advance(
    database: Database, tail: Tail, step: int = STEP, pause: float = LONGEST_PAUSE
) -> bool:
    """Fold what is new, once; return whether all projections now stand at the log's head.

    Raises Unavailable.
    """
    return await advanced(database, tail, step, pause, STEP_SECONDS) == "at the head"


async def advanced(
    database: Database, tail: Tail, step: int, pause: float, seconds: float
) -> Outcome:
    """Fold what is new, once; one that fell behind, because its fold failed, comes on by a step.

    `pause` is when to expect the next call, and `seconds` how long this one may take. Raises
    Unavailable.
    """
    row = await database.projector.fetchrow(SQL["projection/advance"], step, pause, timeout=seconds)
    if row["upto"] is None:
        return "another's turn"
    tail.note(row["upto"])
    if row["behind"] is not None:
        await bring_on(database, row["behind"])
        return "one behind"
    return "at the head" if row["upto"] >= row["head"] else "under way"


async def bring_on(database: Database, schema: str) -> None:
    """Fold a step into a generation that is behind; let it follow again once it has caught up."""
    row = await database.projector.fetchrow(
        SQL["projection/build"], schema, engine.STEP, timeout=engine.BUILD_SECONDS
    )
    if row["state"] == "stopped":
        log.error("the generation %s is stopped: %s", schema, row["error"])
    elif row["reached"] >= row["goal"] and row["role"] != "previous":
        await engine.join(database, schema)
        log.info("the generation %s has caught up", schema)


async def run(
    database: Database,
    tail: Tail,
    wake: asyncio.Event,
    longest_pause: Callable[[], float] = lambda: LONGEST_PAUSE,
) -> None:
    """Advance for ever: at once when `wake` is set, and anyway after a pause that grows when idle.

    Every pass leaves a heartbeat in the database that says when the next is due, which tells a
    quiet projector from a dead one.
    """
    pause, seconds = FIRST_PAUSE, FIRST_SECONDS
    while True:
        wake.clear()
        outcome: Outcome = "another's turn"
        try:
            outcome = await advanced(database, tail, STEP, pause, seconds)
            seconds = FIRST_SECONDS
        except Unavailable:
            pause, seconds = max(pause, 0.25), min(2 * seconds, STEP_SECONDS)
        if outcome == "at the head":
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await wake.wait()
        elif outcome == "another's turn":
            await asyncio.sleep(pause)
        else:
            await asyncio.sleep(0 if outcome == "under way" else engine.WAIT)
            pause = FIRST_PAUSE
            continue
        pause = FIRST_PAUSE if wake.is_set() else min(pause * 2, longest_pause())
