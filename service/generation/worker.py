"""The worker: claims jobs, runs each as a task, keeps its leases alive, and lets go when told."""

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid4

from service.generation.recipe import Recipe, Tools
from service.generation.run import Run
from service.job.decider import JobEnded
from service.job.lease import LEASE_SECONDS, Claim, claim, extend, release
from service.log.commit import Fenced
from service.log.handle import Log
from service.refusal import Unavailable

FIRST_PAUSE: Final = 0.05

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
        slots: int = 32,
        lease_seconds: float = LEASE_SECONDS,
        longest_pause: Callable[[], float] = lambda: 2.0,
        now: Callable[[], datetime] = utc_now,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`wake` is set when a job may have come; it is looked for at times anyway."""
        self._name = name
        self._events = events
        self._tools = tools
        self._recipes = recipes
        self._wake = wake
        self._slots = slots
        self._lease_seconds = lease_seconds
        self._longest_pause = longest_pause
        self._now = now
        self._jitter = jitter
        self._runs: dict[UUID, tuple[Claim, asyncio.Task[None]]] = {}

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
            claimed = await self._claim()
            pause = FIRST_PAUSE if claimed else min(pause * 2, self._longest_pause())
            if not claimed or len(self._runs) >= self._slots:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._wake.wait()

    async def _claim(self) -> int:
        tokens = [uuid4() for _ in range(self._slots - len(self._runs))]
        if not tokens:
            return 0
        try:
            claims = await claim(
                self._tools.database, self._name, tokens, self._recipes, self._lease_seconds
            )
        except Unavailable:
            return 0
        for one in claims:
            task = asyncio.create_task(self._do(one))
            self._runs[one.job_id] = (one, task)
        return len(claims)

    async def _do(self, one: Claim) -> None:
        recipe = self._recipes[one.kind]
        run = Run(self._events, recipe, one, worker=self._name, now=self._now, jitter=self._jitter)
        try:
            await run.do(self._tools)
        except (Fenced, JobEnded):
            log.info("job %s was cancelled or is another worker's now", one.job_id)
        except Unavailable:
            log.warning("job %s is left: the database cannot be reached", one.job_id)
        finally:
            self._runs.pop(one.job_id, None)
            self._wake.set()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._lease_seconds / 3)
            runs = dict(self._runs)
            if not runs:
                continue
            try:
                leases = [one.lease for one, _ in runs.values()]
                held = await extend(self._tools.database, leases, self._lease_seconds)
            except Unavailable:
                continue
            for job_id, (_, task) in runs.items():
                if job_id not in held:
                    task.cancel()

    async def _let_go(self) -> None:
        runs = list(self._runs.values())
        for _, task in runs:
            task.cancel()
        await asyncio.gather(*(task for _, task in runs), return_exceptions=True)
        with contextlib.suppress(Unavailable):
            await release(self._tools.database, [one.lease for one, _ in runs])
