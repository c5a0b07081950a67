"""A PostgreSQL that goes away while courses are made: restarted, killed, or deaf for a while."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Final

from bench.chaos.course import Asked, ask
from bench.chaos.kill import STEP_SECONDS, over, progress
from bench.chaos.verdict import Result, judged
from bench.chaos.world import Stage, World, world
from service import embedded

COURSES: Final = 4
"""Courses that one accident meets."""
PAUSE: Final = (0.0, 2.0)
"""Seconds that all goes well before an accident."""
AWAY: Final = (0.0, 12.0)
"""Seconds that the database is away: some leases run out meanwhile, others do not."""

Accident = Callable[[World, float], Awaitable[None]]


async def restarted(here: World, seconds: float) -> None:
    """Stop the server as its operator does, and start it later."""
    await asyncio.to_thread(here.server.stop)
    await asyncio.sleep(seconds)
    await asyncio.to_thread(embedded.start, here.server.home)


async def killed(here: World, seconds: float) -> None:
    """Kill the server, and start it later; it recovers from its log."""
    os.kill(_postmaster(here), signal.SIGKILL)
    await asyncio.sleep(seconds)
    await asyncio.to_thread(embedded.start, here.server.home)


async def stopped(here: World, seconds: float) -> None:
    """Freeze the server and all its processes, and let it go on later."""
    postmaster = _postmaster(here)
    pids = [postmaster, *_children(postmaster)]
    _send(pids, signal.SIGSTOP)
    await asyncio.sleep(seconds)
    _send(pids, signal.SIGCONT)


async def outages(fault: str, accident: Accident, seeds: int, stage: Stage) -> Result:
    """Have `accident` happen to the database, once a seed, amid some courses each time."""
    result = Result(fault)
    async with world(stage, workers=2, slots=32) as here:
        courses: list[Asked] = []
        for seed in range(seeds):
            random = Random(2_000 + seed)
            some = [await ask(here.log, random) for _ in range(COURSES)]
            courses += some
            await begun(here, some)
            await asyncio.sleep(random.uniform(*PAUSE))
            await accident(here, random.uniform(*AWAY))
            await _recovered(here, some, result)
        return await judged(result, here, courses)


async def begun(here: World, courses: Sequence[Asked]) -> None:
    """Wait until all courses have their outlines."""
    await here.history.until(lambda: all(progress(here, one) > 1 for one in courses), STEP_SECONDS)


async def _recovered(here: World, courses: Sequence[Asked], result: Result) -> None:
    """Wait until all courses are made; note how long it took until each went on."""
    back = time.time()
    result.accidents += 1
    pending = [one for one in courses if not over(here, one)]
    await here.history.until(lambda: all(over(here, one) for one in courses), 3 * STEP_SECONDS)
    for one in pending:
        after = [e.at for e in here.history.events if e.at > back and e.stream_id == one.course_id]
        result.recoveries += [after[0] - back] if after else []


def _send(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _postmaster(here: World) -> int:
    lines = (here.server.home / "postgres" / "postmaster.pid").read_text().splitlines()
    return int(lines[0])


def _children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
