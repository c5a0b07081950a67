import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from service.course.commands import RecordOutline, RequestCourse
from service.course.content import LessonPlan, Outline
from service.course.decider import COURSE
from service.database import Database
from service.generation.generator import GenerationFailed, Throttled
from service.generation.offline.offline import Offline
from service.generation.recipe import Recipe, Step, Tools
from service.generation.recipes import nothing
from service.generation.worker import Worker
from service.job.decider import JOB, Cancel, Create, Ended, Queued, Request, Retry
from service.job.lease import Claim
from service.log.handle import Context, Log, Write
from tests.waiting import until

TENANT = UUID(int=1)
EARLY = datetime(2026, 1, 1, tzinfo=UTC)
OUTLINE = Outline("A title", (LessonPlan("One", "", (), ()),))


class Busy(GenerationFailed):
    """The provider is busy."""

    retryable = True


def context() -> Context:
    return Context(TENANT, "tester", uuid7())


def recipe(steps: Callable[..., AsyncGenerator[Step, None]]) -> Recipe:
    return Recipe(COURSE, steps, nothing, nothing)


def failing(error: Exception) -> Step:
    raise error


async def outline(_c: Claim, _r: Request, _s: Any, _t: Tools) -> AsyncGenerator[Step, None]:
    yield Step(RecordOutline(OUTLINE), 1, 1, "outline")


async def busy(_c: Claim, _r: Request, _s: Any, _t: Tools) -> AsyncGenerator[Step, None]:
    yield failing(Busy("The provider is busy.", "Wait."))


async def refusing(_c: Claim, _r: Request, _s: Any, _t: Tools) -> AsyncGenerator[Step, None]:
    yield failing(GenerationFailed("There is nothing to read.", "Add sources."))


async def buggy(_c: Claim, _r: Request, _s: Any, _t: Tools) -> AsyncGenerator[Step, None]:
    yield Step(RecordOutline(OUTLINE), 1, 2, "outline")
    yield failing(ZeroDivisionError())


@asynccontextmanager
async def working(
    log: Log, database: Database, one: Recipe, wake: asyncio.Event | None = None, **options: Any
) -> AsyncIterator[None]:
    tools = Tools(database, Offline())
    worker = Worker(
        "w1",
        log,
        tools,
        {"course": one},
        wake or asyncio.Event(),
        now=lambda: EARLY,
        jitter=lambda: 0.0,
        **options,
    )
    task = asyncio.create_task(worker.run())
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def ask(log: Log) -> tuple[UUID, UUID]:
    course, job = uuid7(), uuid7()
    await log.append(
        context(),
        Write(COURSE, course, 0, COURSE.decide(RequestCourse("T1", "u", job), COURSE.initial)),
        Write(JOB, job, 0, JOB.decide(Create("course", course, "u"), JOB.initial)),
    )
    return course, job


async def ended(log: Log, database: Database, job: UUID) -> Ended:
    async def over() -> bool:
        return isinstance((await log.load(JOB, job, TENANT)).state, Ended)

    await until(database, over)
    state = (await log.load(JOB, job, TENANT)).state
    assert isinstance(state, Ended)
    return state


async def types(database: Database, stream: UUID) -> list[str]:
    rows = await database.fetch(
        "SELECT type FROM log.events WHERE stream_id = $1 ORDER BY version", stream
    )
    return [row["type"] for row in rows]


async def test_a_job_is_done_step_by_step_to_its_end(log: Log, database: Database) -> None:
    course, job = await ask(log)

    async with working(log, database, recipe(outline)):
        await ended(log, database, job)

    assert await types(database, job) == [
        "job.created",
        "job.started",
        "job.advanced",
        "job.completed",
    ]
    assert await types(database, course) == ["course.requested", "course.outlined"]


async def test_a_step_and_its_progress_are_one_commit(log: Log, database: Database) -> None:
    course, job = await ask(log)

    async with working(log, database, recipe(outline)):
        await ended(log, database, job)

    sizes = await database.fetch(
        "SELECT r.events FROM log.receipts r JOIN log.events e ON e.position = r.position"
        " WHERE e.stream_id = $1 ORDER BY r.position",
        course,
    )
    assert [row["events"] for row in sizes] == [2, 2]


async def test_what_may_pass_is_tried_again_and_then_given_up(log: Log, database: Database) -> None:
    _, job = await ask(log)

    async with working(log, database, recipe(busy)):
        state = await ended(log, database, job)

    assert (state.outcome, state.attempts) == ("failed", 5)
    assert (await types(database, job)).count("job.retry-scheduled") == 4


async def test_a_throttled_job_waits_as_asked_and_never_counts_as_failed(
    log: Log, database: Database
) -> None:
    tries = 0

    async def throttled(_c: Claim, _r: Request, _s: Any, _t: Tools) -> AsyncGenerator[Step, None]:
        nonlocal tries
        tries += 1
        if tries <= 7:
            yield failing(Throttled("Too many requests.", "It is tried again.", 30.0))
        yield Step(RecordOutline(OUTLINE), 1, 1, "outline")

    _, job = await ask(log)
    async with working(log, database, recipe(throttled)):
        state = await ended(log, database, job)

    rows = await database.fetch(
        "SELECT data ->> 'at' AS at, (data ->> 'throttled')::boolean AS throttled"
        " FROM log.events WHERE stream_id = $1 AND type = 'job.retry-scheduled'",
        job,
    )
    assert (state.outcome, state.attempts) == ("completed", 8)
    assert [(row["at"], row["throttled"]) for row in rows] == [("2026-01-01T00:00:30Z", True)] * 7


async def test_what_will_not_pass_fails_at_once(log: Log, database: Database) -> None:
    _, job = await ask(log)

    async with working(log, database, recipe(refusing)):
        await ended(log, database, job)

    assert await types(database, job) == ["job.created", "job.started", "job.failed"]


async def test_a_failed_job_is_retried_when_asked(log: Log, database: Database) -> None:
    _, job = await ask(log)
    async with working(log, database, recipe(refusing)):
        await ended(log, database, job)
    await log.handle(JOB, job, Retry(), context())

    async with working(log, database, recipe(outline)):
        state = await ended(log, database, job)

    assert state.outcome == "completed"


async def test_a_defect_costs_attempts_but_nothing_that_was_made(
    log: Log, database: Database
) -> None:
    course, job = await ask(log)

    async with working(log, database, recipe(buggy)):
        state = await ended(log, database, job)

    assert state.outcome == "failed"
    assert (await types(database, course)).count("course.outlined") == 1


async def test_a_worker_that_is_told_to_stop_gives_its_jobs_back(
    log: Log, database: Database
) -> None:
    started, never = asyncio.Event(), asyncio.Event()

    async def endless(_c: Claim, _r: Request, _s: Any, _t: Tools) -> AsyncGenerator[Step, None]:
        started.set()
        await never.wait()
        yield Step(None, 1, 1, "never")

    _, job = await ask(log)
    async with working(log, database, recipe(endless)):
        await asyncio.wait_for(started.wait(), 60)

    row = await database.fetchrow("SELECT token FROM job.queue WHERE job_id = $1", job)
    assert row["token"] is None


async def test_a_cancelled_job_is_let_go_at_its_next_step(log: Log, database: Database) -> None:
    started, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_c: Claim, _r: Request, _s: Any, _t: Tools) -> AsyncGenerator[Step, None]:
        started.set()
        await go_on.wait()
        yield Step(RecordOutline(OUTLINE), 1, 1, "outline")

    course, job = await ask(log)
    async with working(log, database, recipe(slow)):
        await asyncio.wait_for(started.wait(), 60)
        await log.handle(JOB, job, Cancel("enough"), context())
        go_on.set()
        state = await ended(log, database, job)

    assert state.outcome == "cancelled"
    assert await types(database, course) == ["course.requested"]


async def test_a_job_goes_back_to_the_queue_until_its_next_attempt(
    log: Log, database: Database
) -> None:
    _, job = await ask(log)
    late = recipe(busy)
    tools = Tools(database, Offline())
    worker = Worker(
        "w1",
        log,
        tools,
        {"course": late},
        asyncio.Event(),
        now=lambda: datetime(2100, 1, 1, tzinfo=UTC),
        jitter=lambda: 0.0,
    )
    task = asyncio.create_task(worker.run())

    async def scheduled() -> bool:
        state = (await log.load(JOB, job, TENANT)).state
        return isinstance(state, Queued) and state.attempts == 1

    await until(database, scheduled)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    row = await database.fetchrow("SELECT available_at, token FROM job.queue")
    assert (row["available_at"].year, row["token"]) == (2100, None)
