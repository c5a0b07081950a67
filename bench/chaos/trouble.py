"""A provider that stalls, cuts, throttles and talks nonsense, alone and beside killed workers."""

import asyncio
from random import Random
from typing import Any, Final

from bench.chaos.course import Asked, ask
from bench.chaos.kill import STEP_SECONDS, holder, over, taken_up
from bench.chaos.verdict import Result, judged
from bench.chaos.world import Stage, World, world

RULES: Final[tuple[dict[str, Any], ...]] = (
    {"do": "stall", "at": "before", "seconds": None, "chance": 0.02},
    {"do": "stall", "at": "within", "seconds": None, "chance": 0.02},
    {"do": "cut", "at": "before", "chance": 0.03},
    {"do": "cut", "at": "within", "chance": 0.03},
    {"do": "status", "status": 429, "retry_after": "2", "chance": 0.04},
    {"do": "status", "status": 503, "retry_after_ms": 1500, "chance": 0.03},
    {"do": "status", "status": 500, "chance": 0.03},
    {"do": "error", "message": "overloaded", "chance": 0.02},
    {"do": "finish", "reason": "length", "chance": 0.02},
    {"do": "text", "form": "fenced", "chance": 0.04},
    {"do": "text", "form": "trailing-comma", "chance": 0.04},
    {"do": "text", "form": "prose", "chance": 0.02},
    {"do": "text", "form": "missing-field", "chance": 0.02},
    {"do": "quote", "chance": 0.02},
    {"do": "usage", "missing": True, "chance": 0.02},
    {"do": "model", "name": "chaos-1-0613", "chance": 0.02},
)
"""What the provider does, and how often."""
COURSES: Final = 4
"""Courses that are made at once."""
SPARE: Final = 3
"""Workers beside, that need not start when one is killed."""
LONG: Final = 10 * STEP_SECONDS


async def troubles(seeds: int, stage: Stage) -> Result:
    """Make courses with a provider that can be relied on for nothing."""
    return await _run("stalls, cuts, throttles, junk", seeds, stage, kills=0)


async def everything(seeds: int, stage: Stage) -> Result:
    """Kill workers at any time besides."""
    return await _run("the same, and kill -9 at any time", seeds, stage, kills=3)


async def _run(fault: str, seeds: int, stage: Stage, kills: int) -> Result:
    result = Result(fault)
    settings = {"OPENAI_IDLE_SECONDS": "3"}
    async with world(stage, workers=min(COURSES, seeds) + SPARE, slots=1, **settings) as here:
        await here.tell(*(rule | {"times": None} for rule in RULES))
        left = list(range(seeds))
        courses: list[Asked] = []

        async def lane() -> None:
            while left:
                courses.append(await _made(here, Random(4_000 + left.pop()), result, kills))

        await asyncio.gather(*(lane() for _ in range(min(COURSES, seeds))))
        await here.tell()
        return await judged(result, here, courses)


async def _made(here: World, random: Random, result: Result, kills: int) -> Asked:
    asked = await ask(here.log, random)
    for _ in range(kills):
        await here.history.until(lambda: over(here, asked), random.uniform(1.0, 5.0))
        if await holder(here, asked) is not None:
            await taken_up(here, asked, result)
    await here.history.until(lambda: over(here, asked), LONG)
    return asked
