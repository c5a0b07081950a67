import asyncio
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from service.budget.purse import Purse
from service.database import Database
from service.generation.calls import Calls, Prompt, ProviderFailed, Work
from service.generation.generator import Throttled
from service.generation.model import Asked, Begun, Embedded, Message, Reply, Trouble, nothing
from service.generation.till import Till
from service.http.token import HOUSE
from service.ledger.answer import ANSWER, answer_id
from service.ledger.decider import LEDGER, LlmCalled, Outcome, ledger_id
from service.log.event import decoded, read_stream
from service.log.handle import Context, Log
from service.price.decider import PRICE, Publish
from service.price.prices import Prices, price_id
from service.spool import Spool

TENANT = UUID(int=1)
JOB = UUID(int=2)
WORK = Work(TENANT, JOB, "course", UUID(int=3), "worker:w1")
PROMPT = Prompt("course.lesson/1", "ab" * 32)
ASKED = Asked("m-1", (Message("user", "Tell me of rivers."),), 100)
GOOD = Reply("Rivers flow.", "stop", "m-1-2026", "r-1", 12, 4)


class Scripted:
    """A model that says what it was told to, in order; None keeps it silent for ever."""

    name = "openai"

    def __init__(self, *script: Reply | Trouble | None) -> None:
        self.script = list(script)
        self.asked: list[Asked] = []
        self.silent = asyncio.Event()
        self.turn: Trouble | None = None

    async def complete(self, asked: Asked, begun: Begun = nothing) -> Reply:
        if self.turn is not None:
            raise self.turn
        await begun()
        self.asked.append(asked)
        said = self.script.pop(0)
        if said is None:
            self.silent.set()
            await asyncio.Event().wait()
        if isinstance(said, Trouble):
            raise said
        assert said is not None
        return said

    async def embed(self, model: str, texts: Sequence[str]) -> Embedded:
        return Embedded(tuple((1.0,) for _ in texts), model, len(texts))


def context() -> Context:
    return Context(HOUSE, "tester", uuid7())


def fits(_reply: Reply) -> Outcome:
    return "answered"


@pytest.fixture
async def spool(tmp_path: Path) -> AsyncIterator[Spool]:
    opened = Spool(tmp_path / "calls")
    yield opened
    await opened.close()


def till(log: Log, spool: Spool, model: Scripted) -> Till:
    clock = iter(range(1_000_000))
    prices = Prices(log)
    return Till(log, model, prices, Purse(log), spool, uuid7, lambda: float(next(clock)))


async def ledger(database: Database) -> list[LlmCalled]:
    stream = ledger_id(TENANT, JOB)
    return [decoded(LEDGER, event) for event in await read_stream(database, stream)]


async def test_an_answer_and_what_it_took_are_one_commit(
    log: Log, database: Database, spool: Spool
) -> None:
    calls = Calls(till(log, spool, Scripted(GOOD)), WORK)

    answer = await calls.call(ASKED, PROMPT, "lesson", fits)

    (called,) = await ledger(database)
    assert (called.outcome, called.tokens_in, called.tokens_out) == ("answered", 12, 4)
    assert (called.model_returned, called.response_id) == ("m-1-2026", "r-1")
    assert called.answer_hash == answer.answer_hash
    assert calls.made == (called.call_id,)
    rows = await database.fetch("SELECT events FROM log.receipts WHERE key = $1", called.call_id)
    assert [row["events"] for row in rows] == [2]
    assert not spool.left()


async def test_an_answer_is_at_hand_afterwards_and_costs_nothing_more(
    log: Log, database: Database, spool: Spool
) -> None:
    model = Scripted(GOOD)
    calls = Calls(till(log, spool, model), WORK)
    await calls.call(ASKED, PROMPT, "lesson", fits)

    kept = await calls.kept(ASKED)
    assert kept is not None
    await calls.reused(kept, PROMPT, "lesson")

    _, again = await ledger(database)
    assert kept.text == "Rivers flow."
    assert (again.outcome, again.cost) == ("reused", Decimal(0))
    assert again.answer_hash == kept.answer_hash
    assert len(model.asked) == 1


async def test_another_variation_of_a_request_is_another_request(log: Log, spool: Spool) -> None:
    calls = Calls(till(log, spool, Scripted(GOOD)), WORK)
    await calls.call(ASKED, PROMPT, "lesson", fits)

    other = Asked(ASKED.model, ASKED.messages, ASKED.max_tokens, variation="anew")

    assert await calls.kept(other) is None


async def test_whoever_is_told_to_wait_goes_back_and_pays_nothing(
    log: Log, database: Database, spool: Spool
) -> None:
    busy = Trouble("throttled", "The server is busy.", after=90.0, free=True)
    calls = Calls(till(log, spool, Scripted(busy)), WORK)

    with pytest.raises(Throttled) as told:
        await calls.call(ASKED, PROMPT, "lesson", fits)

    (called,) = await ledger(database)
    assert told.value.after == 90.0
    assert (called.outcome, called.cost) == ("throttled", Decimal(0))
    assert called.estimate is None


async def test_a_call_that_was_never_sent_leaves_nothing(
    log: Log, database: Database, spool: Spool
) -> None:
    model = Scripted()
    model.turn = Trouble("throttled", "Others are before.", after=2.0, free=True)

    with pytest.raises(Throttled):
        await Calls(till(log, spool, model), WORK).call(ASKED, PROMPT, "lesson", fits)

    assert not await ledger(database)
    assert not spool.left()


@pytest.mark.parametrize("passing", [True, False])
async def test_what_broke_off_is_recorded_as_of_unknown_cost(
    log: Log, database: Database, spool: Spool, *, passing: bool
) -> None:
    cut = Trouble("failed", "The connection broke off.", passing=passing)
    calls = Calls(till(log, spool, Scripted(cut)), WORK)

    with pytest.raises(ProviderFailed) as failed:
        await calls.call(ASKED, PROMPT, "lesson", fits)

    (called,) = await ledger(database)
    assert failed.value.retryable is passing
    assert (called.outcome, called.cost) == ("failed", None)


async def test_a_cancelled_call_is_recorded_by_who_comes_after(
    log: Log, database: Database, spool: Spool
) -> None:
    model = Scripted(None)
    paying = till(log, spool, model)
    calling = asyncio.create_task(Calls(paying, WORK).call(ASKED, PROMPT, "lesson", fits))
    await model.silent.wait()
    assert await paying.clear() == 0  # somebody is busy with it
    calling.cancel()
    await asyncio.wait({calling})
    await paying.clear()

    (called,) = await ledger(database)
    assert (called.outcome, called.cost) == ("cancelled", None)
    assert not spool.left()


@pytest.mark.parametrize(
    "usage", [(None, None), (12, None), (-1, 4), (12, -4), (12, 0), (0, 4), (12, 101), (10**6, 4)]
)
async def test_usage_that_cannot_be_right_is_not_believed(
    log: Log, database: Database, spool: Spool, usage: tuple[int | None, int | None]
) -> None:
    lying = Reply("Rivers flow.", "stop", "m-1", "r-1", *usage)
    calls = Calls(till(log, spool, Scripted(lying)), WORK)

    await calls.call(ASKED, PROMPT, "lesson", fits)

    (called,) = await ledger(database)
    assert (called.tokens_in, called.tokens_out, called.cost) == (0, 0, None)


async def test_calls_at_once_for_one_job_are_all_recorded(
    log: Log, database: Database, spool: Spool
) -> None:
    calls = Calls(till(log, spool, Scripted(*[GOOD] * 20)), WORK)

    await asyncio.gather(*(calls.call(ASKED, PROMPT, "lesson", fits) for _ in range(20)))

    assert {called.call_id for called in await ledger(database)} == set(calls.made)
    answers = await log.load(ANSWER, answer_id(TENANT, ASKED.hash), TENANT)
    assert set(answers.state.calls) == set(calls.made)


async def test_a_call_whose_process_died_is_recorded_by_the_next(
    log: Log, database: Database, tmp_path: Path
) -> None:
    model = Scripted(None, GOOD)
    dying = Spool(tmp_path / "calls")
    calls = Calls(till(log, dying, model), WORK)
    calling = asyncio.create_task(calls.call(ASKED, PROMPT, "lesson", fits))
    await model.silent.wait()
    await dying.close()  # as the end of the process does
    after = Spool(tmp_path / "calls")
    await till(log, after, model).clear()

    (called,) = await ledger(database)
    assert (called.outcome, called.cost) == ("lost", None)
    assert called.call_id == calls.made[0]
    assert not after.left()
    await after.close()
    calling.cancel()
    await asyncio.wait({calling})


async def test_a_price_makes_a_cost_that_is_exact(
    log: Log, database: Database, spool: Spool
) -> None:
    paying = till(log, spool, Scripted(GOOD))
    stream = price_id("m-1")
    await log.handle(PRICE, stream, Publish("m-1", Decimal("0.15"), Decimal("0.60")), context())

    await Calls(paying, WORK).call(ASKED, PROMPT, "lesson", fits)

    (called,) = await ledger(database)
    assert called.cost == Decimal("0.0000042")
