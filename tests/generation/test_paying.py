"""What keeps the money together: the disk before the log, the budget before the call."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from msgspec.structs import replace
from uuid_utils.compat import uuid7

from service.budget.book import tenant_account
from service.budget.decider import BUDGET, SetBudget
from service.budget.purse import BudgetExhausted, Purse, Reservation
from service.database import Database
from service.generation.calls import Calls
from service.generation.till import Entry
from service.ledger.decider import LEDGER, ledger_id
from service.log.handle import Log
from service.price.decider import PRICE, Publish
from service.price.prices import price_id
from service.spool import Spool
from tests.generation.test_calls import (
    ASKED,
    GOOD,
    JOB,
    PROMPT,
    TENANT,
    WORK,
    Scripted,
    context,
    fits,
    ledger,
    till,
)
from tests.ledger.calls import call

MOST = Decimal("1.00")
"""What the request may cost at most by the price below; its answer costs 0.04."""


class Watched(Spool):
    """A spool that tells when something is durable in it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.durable = asyncio.Event()

    async def put(self, entry_id: UUID, entry: bytes, *, durable: bool) -> None:
        await super().put(entry_id, entry, durable=durable)
        if durable:
            self.durable.set()


@pytest.fixture
async def spool(tmp_path: Path) -> AsyncIterator[Watched]:
    opened = Watched(tmp_path / "calls")
    yield opened
    await opened.close()


async def allow(log: Log, limit: str) -> None:
    """Publish the price and set the tenant's budget."""
    price = Publish("m-1", Decimal(0), Decimal(10_000))
    await log.handle(PRICE, price_id("m-1"), price, context())
    ours = replace(context(), tenant_id=TENANT)
    await log.handle(BUDGET, tenant_account(TENANT), SetBudget(Decimal(limit), "total"), ours)


async def test_an_answer_is_safe_on_the_disk_before_the_log_has_it(
    log: Log, database: Database, spool: Watched
) -> None:
    blocker = await database.connect()
    await blocker.execute("BEGIN")
    await blocker.execute("SELECT FROM log.head FOR UPDATE")

    calls = Calls(till(log, spool, Scripted(GOOD)), WORK)
    calling = asyncio.create_task(calls.call(ASKED, PROMPT, "lesson", fits))
    async with asyncio.timeout(60):
        await spool.durable.wait()
    (kept,) = [msgspec.json.decode(entry, type=Entry) for entry in spool.left().values()]
    assert not await ledger(database)
    await blocker.execute("ROLLBACK")
    await blocker.close()
    await calling

    assert kept.record.outcome == "answered"
    assert kept.answer is not None
    assert kept.answer.text == GOOD.text
    assert len(await ledger(database)) == 1


async def test_what_the_budget_does_not_allow_is_not_asked(log: Log, spool: Watched) -> None:
    await allow(log, "0.50")
    model = Scripted(GOOD)

    with pytest.raises(BudgetExhausted):
        await Calls(till(log, spool, model), WORK).call(ASKED, PROMPT, "lesson", fits)

    assert not model.asked


async def test_what_a_call_has_cost_is_charged_and_not_what_was_set_aside(
    log: Log, spool: Watched
) -> None:
    await allow(log, "1.07")
    model = Scripted(GOOD, GOOD, GOOD)
    calls = Calls(till(log, spool, model), WORK)

    await calls.call(ASKED, PROMPT, "lesson", fits)
    await calls.call(ASKED, PROMPT, "lesson", fits)
    with pytest.raises(BudgetExhausted):
        await calls.call(ASKED, PROMPT, "lesson", fits)

    assert len(model.asked) == 2


async def test_what_a_dead_worker_set_aside_is_settled_by_the_next_one_of_its_job(
    log: Log, spool: Watched
) -> None:
    await allow(log, "1.50")
    died = uuid7()
    await Purse(log).reserve(Reservation(died, TENANT, JOB, "course", MOST))
    known = call(call_id=died, cost=Decimal("0.04"), job_id=JOB)
    ours = replace(context(), tenant_id=TENANT)
    await log.handle(LEDGER, ledger_id(TENANT, JOB), known, ours)
    model = Scripted(GOOD)

    await Calls(till(log, spool, model), WORK).call(ASKED, PROMPT, "lesson", fits)

    assert len(model.asked) == 1
