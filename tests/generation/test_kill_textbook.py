import asyncio
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Final

import pytest

from service.database import Database
from service.job.decider import JOB, Ended
from service.log.append import GroupAppender
from service.log.handle import Log
from tests.generation.mortal import work
from tests.generation.mortal_textbook import SPOILT_CHAPTER, telling
from tests.generation.mortal_textbook import __file__ as mortal
from tests.generation.test_kill import child
from tests.generation.textbook_jobs import TENANT, ask, events

CHAPTERS: Final = 3
APPENDS: Final = 3 + 5 * CHAPTERS
"""Started, planned, five pieces a chapter, failed for the chapter that is rejected."""
PIECES: Final = ("chapter.generated", "summary.generated", "quiz.generated", "booster.generated")
EACH: Final = Counter(
    {
        ("textbook.requested", 0): 1,
        ("textbook.planned", 0): 1,
        ("textbook.failed", 0): 1,
        **{(kind, n): 1 for kind in PIECES for n in range(1, CHAPTERS + 1)},
        **{
            ("chapter.rejected" if n == SPOILT_CHAPTER else "chapter.validated", n): 1
            for n in range(1, CHAPTERS + 1)
        },
    }
)
"""What is recorded of a textbook, with the number of the chapter: nothing twice, nothing lost."""


@pytest.fixture(autouse=True)
async def library(projected: Callable[[], Awaitable[None]]) -> None:
    await projected()


@pytest.mark.parametrize("appends", sorted({*range(1, APPENDS, 4), 3, APPENDS}))
async def test_killed_after_an_event_every_piece_is_recorded_once(
    log: Log,
    appender: GroupAppender,
    database: Database,
    database_url: str,
    appends: int,
) -> None:
    textbook, job = await ask(log, CHAPTERS)

    died = await asyncio.to_thread(child, database_url, appends, "answered", mortal)
    await work(database, appender, telling())

    assert died == -signal.SIGKILL
    assert Counter(await events(database, textbook)) == EACH
    assert isinstance((await log.load(JOB, job, TENANT)).state, Ended)


async def test_killed_again_and_again_before_it_hears_every_piece_is_recorded_once(
    log: Log, database: Database, database_url: str
) -> None:
    textbook, _ = await ask(log, CHAPTERS)

    deaths = 0
    while await asyncio.to_thread(child, database_url, 3, "unanswered", mortal):
        deaths += 1

    assert deaths > CHAPTERS
    assert Counter(await events(database, textbook)) == EACH
