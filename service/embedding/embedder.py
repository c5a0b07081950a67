"""Vectors of texts, each paid for through the till and recorded, whatever comes of it."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from hashlib import sha256
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from service.budget.purse import Reservation
from service.generation.model import Asked, Embedded, Message, Trouble
from service.generation.openai.gate import Unsent
from service.generation.till import Entry, Till
from service.ledger.decider import LARGEST, RecordCall

KIND: Final = "embedding"
FRAME: Final = 64
"""Tokens that a server may count for a text beside those of its bytes."""

Vector = tuple[float, ...]


class Embedder(Struct, frozen=True):
    """Asks the model of a till."""

    till: Till
    model: str

    async def vectors(
        self, tenant_id: UUID, target: UUID, purpose: str, texts: Sequence[str]
    ) -> tuple[Vector, ...]:
        """Return a vector of length 1 for each text, charged to a tenant.

        Raises `Trouble`; BudgetExhausted and PriceUnknown, which are GenerationFailed; Unavailable.
        """
        asked = Asked(self.model, tuple(Message("user", text) for text in texts), 0)
        entry = await self._entry(tenant_id, target, purpose, asked)
        with self._busy(entry.reservation.call_id):
            await self.till.purse.reserve(entry.reservation)
            return await self._made(entry, texts)

    async def _made(self, entry: Entry, texts: Sequence[str]) -> tuple[Vector, ...]:
        till, began = self.till, self.till.clock()
        await till.note(entry, durable=False)
        try:
            made = await till.model.embed(self.model, texts)
        except Unsent:
            await till.purse.settle(entry.reservation, Decimal(0))
            await till.spool.drop(entry.reservation.call_id)
            raise
        except Trouble as trouble:
            failed = replace(entry.record, outcome=trouble.outcome, ms=self._since(began))
            if trouble.free:
                failed = replace(failed, cost=Decimal(0), estimate=None)
            await self._settle(replace(entry, record=failed))
            raise
        except asyncio.CancelledError:
            cancelled = replace(entry.record, outcome="cancelled", ms=self._since(began))
            await asyncio.shield(till.note(replace(entry, record=cancelled), durable=True))
            raise
        record = replace(
            entry.record,
            model_returned=made.model,
            tokens_in=_likely(made, texts),
            outcome="answered",
            ms=self._since(began),
        )
        await self._settle(replace(entry, record=record))
        return made.vectors

    async def _settle(self, entry: Entry) -> None:
        await self.till.note(entry, durable=True)
        await self.till.record(entry)

    async def _entry(self, tenant_id: UUID, target: UUID, purpose: str, asked: Asked) -> Entry:
        """Return the entry of a call of which nothing is known yet but that it is to be made."""
        most, call_id = await self.till.prices.most(asked), self.till.new_id()
        record = RecordCall(
            provider=self.till.model.name,
            model_asked=self.model,
            model_returned="",
            prompt_id="",
            prompt_hash=_hash(asked),
            tokens_in=0,
            tokens_out=0,
            cost=None,
            ms=0,
            outcome="lost",
            kind=KIND,
            purpose=purpose,
            target=target,
            call_id=call_id,
            estimate=most,
        )
        reservation = Reservation(call_id, tenant_id, None, KIND, most)
        return Entry(tenant_id, "embeddings", target, record, reservation)

    def _since(self, began: float) -> int:
        return min(LARGEST, round(1000 * (self.till.clock() - began)))

    @contextmanager
    def _busy(self, call_id: UUID) -> Iterator[None]:
        self.till.live.add(call_id)
        try:
            yield
        finally:
            self.till.live.discard(call_id)


def _likely(made: Embedded, texts: Sequence[str]) -> int:
    """Return the tokens that were taken, 0 where the server did not say or cannot be right."""
    most = sum(len(text.encode()) + FRAME for text in texts)
    return made.tokens if made.tokens is not None and made.tokens <= most else 0


def _hash(asked: Asked) -> str:
    texts = [message.content for message in asked.messages]
    return sha256(msgspec.json.encode([asked.model, texts])).hexdigest()
