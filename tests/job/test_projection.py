"""Jobs as they are read, from the request to the end."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from uuid import uuid4

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
from service.log.handle import Log
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
