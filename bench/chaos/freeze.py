"""Workers that stand still past their leases, and go on when another has done their work."""

import asyncio
import time
from random import Random
from typing import Final

from bench.chaos.course import LESSONS, Asked, ask
from bench.chaos.kill import LANES, STEP_SECONDS, WIDE, holder, over, progress
from bench.chaos.verdict import Result, judged
from bench.chaos.world import Stage, World, world

AWAKE_SECONDS: Final = 3.0
"""How long a worker is watched that goes on after its work was done by another."""


async def freezes(seeds: int, stage: Stage) -> Result:
    """Freeze the worker of each course somewhere, and thaw it when the course is whole."""
    result = Result("SIGSTOP past the lease, then SIGCONT")
    lanes = min(LANES, seeds)
    async with world(stage, workers=2 * lanes, slots=1) as here:
        left = list(range(seeds))
        courses: list[Asked] = []

        async def lane() -> None:
            while left:
                courses.append(await _frozen(here, Random(1_000 + left.pop()), result))

        await asyncio.gather(*(lane() for _ in range(lanes)))
        return await judged(result, here, courses)


async def _frozen(here: World, random: Random, result: Result) -> Asked:
    asked = await ask(here.log, random)
    boundary = random.randint(1, LESSONS)
    await here.history.until(lambda: progress(here, asked) >= boundary, STEP_SECONDS)
    await asyncio.sleep(random.uniform(0, WIDE))
    pid = await holder(here, asked)
    if pid is None:
        return asked
    frozen_at = time.time()
    here.freeze(pid)
    [spare] = await here.hire()
    result.accidents += 1
    await here.history.until(lambda: over(here, asked), 3 * STEP_SECONDS)
    starts = [e.at for e in here.history.of(asked.job_id) if e.type == "job.started"]
    result.recoveries += [min(at for at in starts if at > frozen_at) - frozen_at]
    here.thaw(pid)
    await asyncio.sleep(AWAKE_SECONDS)
    await here.kill(spare if spare in here.workers else pid)
    return asked
