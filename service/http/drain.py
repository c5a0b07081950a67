"""The drain: what was kept while the database was away goes into the log, in the order it came.

Whether its sender may still ask for it is found out anew; what is refused is in the log as well,
so that whoever follows its job sees why it failed.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final
from uuid import UUID, uuid5

from msgspec.structs import replace

from service.generation.recipe import Recipe
from service.http.call import Resources
from service.http.intake import Kept
from service.job.decider import JOB, Fail
from service.log.codec import classes_of, decode
from service.log.commit import KeyReused
from service.log.handle import Write
from service.refusal import Refusal, Unavailable

BATCH: Final = 256
ADOPT_SECONDS: Final = 10.0
"""How often it is looked whether another process has died and left something."""
FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 1.0
ADVICE: Final = "Ask for it again once nothing stands in its way."

log: Final = logging.getLogger(__name__)


class Drain:
    """Empties the intake of one process."""

    def __init__(self, of: Resources, recipes: Mapping[str, Recipe]) -> None:
        """Know from `recipes` what a job of each kind is for."""
        self._of = of
        self._recipes = recipes
        self._deciders = {one.decider.category: one.decider for one in recipes.values()}
        self._deciders[JOB.category] = JOB
        self._verdicts: dict[UUID, Refusal | None] = {}

    async def run(self) -> None:
        """Drain for ever: at once when the database is back, and what dead processes left."""
        intake, pause = self._of.intake, FIRST_PAUSE
        while True:
            await self._of.database.circuit.back()
            intake.visible(self._of.tail.position)
            intake.some.clear()
            try:
                await intake.adopt()
                await self.drained()
            except Unavailable:
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
                continue
            except OSError as error:
                log.warning("what other processes kept on the disk stays there: %s", error)
            pause = FIRST_PAUSE
            with suppress(TimeoutError):
                async with asyncio.timeout(ADOPT_SECONDS):
                    await intake.some.wait()

    async def drained(self) -> None:
        """Bring everything that waits into the log. Raises Unavailable; the rest then waits on."""
        intake = self._of.intake
        if len(intake):
            log.info("%d requests waited for the database; they are stored now", len(intake))
            self._of.standing.forget()
        while batch := intake.oldest(BATCH):
            for kept in batch:
                await self._judge(kept)
            outcomes = await asyncio.gather(*map(self._store, batch), return_exceptions=True)
            intake.visible(self._of.tail.position)
            for kept, outcome in zip(batch, outcomes, strict=True):
                if isinstance(outcome, Unavailable):
                    raise outcome
                if outcome is not None:
                    log.error("the request %s stays on the disk", kept.key, exc_info=outcome)
                    intake.set_aside(kept)

    async def _judge(self, kept: Kept) -> None:
        """Find out, once, whether the sender may still ask for this. Raises Unavailable."""
        if kept.key in self._verdicts:
            return
        verdict: Refusal | None = None
        try:
            await self._of.standing.still(kept.principal)
            self._of.limits.replay(kept.context.tenant_id, kept.at.timestamp())
        except Unavailable:
            raise
        except Refusal as refusal:
            verdict = refusal
        self._verdicts[kept.key] = verdict

    async def _store(self, kept: Kept) -> None:
        """Append a request, or that it was refused, and let go of it. Raises Unavailable."""
        context, verdict = kept.context, self._verdicts[kept.key]
        try:
            receipt = await self._of.log.append(context, *self._writes(kept, verdict))
        except KeyReused as refusal:  # by a request that came before the database went away
            context = replace(context, key=uuid5(kept.key, context.fingerprint.hex()))
            receipt = await self._of.log.append(context, *self._writes(kept, refusal))
        del self._verdicts[kept.key]
        await self._of.intake.stored(kept, receipt.position)

    def _writes(self, kept: Kept, refusal: Refusal | None) -> Sequence[Write]:
        writes = []
        for write in kept.writes:
            decider = self._deciders[write.category]
            kinds = classes_of(decider.events)
            events = [decode(kinds[one.type], one.data, one.private) for one in write.events]
            writes.append(Write(decider, write.stream_id, 0, events))
        return writes if refusal is None else self._failed(writes, refusal)

    def _failed(self, writes: Sequence[Write], refusal: Refusal) -> Sequence[Write]:
        """Return `writes` with their job failed, and what it is for."""
        error = f"It was asked for while the database was away, and refused then: {refusal}"
        folded = {write.stream_id: write.decider.fold(write.events) for write in writes}
        job_id = next(write.stream_id for write in writes if write.decider is JOB)
        asked = folded[job_id].request
        closing = {
            write.stream_id: Fail(error, ADVICE, retryable=False)
            if write.decider is JOB
            else self._recipes[asked.kind].give_up(asked, job_id, f"{error} {ADVICE}")
            for write in writes
        }
        return [
            replace(write, events=(*write.events, *self._closed(write, closing, folded)))
            for write in writes
        ]

    def _closed(
        self, write: Write, closing: Mapping[UUID, Any], folded: Mapping[UUID, Any]
    ) -> Sequence[Any]:
        command = closing[write.stream_id]
        return () if command is None else write.decider.decide(command, folded[write.stream_id])
