"""Textbooks made by a real worker: what is recorded of them, whatever happens meanwhile."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Final
from uuid import UUID, uuid4

import pytest

from service.budget.exhausted import BudgetExhausted
from service.database import Database
from service.generation.generator import Throttled
from service.generation.recipe import Tools
from service.generation.recipes import RECIPES
from service.generation.run import Run
from service.job.decider import JOB, Cancel, JobEnded, Retry
from service.job.lease import claim
from service.log.commit import Fenced
from service.log.handle import Log
from service.log.listen import listen
from service.textbook.commands import ArchiveTextbook
from service.textbook.decider import TEXTBOOK
from tests.generation.test_worker_away import Deaf
from tests.generation.textbook_jobs import (
    EARLY,
    Telling,
    ask,
    ask_anew,
    context,
    ended,
    events,
    made,
    working,
)
from tests.textbook.scripted import SPOILT, Scripted, TooBad

BAD: Final = TooBad("There is too little to read.", "Add sources.")
BUSY: Final = Throttled("Too many requests.", "It is tried again.", 30.0)
SPENT: Final = BudgetExhausted("The budget has no room for the next call.", "Raise it.")
PIECES: Final = (
    "chapter.generated",
    "summary.generated",
    "quiz.generated",
    "booster.generated",
    "chapter.validated",
)


@pytest.fixture(autouse=True)
async def library(projected: Callable[[], Awaitable[None]]) -> None:
    await projected()


def whole(*numbers: int) -> Counter[tuple[str, int]]:
    """Return each event of these chapters once."""
    return Counter((kind, number) for kind in PIECES for number in numbers)


async def chapters(database: Database, textbook: UUID) -> Counter[tuple[str, int]]:
    """Return how often each event of each chapter was recorded."""
    return Counter(one for one in await events(database, textbook) if one[1])


async def error(database: Database, stream: UUID) -> str:
    """Return the last error that a stream tells of."""
    return str(
        await database.fetchval(
            "SELECT data ->> 'error' FROM log.events WHERE stream_id = $1 AND data ? 'error'"
            " ORDER BY version DESC LIMIT 1",
            stream,
        )
    )


async def test_a_textbook_is_made_to_its_end(log: Log, database: Database) -> None:
    author = Scripted()
    author.held = set(range(1, 7))
    textbook, job = await ask(log, 6)

    async with working(log, database, author):
        await author.busy(4)
        author.let_go()
        state = await ended(log, database, job)

    assert (state.outcome, state.attempts) == ("completed", 1)
    assert await chapters(database, textbook) == whole(1, 2, 3, 4, 5, 6)
    assert (await made(log, textbook)).ready
    assert author.most == 4


async def test_each_piece_is_recorded_with_the_progress_that_it_is(
    log: Log, database: Database
) -> None:
    textbook, job = await ask(log, 2)

    async with working(log, database, Scripted()):
        await ended(log, database, job)

    rows = await database.fetch(
        "SELECT count(*) FILTER (WHERE e.type = 'job.advanced') AS steps,"
        " count(*) FILTER (WHERE e.stream_id = $1) AS pieces"
        " FROM log.receipts AS r"
        " JOIN log.events AS e ON e.position >= r.position AND e.position < r.position + r.events"
        " GROUP BY r.position ORDER BY r.position",
        textbook,
    )
    assert [(row["steps"], row["pieces"] > 0) for row in rows] == [
        (0, True),  # asked for
        (0, False),  # started
        *[(1, True)] * 11,
        (0, False),  # completed
    ]


async def test_one_bad_chapter_fails_the_textbook_and_nothing_else(
    log: Log, database: Database
) -> None:
    textbook, job = await ask(log, 3)

    async with working(log, database, Scripted({("quiz", 2): [BAD]})):
        state = await ended(log, database, job)

    assert (state.outcome, state.attempts) == ("failed", 1)
    assert await chapters(database, textbook) == whole(1, 3) + Counter(
        [("chapter.generated", 2), ("summary.generated", 2), ("chapter.failed", 2)]
    )
    reason = "Chapter 2 (“C2”): There is too little to read. Add sources."
    assert reason in await error(database, job)
    assert reason in await error(database, textbook)


async def test_a_retry_makes_only_what_failed(log: Log, database: Database) -> None:
    textbook, job = await ask(log, 4)
    author = Scripted({("quiz", 2): [BAD], ("text", 3): [SPOILT]})
    async with working(log, database, author):
        await ended(log, database, job)
        before = len(author.asked)
        await log.handle(JOB, job, Retry(), context())
        state = await ended(log, database, job)

    again = set(author.asked[before:])
    assert again == {
        *{("quiz", 2), ("boosters", 2)},
        *{(kind, 3) for kind in ("text", "summary", "quiz", "boosters")},
    }
    assert state.outcome == "completed"
    assert (await made(log, textbook)).ready
    assert len((await made(log, textbook)).chapters[3].versions) == 2


async def test_what_was_rejected_is_left_alone_while_the_others_are_tried_again(
    log: Log, database: Database
) -> None:
    author = Scripted({("text", 1): [SPOILT], ("boosters", 2): [BAD], ("text", 3): [BUSY] * 3})
    textbook, job = await ask(log, 3)

    async with working(log, database, author):
        state = await ended(log, database, job)

    found = await chapters(database, textbook)
    assert (state.outcome, state.attempts) == ("failed", 4)
    assert (found["chapter.generated", 1], found["chapter.rejected", 1]) == (1, 1)
    assert (found["chapter.failed", 2], author.asked.count(("boosters", 2))) == (1, 1)
    assert found["chapter.validated", 3] == 1


async def test_chapters_under_way_are_recorded_when_the_budget_is_spent(
    log: Log, database: Database
) -> None:
    author = Scripted({("summary", 1): [SPENT]})
    textbook, job = await ask(log, 8)

    async with working(log, database, author):
        state = await ended(log, database, job)

    assert (state.outcome, state.attempts) == ("failed", 1)
    assert await chapters(database, textbook) == whole(2, 3, 4) + Counter(
        [("chapter.generated", 1)]
    )
    assert await error(database, textbook) == f"{SPENT.error} {SPENT.advice}"

    async with working(log, database, author):
        await log.handle(JOB, job, Retry(), context())
        state = await ended(log, database, job)

    assert state.outcome == "completed"
    assert await chapters(database, textbook) == whole(1, 2, 3, 4, 5, 6, 7, 8)


async def test_a_cancelled_job_stops_all_that_it_does_and_goes_on_when_retried(
    log: Log, database: Database
) -> None:
    cancelled = asyncio.Event()
    hearing = listen(database, {"daybook_cancelled": lambda _: cancelled.set()})
    listening = asyncio.create_task(hearing)
    await asyncio.wait_for(cancelled.wait(), 60)  # said once when it begins to listen
    author = Scripted()
    author.held = {2, 3, 4, 5}
    textbook, job = await ask(log, 6)

    async with working(log, database, author, cancelled=cancelled, lease_seconds=3600.0):
        await author.busy(4)
        await log.handle(JOB, job, Cancel("enough"), context())
        async with asyncio.timeout(60):
            await author.idle()
        before = await chapters(database, textbook)
        author.let_go()
        await log.handle(JOB, job, Retry(), context())
        state = await ended(log, database, job)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)

    assert before <= whole(1, 6)
    assert state.outcome == "completed"
    assert await chapters(database, textbook) == whole(1, 2, 3, 4, 5, 6)


async def test_a_run_that_may_not_record_any_more_leaves_nothing_under_way(
    log: Log, database: Database
) -> None:
    author = Scripted()
    author.held = {1, 2, 3}
    _, job = await ask(log, 3)
    [one] = await claim(database, "w1", [uuid4()], RECIPES)
    run = Run(log, RECIPES["textbook"], one, worker="w1", now=lambda: EARLY, jitter=lambda: 0.0)
    doing = asyncio.create_task(run.do(Tools(database, Telling(author))))
    await author.busy(3)
    await log.handle(JOB, job, Cancel("enough"), context())
    author.let_go(1)
    with pytest.raises((JobEnded, Fenced)):
        await doing

    assert not author.under_way


async def test_what_was_stored_without_being_heard_of_is_stored_once(
    log: Log, database: Database
) -> None:
    textbook, job = await ask(log, 3)
    deaf = Deaf(database.connect)

    async with working(Log(database, deaf), database, Scripted()):
        state = await ended(log, database, job)
    await deaf.close()

    assert (state.outcome, state.attempts) == ("completed", 1)
    assert await chapters(database, textbook) == whole(1, 2, 3)


async def test_a_textbook_that_is_archived_meanwhile_gets_nothing_more(
    log: Log, database: Database
) -> None:
    author = Scripted()
    author.held = {1}
    textbook, job = await ask(log, 1)

    async with working(log, database, author):
        await author.busy(1)
        await log.handle(TEXTBOOK, textbook, ArchiveTextbook(), context())
        author.let_go()
        state = await ended(log, database, job)

    assert state.outcome == "failed"
    assert [kind for kind, _ in await events(database, textbook)] == [
        "textbook.requested",
        "textbook.planned",
        "textbook.archived",
    ]


async def test_a_chapter_is_made_anew(log: Log, database: Database) -> None:
    author = Scripted()
    textbook, job = await ask(log, 3)
    async with working(log, database, author):
        await ended(log, database, job)
        again = await ask_anew(log, textbook, 2, "Shorter.")
        state = await ended(log, database, again)

    latest = (await made(log, textbook)).chapters[2].latest
    assert state.outcome == "completed"
    assert latest is not None
    assert (latest.version, latest.standing, latest.job_id) == (2, "validated", again)
    assert latest.instructions == "Shorter."
    assert await chapters(database, textbook) == whole(1, 2, 3) + whole(2)


async def test_a_chapter_made_anew_that_is_rejected_fails_its_job_and_not_the_textbook(
    log: Log, database: Database
) -> None:
    textbook, job = await ask(log, 2)
    async with working(log, database, Scripted({("text", 2): [None, SPOILT]})):
        await ended(log, database, job)
        again = await ask_anew(log, textbook, 2)
        state = await ended(log, database, again)

    assert state.outcome == "failed"
    assert "The text has 1 word" in await error(database, again)
    assert (await made(log, textbook)).ready


async def test_a_chapter_made_anew_that_is_left_unfinished_says_why(
    log: Log, database: Database
) -> None:
    textbook, job = await ask(log, 1)
    async with working(log, database, Scripted({("summary", 1): [None, SPENT]})):
        await ended(log, database, job)
        again = await ask_anew(log, textbook, 1)
        state = await ended(log, database, again)
        left = (await made(log, textbook)).chapters[1]

        await log.handle(JOB, again, Retry(), context())
        await ended(log, database, again)
        done = (await made(log, textbook)).chapters[1]

    assert state.outcome == "failed"
    assert (left.error, left.failed_by) == (f"{SPENT.error} {SPENT.advice}", again)
    assert (done.error, len(done.versions)) == ("", 2)
    assert done.versions[1].standing == "validated"
