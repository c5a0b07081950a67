"""A worker whose disk is full while it makes courses."""

import asyncio
import time
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Final

from bench.chaos.course import Asked, ask
from bench.chaos.kill import STEP_SECONDS, WIDE, over, progress
from bench.chaos.verdict import Result, judged
from bench.chaos.world import Stage, World, world

SIZE: Final = "256k"
COURSES: Final = 3


async def full_disks(seeds: int, stage: Stage) -> Result:
    """Fill the disk of the worker amid some courses, and make room when they are made."""
    result = Result("the worker's disk is full")
    async with world(stage, workers=0, slots=32) as here:
        small = here.home / "small"
        small.mkdir()
        if await _run("mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(small)):
            result.notes.append("not run: only root can make a disk small")
            return result
        try:
            await here.hire(home=small)
            courses: list[Asked] = []
            for seed in range(seeds):
                courses += await _filled(here, small / "filler", Random(3_000 + seed), result)
            return await judged(result, here, courses)
        finally:
            for pid in list(here.workers):
                await here.kill(pid)
            await _run("umount", str(small))


async def _filled(here: World, filler: Path, random: Random, result: Result) -> list[Asked]:
    courses = [await ask(here.log, random) for _ in range(COURSES)]
    boundary = random.randint(1, 6)
    await here.history.until(lambda: progress(here, courses[0]) >= boundary, STEP_SECONDS)
    await asyncio.sleep(random.uniform(0, WIDE))
    full_at = time.time()
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    result.accidents += 1
    await here.history.until(lambda: all(over(here, one) for one in courses), 3 * STEP_SECONDS)
    streams = {one.course_id for one in courses}
    after = [e.at for e in here.history.events if e.at > full_at and e.stream_id in streams]
    result.recoveries += [after[0] - full_at] if after else []
    filler.unlink()  # noqa: ASYNC240 - it is in memory
    return courses


async def _run(*command: str) -> int:
    process = await asyncio.create_subprocess_exec(*command)
    return await process.wait()
