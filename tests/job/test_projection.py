"""Jobs as they are read, from the request to the end."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from service.database import Database
from service.job.decider import (
    JOB,
    Advance,
    Cancel,
    Command,
    Complete,
    Create,
    Fail,
    Retry,
    Start,
)
from service.job.views import JobView, job
from service.ledger.decider import LEDGER, RecordCall, ledger_id
from service.log.handle import Log
from tests.ledger.calls import call
from tests.projection.histories import TENANTS, context

Project = Callable[[], Awaitable[None]]
TENANT = TENANTS[0]
LATER = datetime(2026, 3, 1, 12, tzinfo=UTC)
CREATE = Create("course", uuid4(), "ann")


async def seen(log: Log, database: Database, project: Project, *commands: Command) -> JobView:
    """Return the job after the commands."""
    stream = uuid4()
    for command in (CREATE, *commands):
        await log.handle(JOB, stream, command, context(TENANT))
    await project()
    found = await job(database, TENANT, stream)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("commands", "status"),
    [
        ((), "QUEUED"),
        ((Start("w"),), "RUNNING"),
        ((Start("w"), Advance(1, 2, "x")), "RUNNING"),
        ((Start("w"), Complete()), "COMPLETED"),
        ((Start("w"), Fail("x", "y", retryable=False)), "FAILED"),
        ((Start("w"), Fail("x", "y", retryable=True, retry_at=LATER)), "QUEUED"),
        ((Cancel(),), "CANCELLED"),
        ((Cancel(), Retry()), "QUEUED"),
    ],
)
async def test_a_jobs_status_says_where_it_stands(
    commands: tuple[Command, ...], status: str, log: Log, database: Database, projected: Project
) -> None:
    assert (await seen(log, database, projected, *commands)).status == status


async def test_progress_is_the_latest_step(
    log: Log, database: Database, projected: Project
) -> None:
    steps = (Start("w"), Advance(1, 3, "Outline"), Advance(2, 3, "Lesson 1"))

    found = await seen(log, database, projected, *steps)

    assert (found.steps_done, found.steps_total, found.note) == (2, 3, "Lesson 1")


async def test_errors_of_all_attempts_are_kept_in_order(
    log: Log, database: Database, projected: Project
) -> None:
    found = await seen(
        log, database, projected,
        Start("w"), Fail("Busy.", "Wait.", retryable=True, retry_at=LATER),
        Start("w"), Fail("Broken.", "Mend it.", retryable=False),
    )  # fmt: skip

    assert (found.errors, found.advice, found.attempts) == (["Busy.", "Broken."], "Mend it.", 2)


async def test_a_scheduled_retry_says_when(
    log: Log, database: Database, projected: Project
) -> None:
    waiting = (Start("w"), Fail("Busy.", "Wait.", retryable=True, retry_at=LATER))

    assert (await seen(log, database, projected, *waiting)).run_at == LATER
    assert (await seen(log, database, projected, *waiting, Start("w"))).run_at is None


async def test_a_throttled_attempt_waits_and_is_no_error(
    log: Log, database: Database, projected: Project
) -> None:
    throttled = Fail("Too many.", "Wait.", retryable=True, retry_at=LATER, throttled=True)
    found = await seen(log, database, projected, Start("w"), throttled)

    assert (found.status, found.run_at, found.errors) == ("QUEUED", LATER, [])


async def test_an_ended_job_says_when_until_it_is_taken_up_again(
    log: Log, database: Database, projected: Project
) -> None:
    ended = await seen(log, database, projected, Cancel())
    again = await seen(log, database, projected, Cancel(), Retry())

    assert ended.completed_at is not None
    assert again.completed_at is None


async def test_a_job_is_read_by_its_tenant_alone(
    log: Log, database: Database, projected: Project
) -> None:
    found = await seen(log, database, projected)

    assert await job(database, TENANTS[1], found.id) is None


async def spend(log: Log, *calls: RecordCall, tenant: UUID = TENANT) -> None:
    """Call language models, each time for the job that the call names."""
    for one in calls:
        stream = ledger_id(tenant, one.job_id or one.target)
        await log.handle(LEDGER, stream, one, context(tenant))


async def spent(database: Database, of: UUID) -> tuple[Any, ...]:
    """Return what the calls for a job took together, and the model of the last."""
    row = await database.fetchrow(
        "SELECT token_usage, cost, model_used FROM read.generation_jobs WHERE id = $1", of
    )
    return tuple(row or ())


async def test_a_job_costs_what_its_calls_cost_those_that_failed_too(
    log: Log, database: Database, projected: Project
) -> None:
    stream = (await seen(log, database, projected, Start("w"))).id
    price = Decimal("0.1")
    await spend(log, call(job_id=stream, tokens_in=5, tokens_out=2, cost=price))
    await projected()
    before = await spent(database, stream)
    await spend(
        log,
        call(job_id=stream, tokens_in=1, tokens_out=1, cost=price, outcome="invalid"),
        call(job_id=stream, tokens_in=1, tokens_out=0, cost=price, model_returned="last"),
        call(job_id=stream, tokens_in=0, tokens_out=0, cost=None, model_returned=""),
    )
    await projected()

    assert before == (7, price, "gpt-5-mini-2025-08-07")
    assert await spent(database, stream) == (10, Decimal("0.3"), "last")


async def test_a_model_that_did_not_answer_was_not_used(
    log: Log, database: Database, projected: Project
) -> None:
    stream = (await seen(log, database, projected)).id
    await spend(log, call(job_id=stream, model_returned=""))
    await projected()

    assert (await spent(database, stream))[2] is None


async def test_a_call_leaves_a_jobs_status_alone(
    log: Log, database: Database, projected: Project
) -> None:
    stream = (await seen(log, database, projected, Start("w"), Complete())).id
    await spend(log, call(job_id=stream))
    await projected()

    found = await job(database, TENANT, stream)
    assert found is not None
    assert (found.status, found.completed_at is None) == ("COMPLETED", False)


async def test_calls_for_no_job_an_unknown_one_or_another_tenants_cost_no_job_anything(
    log: Log, database: Database, projected: Project
) -> None:
    stream = (await seen(log, database, projected)).id
    await spend(log, call(job_id=None), call(job_id=uuid4()))
    await spend(log, call(job_id=stream), tenant=TENANTS[1])
    await projected()

    assert await spent(database, stream) == (0, 0, None)
    assert await database.fetchval("SELECT count(*) FROM read.generation_jobs") == 1
    assert await database.fetchval("SELECT count(*) FROM ops.parked") == 0


async def test_an_error_is_counted_for_each_attempt_and_each_job_that_stands_failed_by_it(
    log: Log, database: Database, projected: Project
) -> None:
    retried = Fail("Busy.", "Wait.", retryable=True, retry_at=LATER)
    busy = Fail("Busy.", "Wait.", retryable=False)
    broken = Fail("Broken.", "Mend it.", retryable=False)
    await seen(log, database, projected, Start("w"), retried, Start("w"), retried, Complete())
    await seen(log, database, projected, Start("w"), retried, Start("w"), busy)
    await seen(log, database, projected, Start("w"), broken, Retry(), Start("w"), busy)
    await seen(log, database, projected, Start("w"), busy, Retry())

    rows = await database.fetch("SELECT * FROM read.v_failures ORDER BY error")
    assert [(r["error"], r["failures"], r["jobs"], r["jobs_failed"]) for r in rows] == [
        ("Broken.", 1, 1, 0),
        ("Busy.", 6, 4, 2),
    ]
    times = await database.fetch(
        "SELECT min(recorded_at) AS first, max(recorded_at) AS last FROM log.events"
        " WHERE data ->> 'error' IS NOT NULL GROUP BY data ->> 'error' ORDER BY data ->> 'error'"
    )
    assert [(r["first_seen"], r["last_seen"]) for r in rows] == [tuple(row) for row in times]
