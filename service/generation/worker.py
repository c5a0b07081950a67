"""The worker: claims jobs, runs each as a task, keeps its leases alive, and lets go when told."""

import asyncio
import contextlib
import logging
import math
import random
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid4

from service.generation.recipe import Recipe, Tools
from service.generation.run import Run
from service.job.decider import JobEnded
from service.job.lease import LEASE_SECONDS, Claim, claim, extend, next_in, release
from service.log.commit import Fenced
from service.log.handle import Log
from service.refusal import Unavailable

SLOTS: Final = 32
"""Jobs that a worker does at a time, where nobody says otherwise."""
BEATS: Final = 4
"""Signs of life in the time of a lease: some may come late, or be lost."""
FIRST_PAUSE: Final = 0.05
LONG_PAUSE: Final = 0.5
"""Before a longer one it is asked when the next job becomes free."""
LEAVE_SECONDS: Final = 2.0
"""How long a call may go on of a job that another worker has."""
GOODBYE_SECONDS: Final = 10.0
"""How long jobs may take to let go when the worker is told to stop."""

log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """Return the time of day."""
    return datetime.now(UTC)


class Worker:
    """Does up to `slots` jobs at a time."""

    def __init__(
        self,
        name: str,
        events: Log,
        tools: Tools,
        recipes: Mapping[str, Recipe],
        wake: asyncio.Event,
        *,
        cancelled: asyncio.Event | None = None,
        slots: int = SLOTS,
        lease_seconds: float = LEASE_SECONDS,
        longest_pause: Callable[[], float] = lambda: 2.0,
        now: Callable[[], datetime] = utc_now,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`wake` is set when a job may have come, `cancelled` when one may have been cancelled.

        Both are looked for at times anyway.
        """
        self._name = name
        self._events = events
        self._tools = tools
        self._recipes = recipes
        self._wake = wake
        self._cancelled = cancelled or asyncio.Event()
        self._slots = slots
        self._lease_seconds = lease_seconds
        self._longest_pause = longest_pause
        self._now = now
        self._jitter = jitter
        self._runs: dict[UUID, tuple[Claim, asyncio.Task[None]]] = {}
        self._leaving: set[UUID] = set()
        self._held_until = 0.0

    async def run(self) -> None:
        """Work until cancelled; then give back what is not finished, for others to go on with."""
        beats = asyncio.create_task(self._beat())
        try:
            await self._claim_for_ever()
        finally:
            beats.cancel()
            await self._let_go()

    async def _claim_for_ever(self) -> None:
        pause = FIRST_PAUSE
        while True:
            self._wake.clear()
            try:
                claimed = await self._claim()
                pause = FIRST_PAUSE if claimed else min(pause * 2, self._longest_pause())
                if not claimed and pause > LONG_PAUSE:
                    pause = min(pause, await self._next_in())
            except Unavailable:
                claimed, pause = 0, min(pause * 2, self._longest_pause())
            if not claimed or len(self._runs) >= self._slots:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._wake.wait()

    async def _claim(self) -> int:
        """Take up what is free, and return how many that were. Raises Unavailable."""
        tokens = [uuid4() for _ in range(self._slots - len(self._runs))]
        if not tokens:
            return 0
        if time.monotonic() > self._held_until:
            await self._extend()  # else this worker might claim what it is doing
        seconds = self._lease_seconds
        claims = await claim(self._tools.database, self._name, tokens, self._recipes, seconds)
        for one in claims:
            task = asyncio.create_task(self._do(one))
            self._runs[one.lease.token] = (one, task)
        return len(claims)

    async def _next_in(self) -> float:
        """Return the seconds until the next job becomes free, if no wake-up comes before."""
        seconds = await next_in(self._tools.database, self._recipes)
        return math.inf if seconds is None else max(FIRST_PAUSE, seconds)

    async def _do(self, one: Claim) -> None:
        recipe = self._recipes[one.kind]
        run = Run(self._events, recipe, one, worker=self._name, now=self._now, jitter=self._jitter)
        try:
            await run.do(self._tools)
        except (Fenced, JobEnded):
            log.info("job %s was cancelled or is another worker's now", one.job_id)
        finally:
            self._runs.pop(one.lease.token, None)
            self._leaving.discard(one.lease.token)
            self._wake.set()

    async def _beat(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._lease_seconds / BEATS):
                    await self._cancelled.wait()
            self._cancelled.clear()
            with contextlib.suppress(Unavailable):
                await self._extend()

    async def _extend(self) -> None:
        """Keep all leases, and end the jobs whose lease is lost. Raises Unavailable.

        One that another worker has may have its answer at hand by now, which is paid for: so it
        has a moment more, and learns that it is fenced off when it wants to store what it made.
        """
        runs, now = dict(self._runs), time.monotonic()
        if runs:
            leases = [one.lease for one, _ in runs.values()]
            kept = await extend(self._tools.database, leases, self._lease_seconds)
            for token, (_, task) in runs.items():
                if token in kept.taken:
                    self._leave(token, task)
                elif token not in kept.held and not task.cancelling():
                    task.cancel()
        self._held_until = now + self._lease_seconds

    def _leave(self, token: UUID, task: "asyncio.Task[None]") -> None:
        if token not in self._leaving:
            self._leaving.add(token)
            asyncio.get_running_loop().call_later(LEAVE_SECONDS, task.cancel)

    async def _let_go(self) -> None:
        runs = list(self._runs.values())
        for _, task in runs:
            task.cancel()
        if runs:
            await asyncio.wait([task for _, task in runs], timeout=GOODBYE_SECONDS)
        with contextlib.suppress(Unavailable):
            await release(self._tools.database, [one.lease for one, _ in runs])
