"""The purse against a real log: no budget is overrun, whoever calls and whatever fails."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from service.budget.book import tenant_account
from service.budget.decider import CARRIED_AFTER
from service.budget.purse import BudgetExhausted, PriceUnknown, Purse, Reservation
from service.database import Database
from service.generation.generator import GenerationFailed
from service.ledger.decider import LEDGER, RecordCall, ledger_id
from service.log.append import GroupAppender
from service.log.commit import Commit, Receipt
from service.log.event import read_stream
from service.log.handle import Log
from service.refusal import Unavailable
from tests.budget.purses import (
    NOON,
    TENANT,
    TODAY,
    allow,
    charged,
    job,
    purse,
    reservation,
    stands,
)
from tests.ledger.calls import call
from tests.projection.histories import TENANTS, context

ROOT = Path(__file__).parents[2]


async def passes(one: Purse, of: Reservation) -> bool:
    """Tell whether a reservation passes."""
    try:
        await one.reserve(of)
    except BudgetExhausted:
        return False
    return True


async def left(database: Database, tenant: UUID = TENANT, *, of: UUID | None = None) -> Decimal:
    """Return what is left of a budget."""
    found = (await stands(database, tenant, job=of)).account.left(TODAY)
    assert found is not None
    return found


@pytest.mark.parametrize("purses", [1, 4])
async def test_of_100_calls_at_once_exactly_as_many_pass_as_the_budget_allows(
    purses: int, log: Log, database: Database
) -> None:
    await allow(log, 10)
    own = [purse(Log(database, log._appender)) for _ in range(purses)]  # noqa: SLF001

    outcomes = await asyncio.gather(
        *(passes(own[number % purses], reservation(1)) for number in range(100))
    )

    assert outcomes.count(True) == 10
    assert len((await stands(database)).account.held) == 10
    assert await left(database) == 0


async def test_of_100_calls_at_once_in_two_processes_exactly_as_many_pass(
    log: Log, database: Database, database_url: str
) -> None:
    await allow(log, 10)
    command = [sys.executable, "-m", "tests.budget.spender", database_url, str(TENANT), "50"]

    async with AsyncExitStack() as running:
        spenders = [await running.enter_async_context(begun(command)) for _ in range(2)]
        told = await asyncio.gather(*(spender.communicate(b"now\n") for spender in spenders))

    passed = [int(out) for out, _ in told]
    assert sum(passed) == 10, passed
    assert len((await stands(database)).account.held) == 10


@asynccontextmanager
async def begun(command: Sequence[str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start a process, and wait until it says that it is ready; it does not outlast the block."""
    pipe = subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=pipe, stdout=pipe)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(120):
            assert await process.stdout.readline() == b"ready\n"
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def test_calls_that_gather_are_one_commit(log: Log, database: Database) -> None:
    await allow(log, 100)
    one = purse(log)

    await asyncio.gather(*(one.reserve(reservation(1)) for _ in range(100)))

    events = await read_stream(database, tenant_account(TENANT))
    assert len(events) == 101
    commits = {event.metadata for event in events[1:]}
    assert len(commits) <= 2


async def test_without_a_budget_nothing_is_recorded(log: Log, database: Database) -> None:
    one, of = purse(log), reservation(None, job=await job(log))

    await one.reserve(of)
    await one.settle(of, Decimal(3))

    assert (await stands(database)).version == 0
    assert (await stands(database, job=of.job_id)).version == 0


async def test_a_budget_that_comes_or_goes_holds_at_once_in_every_process(
    log: Log, database: Database, appender: GroupAppender
) -> None:
    here, there = purse(log), purse(Log(database, appender))
    assert await passes(there, reservation(1000))

    await allow(log, 1)
    assert [await passes(one, reservation(2)) for one in (here, there)] == [False, False]
    await allow(log, 3)
    assert await passes(there, reservation(2))
    await allow(log, None)
    assert await passes(there, reservation(1000))
    await allow(log, 3)
    assert not await passes(there, reservation(2))


async def test_what_a_call_has_cost_is_charged_instead_of_what_was_set_aside(
    log: Log, database: Database
) -> None:
    await allow(log, 10)
    one, of = purse(log), reservation(9)
    await one.reserve(of)
    assert await left(database) == 1

    await one.settle(of, Decimal("0.25"))

    assert await left(database) == Decimal("9.75")
    assert await passes(one, reservation("9.75"))


async def test_a_call_is_charged_once_whoever_settles_it_and_how_often(
    log: Log, database: Database, appender: GroupAppender
) -> None:
    await allow(log, 10)
    here, there, of = purse(log), purse(Log(database, appender)), reservation(9)
    await here.reserve(of)

    await asyncio.gather(*(one.settle(of, Decimal(2)) for one in (there, here, there, here)))

    assert await left(database) == 8
    settled = [
        e for e in await read_stream(database, tenant_account(TENANT)) if "settled" in e.type
    ]
    assert len(settled) == 1


async def test_a_settlement_of_what_nobody_set_aside_charges_nothing(
    log: Log, database: Database
) -> None:
    await allow(log, 10)
    await purse(log).settle(reservation(0), Decimal(5))

    assert await left(database) == 10


async def test_a_job_has_a_budget_of_its_own_beside_that_of_its_tenant(
    log: Log, database: Database
) -> None:
    await allow(log, 10)
    small, free, one = await job(log, 3), await job(log), purse(log)

    outcomes = [
        await passes(one, reservation(2, job=small)),
        await passes(one, reservation(2, job=small)),
        await passes(one, reservation(7, job=free)),
        await passes(one, reservation(1, job=small)),
        await passes(one, reservation(1, job=free)),
    ]

    assert outcomes == [True, False, True, True, False]
    assert [await left(database), await left(database, of=small)] == [0, 0]
    assert (await stands(database, job=free)).version == 0


async def test_what_the_tenants_budget_refuses_is_not_charged_to_the_jobs(
    log: Log, database: Database
) -> None:
    await allow(log, 1)
    own = await job(log, 5)

    assert not await passes(purse(log), reservation(2, job=own))
    assert (await stands(database, job=own)).version == 0


async def test_of_many_calls_of_a_job_as_many_pass_as_its_budget_allows(
    log: Log, database: Database
) -> None:
    own, one = await job(log, 10), purse(log)

    outcomes = await asyncio.gather(*(passes(one, reservation(1, job=own)) for _ in range(100)))

    assert outcomes.count(True) == 10
    assert await left(database, of=own) == 0
    assert (await stands(database)).version == 0


async def test_tenants_do_not_pay_for_one_another(log: Log, database: Database) -> None:
    for tenant in TENANTS:
        await allow(log, 5, tenant=tenant)
    one = purse(log)

    outcomes = await asyncio.gather(
        *(passes(one, reservation(1, tenant=TENANTS[n % 2])) for n in range(20))
    )

    assert outcomes.count(True) == 10
    assert [await left(database, tenant) for tenant in TENANTS] == [0, 0]


async def test_a_refusal_says_how_the_budget_stands_and_what_to_do(log: Log) -> None:
    await allow(log, 10, "month")
    own, one = await job(log, "0.5"), purse(log)
    settled = reservation(4)
    for of in (settled, reservation("5.5")):
        await one.reserve(of)
    await one.settle(settled, Decimal("3.995"))

    with pytest.raises(BudgetExhausted) as refused:
        await one.reserve(reservation("6.006"))
    with pytest.raises(BudgetExhausted) as of_job:
        await purse(log).reserve(reservation("0.501", job=own))

    assert refused.value.error == (
        "The budget of $10.00 a month for your organisation has no room for the next call:"
        " $3.995 is spent,"
        " $5.50 is set aside for calls under way, and it may cost $6.006."
    )
    assert "2026-12-01" in refused.value.advice
    assert not refused.value.retryable
    assert "for this job" in of_job.value.error
    assert "larger budget" in of_job.value.advice


async def test_what_only_waits_for_calls_under_way_is_tried_again(log: Log) -> None:
    await allow(log, 10)
    one, of = purse(log), reservation(9)
    await one.reserve(of)

    with pytest.raises(BudgetExhausted) as refused:
        await one.reserve(reservation(10))
    assert refused.value.retryable
    assert "tried again" in refused.value.advice
    await one.settle(of, Decimal("0.01"))
    with pytest.raises(BudgetExhausted) as refused:
        await one.reserve(reservation(10))
    assert not refused.value.retryable


async def test_where_there_is_a_budget_a_model_must_have_a_price(log: Log) -> None:
    one, own = purse(log), await job(log, 5)

    with pytest.raises(PriceUnknown, match=r"this job.*prices publish"):
        await one.reserve(reservation(None, job=own))
    await allow(log, 10)
    with pytest.raises(PriceUnknown, match="organisation"):
        await one.reserve(reservation(None))


async def test_a_new_day_has_a_new_budget_and_yesterdays_calls_are_charged_to_yesterday(
    log: Log, database: Database
) -> None:
    await allow(log, 10, "day")
    today, tomorrow, of = purse(log), purse(log, NOON + timedelta(days=1)), reservation(9)
    await today.reserve(of)
    assert not await passes(today, reservation(2))

    assert await passes(tomorrow, reservation(10))
    await today.settle(of, Decimal(9))
    assert not await passes(tomorrow, reservation("0.01"))
    assert (await stands(database)).account.spent.total == 9


async def test_who_is_cancelled_while_he_waits_has_nothing_to_settle(
    log: Log, database: Database
) -> None:
    await allow(log, 10)
    one = purse(log)
    waiting = [asyncio.create_task(one.reserve(reservation(1))) for _ in range(10)]
    for turns, task in enumerate(waiting):
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    await one.close()

    passed = sum(not task.cancelled() for task in waiting)
    assert await left(database) == 10 - passed


async def test_what_was_set_aside_when_the_answer_was_lost_is_given_back(
    log: Log, database: Database
) -> None:
    await allow(log, 10)
    appender = Losing(database)
    one = purse(Log(database, appender))

    with pytest.raises(Unavailable):
        await one.reserve(reservation(9))
    assert await left(database) == 1
    appender.loses = False
    assert await passes(one, reservation(10))
    await appender.close()


class Losing(GroupAppender):
    """An appender that stores what it is given, and at first does not say so."""

    loses = True

    def __init__(self, database: Database) -> None:
        super().__init__(database.connect)

    async def append(self, commit: Commit, timeout: float = 10.0) -> Receipt:
        receipt = await super().append(commit, timeout)
        if self.loses:
            raise Unavailable
        return receipt


async def test_while_the_database_is_away_nobody_spends_and_everybody_is_told(
    log: Log, database: Database
) -> None:
    await allow(log, 10)
    one = purse(log)
    await database.close()

    outcomes = await asyncio.gather(
        *(one.reserve(reservation(1)) for _ in range(3)),
        one.settle(reservation(1), Decimal(1)),
        one.recover(TENANT, uuid4()),
        return_exceptions=True,
    )

    assert [type(outcome) for outcome in outcomes] == [Unavailable] * 5


async def record(log: Log, of: Reservation, **known: object) -> None:
    """Record a call in the ledger of its job."""
    assert of.job_id is not None
    made: RecordCall = call(call_id=of.call_id, job_id=of.job_id, **known)
    await log.handle(LEDGER, ledger_id(of.tenant_id, of.job_id), made, context(of.tenant_id))


async def test_what_a_dead_worker_left_is_charged_as_the_ledger_says_else_as_it_was_set_aside(
    log: Log, database: Database, appender: GroupAppender
) -> None:
    await allow(log, 100)
    own, other = await job(log, 50), await job(log)
    dead, heir = purse(log), purse(Log(database, appender))
    known, lost, unheard = (reservation(10, job=own) for _ in range(3))
    foreign = reservation(10, job=other)
    for of in (known, lost, unheard, foreign):
        await dead.reserve(of)
    await record(log, known, cost=Decimal(2))
    await record(log, lost, cost=None, outcome="lost")

    await heir.recover(TENANT, own)

    assert await left(database, of=own) == 50 - 2 - 10 - 10
    assert await left(database) == 100 - 2 - 10 - 10 - 10
    assert list((await stands(database)).account.held) == [foreign.call_id]
    await dead.settle(lost, Decimal(1))  # it was only slow
    assert await left(database) == 100 - 2 - 1 - 10 - 10


async def test_calls_that_are_under_way_here_are_left_alone(log: Log, database: Database) -> None:
    await allow(log, 100)
    own, one = await job(log), purse(log)
    of = reservation(10, job=own)
    await one.reserve(of)

    await one.recover(TENANT, own)

    assert list((await stands(database)).account.held) == [of.call_id]
    await one.settle(of, Decimal(3))
    assert await left(database) == 97


async def test_an_account_with_a_long_past_is_carried_forward_and_read_from_there(
    log: Log, database: Database, appender: GroupAppender
) -> None:
    await allow(log, 1000)
    one = purse(log)
    rounds = 3
    for _ in range(rounds):
        asked = [reservation(1) for _ in range(CARRIED_AFTER // 2)]
        await asyncio.gather(*(one.reserve(of) for of in asked))
        await asyncio.gather(*(one.settle(of, Decimal("0.5")) for of in asked))

    events = await read_stream(database, tenant_account(TENANT), limit=10_000)
    carried = [event for event in events if event.type == "budget.carried-forward"]
    assert len(carried) == rounds
    spent = Decimal("0.5") * rounds * (CARRIED_AFTER // 2)
    assert await left(database) == 1000 - spent
    read = await charged(database, tenant_account(TENANT))
    assert len(read) <= CARRIED_AFTER
    assert await passes(purse(Log(database, appender)), reservation(1000 - spent))


async def test_the_purse_keeps_nothing_of_calls_that_are_over(log: Log) -> None:
    await allow(log, 1000)
    one, other = purse(log), await job(log)
    asked = [reservation(1, job=other if n % 2 else None) for n in range(50)]
    await asyncio.gather(*(one.reserve(of) for of in asked), return_exceptions=True)
    with pytest.raises(GenerationFailed):
        await one.reserve(reservation(2000))
    await asyncio.gather(*(one.settle(of, None) for of in asked))

    await one.close()
    assert (one._held, one._void, one._queues, one._tasks) == ({}, {}, {}, {})  # noqa: SLF001
