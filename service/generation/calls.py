"""The calls of a language model that one job makes: each kept, charged, and recorded for good."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from hashlib import sha256
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from service.budget.purse import Reservation
from service.generation.beside import Beside
from service.generation.generator import GenerationFailed, Throttled
from service.generation.model import Asked, Reply, Trouble
from service.generation.till import Entry, Till
from service.ledger.answer import ANSWER, Answer, Keep, answer_id
from service.ledger.decider import Outcome, RecordCall

LARGEST: Final = 2**31 - 1

Judge = Callable[[Reply], Outcome]
"""Says of an answer whether it can be used: answered, invalid, truncated or refused."""


class Work(Struct, frozen=True):
    """What calls are made for, and who is charged; `kind` is that of the job, if there is one."""

    tenant_id: UUID
    job_id: UUID | None
    kind: str
    target: UUID
    actor: str


class Prompt(Struct, frozen=True):
    """A prompt's name with its version, and the SHA-256 of its template in hexadecimal."""

    id: str
    hash: str


class ProviderFailed(GenerationFailed):
    """The provider did not answer, or not to the end."""

    general = True

    def __init__(self, error: str, advice: str, *, retryable: bool) -> None:
        super().__init__(error, advice)
        self.retryable = retryable


class Calls:
    """Makes calls for one job, any number of them side by side."""

    def __init__(self, till: Till, work: Work) -> None:
        """Charge `work` with what is called here."""
        self._till = till
        self._work = work
        self._made: list[UUID] = []
        self._recovered = False
        self._recovering = asyncio.Lock()
        self._recording = asyncio.Lock()
        self._beside = Beside()

    @property
    def made(self) -> tuple[UUID, ...]:
        """The calls so far, those that failed too, by their ids in the ledger."""
        return tuple(self._made)

    async def kept(self, asked: Asked) -> Answer | None:
        """Return the latest answer to an equal request of this tenant, if there is one.

        Raises Unavailable.
        """
        stream_id = answer_id(self._work.tenant_id, asked.hash)
        loaded = await self._till.log.load(ANSWER, stream_id, self._work.tenant_id)
        latest: Answer | None = loaded.state.latest
        return latest

    async def reused(self, answer: Answer, prompt: Prompt, purpose: str) -> None:
        """Record that a kept answer served again, which costs nothing."""
        blank = self._blank(prompt, purpose, answer.model_asked, answer.request_hash)
        record = replace(
            blank,
            model_returned=answer.model_returned,
            response_id=answer.response_id,
            answer_hash=answer.answer_hash,
            cost=Decimal(0),
            outcome="reused",
        )
        await self._record(self._entry(record, Decimal(0)))

    async def call(self, asked: Asked, prompt: Prompt, purpose: str, judge: Judge) -> Answer:
        """Ask the model and return its answer, whatever `judge` says of it, once it is recorded.

        Raises GenerationFailed where there is no answer: BudgetExhausted before anything is asked,
        Throttled where the server wants to be left alone, else ProviderFailed.
        """
        till = self._till
        await self._recover()
        most = await till.prices.most(asked)
        blank = replace(self._blank(prompt, purpose, asked.model, asked.hash), estimate=most)
        entry = self._entry(blank, most)
        with self._busy(entry.reservation.call_id):
            return await self._beside.made(lambda: self._ask(asked, entry, judge))

    async def _recover(self) -> None:
        """Settle what a dead worker has set aside for the job, before the first call of this one.

        What is set aside by then is taken for a dead one's, so all calls wait for that.
        """
        async with self._recovering:
            if not self._recovered and self._work.job_id is not None:
                await self._till.purse.recover(self._work.tenant_id, self._work.job_id)
            self._recovered = True

    async def _ask(self, asked: Asked, entry: Entry, judge: Judge) -> Answer:
        began: list[float] = []

        async def begun() -> None:
            await self._till.purse.reserve(entry.reservation)
            began.append(self._till.clock())
            self._made.append(entry.reservation.call_id)
            await self._till.note(entry, durable=False)

        try:
            reply = await self._till.model.complete(asked, begun)
        except Trouble as trouble:
            if began:
                await self._settle(replace(entry, record=self._troubled(entry, trouble, began[0])))
            raise _failure(trouble) from trouble
        except asyncio.CancelledError:
            if began:
                record = replace(entry.record, outcome="cancelled", ms=self._since(began[0]))
                await asyncio.shield(self._till.note(replace(entry, record=record), durable=True))
            raise
        kept = _answer(entry.record, asked, reply)
        record = self._answered(entry.record, asked, reply, judge(reply), began[0])
        await self._settle(replace(entry, record=record, answer=kept))
        return kept

    async def _settle(self, entry: Entry) -> None:
        """Keep what has come where a crash cannot reach it, then in the log."""
        await self._till.note(entry, durable=True)
        await self._record(entry)

    async def _record(self, entry: Entry) -> None:
        """Record a call, one of this job at a time: they have one ledger, and would collide."""
        async with self._recording:
            await self._till.record(entry)

    def _answered(
        self, blank: RecordCall, asked: Asked, reply: Reply, outcome: Outcome, began: float
    ) -> RecordCall:
        usage = _usage(asked, reply)
        return replace(
            blank,
            model_returned=reply.model,
            response_id=reply.response_id,
            answer_hash=_hash(reply.text),
            tokens_in=usage[0] if usage else 0,
            tokens_out=usage[1] if usage else 0,
            ms=self._since(began),
            outcome=outcome,
        )

    def _troubled(self, entry: Entry, trouble: Trouble, began: float) -> RecordCall:
        record = replace(entry.record, outcome=trouble.outcome, ms=self._since(began))
        if trouble.free:
            return replace(record, cost=Decimal(0), estimate=None)
        if trouble.partial is not None:
            said = trouble.partial
            return replace(record, model_returned=said.model, response_id=said.response_id)
        return record

    def _blank(self, prompt: Prompt, purpose: str, model: str, request_hash: str) -> RecordCall:
        """Return the record of a call of which nothing is known yet but that it was made."""
        return RecordCall(
            provider=self._till.model.name,
            model_asked=model,
            model_returned="",
            prompt_id=prompt.id,
            prompt_hash=request_hash,
            tokens_in=0,
            tokens_out=0,
            cost=None,
            ms=0,
            outcome="lost",
            kind=self._work.kind,
            purpose=purpose,
            target=self._work.target,
            job_id=self._work.job_id,
            call_id=self._till.new_id(),
        )

    def _entry(self, record: RecordCall, amount: Decimal | None) -> Entry:
        work = self._work
        assert record.call_id is not None  # noqa: S101 - _blank has given it one
        reservation = Reservation(record.call_id, work.tenant_id, work.job_id, work.kind, amount)
        correlated = work.job_id or work.target
        return Entry(work.tenant_id, work.actor, correlated, record, reservation)

    def _since(self, began: float) -> int:
        return min(LARGEST, round(1000 * (self._till.clock() - began)))

    @contextmanager
    def _busy(self, call_id: UUID) -> Iterator[None]:
        self._till.live.add(call_id)
        try:
            yield
        finally:
            self._till.live.discard(call_id)


class NotKept(GenerationFailed):
    """There is no answer to read again, and asking was not wanted."""


class Reread(Calls):
    """The calls of a job that only reads again what was answered before: it makes none."""

    async def call(self, asked: Asked, prompt: Prompt, purpose: str, judge: Judge) -> Answer:
        """Raise NotKept."""
        del asked, prompt, judge
        raise NotKept(
            f"No answer to this request for {'an' if purpose[0] in 'aeiou' else 'a'} {purpose} is"
            " kept, or it does not fit: what is asked for has changed since, or so has the prompt.",
            "Regenerate it instead: that asks the model.",
        )


def _answer(record: RecordCall, asked: Asked, reply: Reply) -> Keep:
    assert record.call_id is not None  # noqa: S101 - _blank has given it one
    return Keep(
        call_id=record.call_id,
        request_hash=asked.hash,
        answer_hash=_hash(reply.text),
        provider=record.provider,
        model_asked=asked.model,
        model_returned=reply.model,
        response_id=reply.response_id,
        finish=reply.finish,
        tokens_in=reply.tokens_in,
        tokens_out=reply.tokens_out,
        text=reply.text,
    )


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _usage(asked: Asked, reply: Reply) -> tuple[int, int] | None:
    """Return the tokens that were taken, None where the server did not say or cannot be right.

    A token is at least a byte of what was sent, and no answer has more than it was allowed.
    """
    taken, given = reply.tokens_in, reply.tokens_out
    if taken is None or given is None:
        return None
    sent = sum(len(message.content.encode()) + 64 for message in asked.messages)
    sent += len(str(asked.schema)) if asked.schema else 0
    likely = 0 < taken <= sent and (bool(reply.text) <= given <= asked.max_tokens)
    return (taken, given) if likely else None


def _failure(trouble: Trouble) -> GenerationFailed:
    """Return what a job fails with, or waits for, because of trouble with the server."""
    if trouble.outcome == "throttled" and trouble.after is not None:
        return Throttled(trouble.detail, "It is tried again by itself.", trouble.after)
    advice = (
        "It is tried again by itself."
        if trouble.passing
        else "Look at the settings OPENAI_BASE_URL, OPENAI_API_KEY and OPENAI_MODEL, then retry."
    )
    return ProviderFailed(trouble.detail, advice, retryable=trouble.passing)
