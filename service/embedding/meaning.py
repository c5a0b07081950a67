"""What a question means, as a vector: remembered, soon there, or done without."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from typing import Final
from uuid import UUID

from service.embedding.embedder import Embedder, Vector
from service.generation.generator import GenerationFailed
from service.generation.model import Trouble
from service.generation.till import Till
from service.log.claim import claimed
from service.refusal import Unavailable
from service.settings import Settings

REMEMBERED: Final = 2_000
PATIENCE: Final = 2.0
"""Seconds that a search waits for the vector of its question."""
FIRST_REST: Final = 2.0
LONGEST_REST: Final = 60.0
"""Seconds in which no search waits for a server that has just failed one: at first, and at most."""

log: Final = logging.getLogger(__name__)


class Meaning:
    """One for a process. Vectors of questions are remembered for each tenant apart."""

    def __init__(
        self, embedder: Embedder, clock: Callable[[], float], patience: float = PATIENCE
    ) -> None:
        """Ask `embedder`, and wait so many seconds; `clock` counts them and never goes back."""
        self.model = embedder.model
        self._embedder = embedder
        self._clock = clock
        self._patience = patience
        self._known: OrderedDict[tuple[UUID, str], Vector] = OrderedDict()
        self._resting_until = 0.0
        self._rest = FIRST_REST

    async def of(self, tenant_id: UUID, question: str) -> Vector | None:
        """Return the vector of a question, None where there is none to be had in time."""
        key = (tenant_id, " ".join(question.casefold().split()))
        if self._clock() < self._resting_until:
            return None
        if key in self._known:
            self._known.move_to_end(key)
            return self._known[key]
        vector = await self._asked(*key)
        if vector is not None:
            self._known[key] = vector
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return vector

    async def _asked(self, tenant_id: UUID, question: str) -> Vector | None:
        target = claimed(tenant_id, "question", question)
        try:
            async with asyncio.timeout(self._patience):
                (vector,) = await self._embedder.vectors(tenant_id, target, "question", [question])
        except (GenerationFailed, Unavailable):
            return None
        except (Trouble, TimeoutError) as error:
            self.fail(str(error) or f"no vector within {self._patience:g} seconds")
            return None
        self._rest = FIRST_REST
        return vector

    def fail(self, why: str) -> None:
        """Answer by words alone for a while, and say why."""
        log.warning("searching by words alone for %g seconds: %s", self._rest, why)
        self._resting_until = self._clock() + self._rest
        self._rest = min(self._rest * 2, LONGEST_REST)


def meaning(settings: Settings, till: Till | None) -> Meaning | None:
    """Return what finds the meaning of questions, if a model is named for it."""
    model = settings.openai_embedding_model
    return None if till is None or model is None else Meaning(Embedder(till, model), till.clock)
