"""Calls of one job side by side: what is set aside for one is no reason to fail another."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from msgspec.structs import replace
from uuid_utils.compat import uuid7

from service.budget.book import tenant_account
from service.budget.decider import BUDGET, SetBudget
from service.budget.exhausted import BudgetExhausted, BudgetSetAside
from service.budget.purse import Purse, Reservation
from service.generation.calls import Calls
from service.generation.model import Asked, Begun, Reply, Trouble, nothing
from service.ledger.answer import Answer
from service.log.handle import Log
from service.price.decider import PRICE, Publish
from service.price.prices import price_id
from service.spool import Spool
from tests.generation.test_calls import (
    ASKED,
    GOOD,
    PROMPT,
    TENANT,
    WORK,
    Scripted,
    context,
    fits,
    till,
)


class Watched(Purse):
    """A purse that tells when it has turned somebody away for what is set aside."""

    def __init__(self, log: Log) -> None:
        super().__init__(log)
        self.full = asyncio.Event()

    async def reserve(self, reservation: Reservation) -> None:
        try:
            await super().reserve(reservation)
        except BudgetSetAside:
            self.full.set()
            raise


class Noting(Purse):
    """A purse that notes what is done with it, and takes its time to recover."""

    def __init__(self, log: Log) -> None:
        super().__init__(log)
        self.done: list[str] = []

    async def recover(self, tenant_id: UUID, job_id: UUID) -> None:
        await super().recover(tenant_id, job_id)
        await asyncio.sleep(0)
        self.done.append("recovered")

    async def reserve(self, reservation: Reservation) -> None:
        self.done.append("reserved")
        await super().reserve(reservation)


class Slow(Scripted):
    """A model that holds its first answer back until it is let go."""

    def __init__(self, *script: Reply | Trouble) -> None:
        super().__init__(*script)
        self.begun = asyncio.Event()
        self.go = asyncio.Event()

    async def complete(self, asked: Asked, begun: Begun = nothing) -> Reply:
        async def under_way() -> None:
            await begun()
            self.begun.set()
            await self.go.wait()

        return await super().complete(asked, under_way)


@pytest.fixture
async def spool(tmp_path: Path) -> AsyncIterator[Spool]:
    opened = Spool(tmp_path / "calls")
    yield opened
    await opened.close()


async def allow(log: Log, limit: str) -> None:
    """Publish a price by which a call may cost 1.00 and comes to 0.04; set the tenant's budget."""
    price = Publish("m-1", Decimal(0), Decimal(10_000))
    await log.handle(PRICE, price_id("m-1"), price, context())
    ours = replace(context(), tenant_id=TENANT)
    await log.handle(BUDGET, tenant_account(TENANT), SetBudget(Decimal(limit), "total"), ours)


async def beside(
    log: Log, spool: Spool, model: Slow, others: int
) -> tuple["asyncio.Task[Answer]", list["asyncio.Task[Answer]"]]:
    """Begin a call, and once it is under way others that find no room; then let it end."""
    purse = Watched(log)
    calls = Calls(replace(till(log, spool, model), purse=purse), WORK)

    def begin() -> "asyncio.Task[Answer]":
        return asyncio.create_task(calls.call(ASKED, PROMPT, "lesson", fits))

    first = begin()
    await model.begun.wait()
    waiting = [begin() for _ in range(others)]
    await purse.full.wait()
    model.go.set()
    await asyncio.wait([first, *waiting])
    return first, waiting


async def test_a_call_waits_for_what_is_set_aside_for_its_neighbours(
    log: Log, spool: Spool
) -> None:
    await allow(log, "1.50")
    model = Slow(GOOD, GOOD, GOOD)

    first, waiting = await beside(log, spool, model, 2)

    assert [one.exception() for one in (first, *waiting)] == [None] * 3
    assert len(model.asked) == 3


async def test_it_also_waits_for_one_that_fails(log: Log, spool: Spool) -> None:
    await allow(log, "1.50")
    model = Slow(Trouble("failed", "It broke.", free=True), GOOD)

    first, [second] = await beside(log, spool, model, 1)

    assert first.exception() is not None
    assert second.exception() is None


async def test_once_all_is_spent_waiting_is_no_use(log: Log, spool: Spool) -> None:
    await allow(log, "1.03")
    model = Slow(GOOD)

    first, waiting = await beside(log, spool, model, 2)

    assert first.exception() is None
    assert [type(one.exception()) for one in waiting] == [BudgetExhausted] * 2
    assert len(model.asked) == 1


async def test_nobody_waits_for_another_job(log: Log, spool: Spool) -> None:
    await allow(log, "1.50")
    other = Reservation(uuid7(), TENANT, UUID(int=77), "course", Decimal(1))
    paying = till(log, spool, Scripted())
    await paying.purse.reserve(other)

    with pytest.raises(BudgetSetAside):
        await Calls(paying, WORK).call(ASKED, PROMPT, "lesson", fits)


async def test_what_is_left_by_the_dead_is_looked_for_once_and_before_anybody_reserves(
    log: Log, spool: Spool
) -> None:
    purse = Noting(log)
    calls = Calls(replace(till(log, spool, Scripted(*[GOOD] * 3)), purse=purse), WORK)

    await asyncio.gather(*(calls.call(ASKED, PROMPT, "lesson", fits) for _ in range(3)))

    assert purse.done == ["recovered", *["reserved"] * 3]
