"""Workers that are killed: at every step boundary of a course, or just anywhere."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from random import Random
from typing import Any, Final

from bench.chaos.course import LESSONS, Asked, ask
from bench.chaos.history import LESSON
from bench.chaos.textbook import PIECES, STEPS, ask_textbook, textbook
from bench.chaos.verdict import Counted, Result, course, judged
from bench.chaos.world import Stage, World, world
from bench.text import TEXT
from service.generation.recipe import BESIDE
from service.log.handle import Log

MADE: Final = {"course.outlined", LESSON} | PIECES
BOUNDARIES: Final = LESSONS + 2
"""Started, outlined, ten lessons; after the last of them the course is ready."""
LANES: Final = 3
"""Courses that are made, and whose workers are killed, side by side."""
STEP_SECONDS: Final = 120.0
NARROW: Final = 0.03
WIDE: Final = 0.8
"""Seconds after a boundary: most of the time right at it, else amid the next call."""

Order = Callable[[Log, Random], Awaitable[Asked]]


def progress(here: World, asked: Asked) -> int:
    """Return how many boundaries a course has behind it."""
    begun = any(event.type == "job.started" for event in here.history.of(asked.job_id))
    made = {
        (event.type, event.data.get("number"))
        for event in here.history.of(asked.course_id)
        if event.type in MADE
    }
    return begun + len(made)


def over(here: World, asked: Asked) -> bool:
    """Tell whether the job of a course has ended."""
    ends = {"job.completed", "job.failed", "job.cancelled"}
    return any(event.type in ends for event in here.history.of(asked.job_id))


async def kills(
    seeds: int,
    stage: Stage,
    boundaries: Sequence[int] = range(1, BOUNDARIES + 1),
    *,
    fault: str = "kill -9 at every step boundary",
    order: Order = ask,
    counted: Counted = course,
    beside: int = 1,
) -> Result:
    """Kill the worker of each course, or what else one may `order`, at its step boundaries.

    `beside` calls may be under way when it dies.
    """
    result = Result(fault, beside=beside)
    lanes = min(LANES, seeds)
    async with world(stage, workers=3 * lanes, slots=1) as here:
        left = list(range(seeds))
        courses: list[Asked] = []

        async def lane() -> None:
            while left:
                random = Random(left.pop())
                asked = await order(here.log, random)
                courses.append(asked)
                await _hunted(here, asked, random, result, boundaries)

        await asyncio.gather(*(lane() for _ in range(lanes)))
        return await judged(result, here, courses, counted)


async def textbooks(seeds: int, stage: Stage) -> Result:
    """Kill the worker of each textbook at every one of its step boundaries."""
    fault, boundaries = "kill -9 at every step boundary of a textbook", range(1, STEPS + 1)
    return await kills(
        seeds, stage, boundaries, fault=fault, order=ask_textbook, counted=textbook, beside=BESIDE
    )


async def _hunted(
    here: World, asked: Asked, random: Random, result: Result, boundaries: Sequence[int]
) -> None:
    """Have one course made, by workers none of which outlives a step."""
    for boundary in boundaries:

        def reached(boundary: int = boundary) -> bool:
            return progress(here, asked) >= boundary or over(here, asked)

        if not await here.history.until(reached, STEP_SECONDS):
            result.notes.append(f"{asked.job_id} did not get to boundary {boundary}")
        await asyncio.sleep(random.uniform(0, WIDE if random.random() < 0.4 else NARROW))
        await taken_up(here, asked, result)
    await here.history.until(lambda: over(here, asked), STEP_SECONDS)


async def taken_up(here: World, asked: Asked, result: Result) -> None:
    """Kill the worker that has a job, if one has; wait until another has taken it up."""
    pid = await holder(here, asked)
    if pid is None or pid not in here.workers:
        return
    before = sum(event.type == "job.started" for event in here.history.of(asked.job_id))
    killed_at = time.time()
    await here.kill(pid)
    await here.hire()

    def taken() -> bool:
        starts = [e.at for e in here.history.of(asked.job_id) if e.type == "job.started"]
        return len(starts) > before or over(here, asked)

    result.accidents += 1
    if not await here.history.until(taken, STEP_SECONDS):
        result.notes.append(f"{asked.job_id} was not taken up again")
    starts = [e.at for e in here.history.of(asked.job_id) if e.type == "job.started"]
    if len(starts) > before:
        result.recoveries.append(starts[before] - killed_at)


async def holder(here: World, asked: Asked) -> int | None:
    """Return the process id of the worker that has a job."""
    name: Any = await here.database.fetchval(TEXT["chaos/holder"], asked.job_id)
    return None if name is None else int(name.rpartition(":")[2])
