"""One timer ends whatever is not done in time, and nothing else."""

import asyncio

import pytest

from service.http.deadline import Deadlines

LONG = 60.0
SHORT = 0.01
PATIENCE = 5.0
"""Seconds after which a deadline that is never looked at fails a test."""


async def wait_within(deadlines: Deadlines, seconds: float | None, moment: asyncio.Event) -> str:
    async with asyncio.timeout(PATIENCE):
        try:
            with deadlines.within(seconds):
                await moment.wait()
        except TimeoutError:
            return "passed"
        return "in time"


async def test_only_what_is_not_done_in_time_is_ended() -> None:
    deadlines, never, soon = Deadlines(), asyncio.Event(), asyncio.Event()
    patient = asyncio.create_task(wait_within(deadlines, None, soon))
    late = [asyncio.create_task(wait_within(deadlines, SHORT, never)) for _ in range(3)]

    assert await asyncio.gather(*late) == ["passed"] * 3
    later = asyncio.create_task(wait_within(deadlines, SHORT, never))  # the timer is set anew
    assert await later == "passed"

    soon.set()
    assert await patient == "in time"
    assert await wait_within(deadlines, LONG, soon) == "in time"


async def test_the_timer_of_one_that_is_done_goes_on_to_the_next() -> None:
    deadlines, never, now = Deadlines(), asyncio.Event(), asyncio.Event()
    now.set()
    assert await wait_within(deadlines, SHORT, now) == "in time"
    assert await wait_within(deadlines, 2 * SHORT, never) == "passed"


async def test_a_sooner_deadline_does_not_wait_for_an_earlier_one() -> None:
    deadlines, never, now = Deadlines(), asyncio.Event(), asyncio.Event()
    now.set()
    assert await wait_within(deadlines, LONG, now) == "in time"
    assert await wait_within(deadlines, SHORT, never) == "passed"


async def test_what_is_cancelled_from_elsewhere_is_not_late() -> None:
    deadlines, never = Deadlines(), asyncio.Event()
    task = asyncio.create_task(wait_within(deadlines, LONG, never))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
