"""What becomes of a worker's jobs while the database is away, or the worker is."""

import asyncio
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from service import embedded, migrate
from service.course.commands import RecordOutline
from service.course.decider import COURSE
from service.database import Database
from service.generation import worker
from service.generation.recipe import Step, Tools
from service.job.decider import JOB, Cancel, Request
from service.job.lease import Claim
from service.log.append import GroupAppender
from service.log.commit import Commit, Receipt
from service.log.handle import Log
from service.log.listen import listen
from service.projection import engine
from service.refusal import Unavailable
from tests.generation import textbook_jobs
from tests.generation.test_worker import (
    OUTLINE,
    TENANT,
    ask,
    context,
    ended,
    outline,
    recipe,
    types,
    working,
)
from tests.textbook.scripted import Scripted

LEASE = 0.4
KINDS = ("text", "summary", "quiz", "boosters")
WHOLE = ["job.created", "job.started", "job.advanced", "job.completed"]


class Deaf(GroupAppender):
    """An appender that hears of no commit but those it has sent before."""

    def __init__(self, connect: Any) -> None:
        super().__init__(connect)
        self._sent: set[UUID] = set()

    async def append(self, commit: Commit, timeout: float = 10.0) -> Receipt:
        receipt = await super().append(commit, timeout)
        if commit.key not in self._sent:
            self._sent.add(commit.key)
            raise Unavailable
        return receipt


async def test_what_was_stored_without_being_heard_of_is_stored_once(
    log: Log, database: Database
) -> None:
    course, job = await ask(log)
    deaf = Deaf(database.connect)

    async with working(Log(database, deaf), database, recipe(outline)):
        state = await ended(log, database, job)
    await deaf.close()

    assert (state.outcome, state.attempts) == ("completed", 1)
    assert await types(database, job) == WHOLE
    assert await types(database, course) == ["course.requested", "course.outlined"]


@pytest.fixture
def own_server() -> Iterator[embedded.Server]:
    with tempfile.TemporaryDirectory(prefix="daybook-away-") as home:
        server = embedded.start(Path(home))
        migrate.up(server.dsn)
        yield server
        embedded.stop(Path(home))


async def test_a_job_outlasts_a_restart_of_the_database_under_the_same_lease(
    own_server: embedded.Server,
) -> None:
    made, stopped, looked = (asyncio.Event() for _ in range(3))

    async def slow(_c: Claim, _r: Request, _s: Any, tools: Tools) -> AsyncGenerator[Step, None]:
        made.set()
        await stopped.wait()
        try:
            await tools.database.fetchval("SELECT 1")
        finally:
            looked.set()
        yield Step(RecordOutline(OUTLINE), 1, 1, "outline")

    async with opened(own_server.dsn) as (database, log):
        _, job = await ask(log)
        async with working(log, database, recipe(slow)):
            await asyncio.wait_for(made.wait(), 60)
            await asyncio.to_thread(own_server.stop)
            stopped.set()
            await asyncio.wait_for(looked.wait(), 60)
            await asyncio.to_thread(embedded.start, own_server.home)
            async with opened(own_server.dsn) as (anew, read):
                state = await ended(read, anew, job)
                assert (state.outcome, state.attempts) == ("completed", 1)
                assert await types(anew, job) == WHOLE


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[tuple[Database, Log]]:
    database = Database(url)
    await database.open()
    appender = GroupAppender(database.connect)
    yield database, Log(database, appender)
    await appender.close()
    await database.close()


async def test_a_textbook_outlasts_a_restart_of_the_database_amid_all_its_chapters(
    own_server: embedded.Server,
) -> None:
    author = Scripted()
    author.held = {1, 2, 3}
    async with opened(own_server.dsn) as (database, log):
        await engine.prepare(database)
        textbook, job = await textbook_jobs.ask(log, 3)
        async with textbook_jobs.working(log, database, author):
            await author.busy(3)
            await asyncio.to_thread(own_server.stop)
            author.let_go()
            await asyncio.to_thread(embedded.start, own_server.home)
            async with opened(own_server.dsn) as (anew, read):
                state = await textbook_jobs.ended(read, anew, job)
                made = await textbook_jobs.made(read, textbook)

    assert (state.outcome, state.attempts) == ("completed", 1)
    assert [len(made.chapters[number].versions) for number in (1, 2, 3)] == [1, 1, 1]
    assert sorted(author.asked) == sorted(
        [("plan", 0), *((k, n) for k in KINDS for n in (1, 2, 3))]
    )


async def test_what_others_have_made_meanwhile_is_not_made_again(
    log: Log, database: Database, appender: GroupAppender
) -> None:
    seen: list[int] = []

    async def looking(_c: Claim, _r: Request, look: Any, _t: Tools) -> AsyncGenerator[Step, None]:
        state = await look()
        seen.append(len(state.outline))
        if not state.outline:
            yield Step(RecordOutline(OUTLINE), 1, 1, "outline")

    course, job = await ask(log)
    known = Log(database, appender)
    await known.load(COURSE, course, TENANT)
    await log.handle(COURSE, course, RecordOutline(OUTLINE), context())
    async with working(known, database, recipe(looking)):
        await ended(log, database, job)

    assert seen == [1]


async def test_a_worker_that_was_frozen_does_not_take_its_own_job_from_itself(
    log: Log, database: Database
) -> None:
    wake, frozen, looked = (asyncio.Event() for _ in range(3))

    async def freezing(_c: Claim, _r: Request, _s: Any, _t: Tools) -> AsyncGenerator[Step, None]:
        sql = "UPDATE job.pulse SET heard_at = now() + interval '1 day', resumed_at = '-infinity'"
        await database.execute(sql)  # others are heard of, so leases run out
        time.sleep(2 * LEASE)  # noqa: ASYNC251 - the whole process stands still
        wake.set()
        frozen.set()
        await looked.wait()
        yield Step(RecordOutline(OUTLINE), 1, 1, "outline")

    _, job = await ask(log)
    async with working(log, database, recipe(freezing), wake=wake, lease_seconds=LEASE):
        await asyncio.wait_for(frozen.wait(), 60)
        async with asyncio.timeout(60):
            while not await database.fetchval("SELECT available_at > now() FROM job.queue"):
                pass
        looked.set()
        state = await ended(log, database, job)

    assert state.attempts == 1


async def endless(log: Log, database: Database, **options: Any) -> list[str]:
    """Return how a job without an end was left, once it was cancelled."""
    left: list[str] = []
    begun, over = asyncio.Event(), asyncio.Event()

    async def calling(_c: Claim, _r: Request, _s: Any, _t: Tools) -> AsyncGenerator[Step, None]:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            left.append("cancelled")
            over.set()
            raise
        yield Step(None, 1, 1, "never")

    _, job = await ask(log)
    async with working(log, database, recipe(calling), **options):
        await asyncio.wait_for(begun.wait(), 60)
        await log.handle(JOB, job, Cancel("enough"), context())
        await asyncio.wait_for(over.wait(), 60)
        assert await types(database, job) == ["job.created", "job.started", "job.cancelled"]
        return list(left)


async def test_what_is_under_way_ends_as_soon_as_its_job_is_cancelled(
    log: Log, database: Database
) -> None:
    cancelled = asyncio.Event()
    hearing = listen(database, {"daybook_cancelled": lambda _: cancelled.set()})
    listening = asyncio.create_task(hearing)
    await asyncio.wait_for(cancelled.wait(), 60)  # said once when it begins to listen

    left = await endless(log, database, cancelled=cancelled, lease_seconds=3600.0)

    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    assert left == ["cancelled"]


async def test_a_worker_that_hears_of_nothing_finds_out_by_its_next_sign_of_life(
    log: Log, database: Database
) -> None:
    assert await endless(log, database, lease_seconds=LEASE) == ["cancelled"]


async def test_a_call_of_a_job_that_another_has_may_end_but_nothing_of_it_is_stored(
    log: Log, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "LEAVE_SECONDS", 60.0)
    begun, answer = asyncio.Event(), asyncio.Event()
    ends: list[str] = []

    async def calling(_c: Claim, _r: Request, _s: Any, _t: Tools) -> AsyncGenerator[Step, None]:
        begun.set()
        try:
            await answer.wait()
            ends.append("answered")
            yield Step(RecordOutline(OUTLINE), 1, 1, "outline")
        finally:
            ends.append("over")

    course, _ = await ask(log)
    async with working(log, database, recipe(calling), lease_seconds=LEASE):
        await asyncio.wait_for(begun.wait(), 60)
        await database.execute(
            "UPDATE job.queue SET token = gen_random_uuid(), available_at = now() + interval '1 h'"
        )
        await heard_again(database)
        answer.set()
        async with asyncio.timeout(60):
            while len(ends) < 2:  # noqa: ASYNC110 - it is told by another task
                await asyncio.sleep(0)

    assert ends == ["answered", "over"]
    assert await types(database, course) == ["course.requested"]


async def heard_again(database: Database, times: int = 3) -> None:
    """Wait until a worker has been heard of so often."""
    sql = "SELECT heard_at FROM job.pulse"
    async with asyncio.timeout(60):
        for _ in range(times):
            before = await database.fetchval(sql)
            while await database.fetchval(sql) == before:
                pass
