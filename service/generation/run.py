"""One run of a job: fold what is there, make what is missing, record each step under the lease."""

import contextlib
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from service.generation.generator import GenerationFailed
from service.generation.recipe import Recipe, Tools
from service.job import decider as jobs
from service.job.decider import JOB
from service.job.lease import Claim
from service.log.commit import Conflict, Fenced
from service.log.handle import Context, Log, Write
from service.refusal import Refusal, Unavailable

ATTEMPTS: Final = 5
"""How often a job is tried before it counts as failed."""
LONGEST_PAUSE: Final = 60.0
CONFLICTS: Final = 10

log = logging.getLogger(__name__)


class Run:
    """A claimed job being done; gone with the claim."""

    def __init__(
        self,
        events: Log,
        recipe: Recipe,
        claim: Claim,
        *,
        worker: str,
        now: Callable[[], datetime],
        jitter: Callable[[], float],
    ) -> None:
        """Write as `worker` under the lease of `claim`; `jitter` gives fractions of a pause."""
        self._events = events
        self._recipe = recipe
        self._claim = claim
        self._worker = worker
        self._now = now
        self._jitter = jitter
        self._context = Context(claim.tenant_id, f"worker:{worker}", claim.job_id)

    async def do(self, tools: Tools) -> None:
        """Do the job to its end, or as far as it goes; the queue says what happens next.

        Raises Fenced once the job belongs to somebody else or has ended, and Unavailable when the
        database is gone: the lease then runs out by itself.
        """
        await self._record(None, jobs.Start(self._worker))
        job, target = await self._states(fresh=False)
        try:
            async for step in self._recipe.steps(self._claim, job.request, target, tools):
                await self._record(step.command, jobs.Advance(step.step, step.of, step.note))
            await self._record(self._recipe.finish(), jobs.Complete())
        except (Fenced, Unavailable, jobs.JobEnded):
            raise
        except GenerationFailed as failure:
            await self._fail(failure.error, failure.advice, retryable=failure.retryable)
        except Refusal as refusal:
            await self._fail(str(refusal), "Nothing more will be made.", retryable=False)
        except Exception as error:
            log.exception("job %s failed", self._claim.job_id)
            await self._fail(
                f"Something unforeseen went wrong ({type(error).__name__}).",
                "Retry; if it fails again, show the service's log to its operator.",
                retryable=True,
            )

    async def _fail(self, error: str, advice: str, *, retryable: bool) -> None:
        job, _ = await self._states(fresh=True)
        if retryable and job.attempts < ATTEMPTS:
            pause = min(LONGEST_PAUSE, 2.0**job.attempts) * (0.5 + self._jitter() / 2)
            at = self._now() + timedelta(seconds=pause)
            await self._record(None, jobs.Fail(error, advice, retryable, at))
            return
        await self._record(
            self._recipe.give_up(f"{error} {advice}"), jobs.Fail(error, advice, retryable)
        )

    async def _states(self, *, fresh: bool) -> tuple[Any, Any]:
        job = await self._load(JOB, self._claim.job_id, fresh=fresh)
        target = await self._load(self._recipe.decider, self._claim.target, fresh=fresh)
        return job.state, target.state

    async def _load(self, decider: Any, stream_id: UUID, *, fresh: bool) -> Any:
        return await self._events.load(decider, stream_id, self._claim.tenant_id, fresh=fresh)

    async def _record(self, target_command: Any, job_command: jobs.Command) -> None:
        """Append what both commands cause, all or nothing, deciding again after a conflict."""
        for attempt in range(CONFLICTS):
            writes = []
            asked = (
                (self._recipe.decider, self._claim.target, target_command),
                (JOB, self._claim.job_id, job_command),
            )
            for decider, stream_id, command in asked:
                if command is not None:
                    loaded = await self._load(decider, stream_id, fresh=attempt > 0)
                    events = decider.decide(command, loaded.state)
                    if events:
                        writes.append(Write(decider, stream_id, loaded.version, events))
            if not writes:
                return
            with contextlib.suppress(Conflict):
                await self._events.append(self._context, *writes, lease=self._claim.lease)
                return
        raise Conflict
