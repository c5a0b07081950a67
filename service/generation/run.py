"""One run of a job: fold what is there, make what is missing, record each step under the lease."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, TypeVar
from uuid import UUID

from msgspec.structs import replace
from uuid_utils.compat import uuid7

from service.generation.generator import GenerationFailed
from service.generation.provenance import Provenance
from service.generation.recipe import Recipe, Tools
from service.job import decider as jobs
from service.job.decider import JOB
from service.job.lease import Claim
from service.log.commit import Conflict, Fenced
from service.log.handle import Context, Log, Write
from service.refusal import Refusal, Unavailable

T = TypeVar("T")

ATTEMPTS: Final = 5
"""How often in a row a job may fail without getting a step further, before it is given up."""
LONGEST_PAUSE: Final = 60.0
SHORTEST_REST: Final = 1.0
"""Seconds a provider is left alone that asks for it, at the least."""
LONGEST_SPREAD: Final = 5.0
"""Seconds over which those come back, at the most, who were turned away together."""
CONFLICTS: Final = 10
FIRST_WAIT: Final = 0.05
LONGEST_WAIT: Final = 1.0
"""Seconds between two looks at a database that is away."""

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

        While the database is away it waits, and then goes on where it was. Raises Fenced once the
        job belongs to somebody else or has ended, and JobEnded.
        """
        await self._record(None, jobs.Start(self._worker))
        tools = replace(tools, generator=tools.generator.for_job(self._claim))
        try:
            await self._outlasting(partial(self._make, tools))
            await self._record(self._recipe.finish(), jobs.Complete())
        except (Fenced, jobs.JobEnded):
            raise
        except GenerationFailed as failure:
            if failure.after is None:
                await self._fail(failure.error, failure.advice, retryable=failure.retryable)
            else:
                await self._rest(failure, failure.after)
        except Refusal as refusal:
            await self._fail(str(refusal), "Nothing more will be made.", retryable=False)
        except Exception as error:
            log.exception("job %s failed", self._claim.job_id)
            await self._fail(
                f"Something unforeseen went wrong ({type(error).__name__}).",
                "Retry; if it fails again, show the service's log to its operator.",
                retryable=True,
            )

    async def _make(self, tools: Tools) -> None:
        """Make what is missing by now. Raises Unavailable; what was made until then is kept."""
        job = await self._load(JOB, self._claim.job_id, fresh=False)
        making = self._recipe.steps(self._claim, job.state.request, self._target, tools)
        async with aclosing(making) as steps:  # it may have calls under way when it is left
            async for step in steps:
                advance = jobs.Advance(step.step, step.of, step.note)
                await self._record(step.command, advance, step.provenance)

    async def _fail(self, error: str, advice: str, *, retryable: bool) -> None:
        job = (await self._outlasting(self._job)).state
        if isinstance(job, jobs.Ended):
            raise jobs.JobEnded
        failures = job.failures + 1
        if retryable and failures < ATTEMPTS:
            pause = min(LONGEST_PAUSE, 2.0**failures) * (0.5 + self._jitter() / 2)
            at = self._now() + timedelta(seconds=pause)
            await self._record(None, jobs.Fail(error, advice, retryable, at))
            return
        given_up = self._recipe.give_up(job.request, self._claim.job_id, f"{error} {advice}")
        await self._record(given_up, jobs.Fail(error, advice, retryable))

    async def _rest(self, failure: GenerationFailed, seconds: float) -> None:
        """Put the job back into the queue for as long as was asked for, and no less."""
        spread = min(LONGEST_SPREAD, seconds / 4) * self._jitter()
        at = self._now() + timedelta(seconds=max(SHORTEST_REST, seconds) + spread)
        await self._record(None, jobs.Fail(failure.error, failure.advice, True, at, throttled=True))

    async def _job(self) -> Any:
        return await self._load(JOB, self._claim.job_id, fresh=True)

    async def _target(self) -> Any:
        """Return how the target stands; while the database is away, what is under way waits."""
        load = partial(self._load, self._recipe.decider, self._claim.target, fresh=True)
        return (await self._outlasting(load)).state

    async def _load(self, decider: Any, stream_id: UUID, *, fresh: bool) -> Any:
        return await self._events.load(decider, stream_id, self._claim.tenant_id, fresh=fresh)

    async def _record(
        self,
        target_command: Any,
        job_command: jobs.Command,
        provenance: Provenance | None = None,
    ) -> None:
        """Append what both commands cause, all or nothing, deciding again after a conflict.

        All tries have one key, so what was stored without our hearing of it is not stored twice.
        """
        asked = (
            (self._recipe.decider, self._claim.target, target_command, provenance),
            (JOB, self._claim.job_id, job_command, None),
        )
        context = replace(self._context, key=uuid7())
        for attempt in range(CONFLICTS):
            writes = await self._outlasting(partial(self._decided, asked, fresh=attempt > 0))
            if not writes:
                return
            append = partial(self._events.append, context, *writes, lease=self._claim.lease)
            with suppress(Conflict):
                await self._outlasting(append)
                return
        raise Conflict

    async def _decided(self, asked: Sequence[Any], *, fresh: bool) -> list[Write]:
        writes = []
        for decider, stream_id, command, provenance in asked:
            if command is not None:
                loaded = await self._load(decider, stream_id, fresh=fresh)
                if events := decider.decide(command, loaded.state):
                    writes.append(Write(decider, stream_id, loaded.version, events, provenance))
        return writes

    async def _outlasting(self, work: Callable[[], Awaitable[T]]) -> T:
        """Return what `work` returns, beginning it again for as long as the database is away."""
        pause = FIRST_WAIT
        while True:
            try:
                return await work()
            except Unavailable:
                if pause == FIRST_WAIT:
                    log.warning("job %s waits for the database", self._claim.job_id)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_WAIT)
