"""Textbooks to be made by a real worker, with an author that does as it is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from uuid_utils.compat import uuid7

from service.database import Database
from service.generation.offline.offline import Offline
from service.generation.recipe import Tools
from service.generation.recipes import RECIPES
from service.generation.worker import Worker
from service.job.decider import JOB, Create, Ended
from service.log.handle import Context, Log, Write
from service.textbook.commands import RequestTextbook
from service.textbook.decider import TEXTBOOK, Textbook
from tests.textbook.scripted import POLICY, Scripted
from tests.waiting import until

TENANT: Final = UUID(int=1)
EARLY: Final = datetime(2026, 1, 1, tzinfo=UTC)


class Telling(Offline):
    """A generator whose textbooks are made by somebody else."""

    def __init__(self, author: Scripted) -> None:
        self._author = author

    def author(self) -> Any:
        return self._author


def context() -> Context:
    return Context(TENANT, "tester", uuid7())


async def ask(log: Log, chapters: int = 3) -> tuple[UUID, UUID]:
    """Ask for a textbook; return its id and that of its job."""
    textbook, job = uuid7(), uuid7()
    wanted = RequestTextbook("T", "S", "u", job, chapters_total=chapters, policy=POLICY)
    await log.append(
        context(),
        Write(TEXTBOOK, textbook, 0, TEXTBOOK.decide(wanted, TEXTBOOK.initial)),
        Write(JOB, job, 0, JOB.decide(Create("textbook", textbook, "u"), JOB.initial)),
    )
    return textbook, job


async def ask_anew(log: Log, textbook: UUID, number: int, instructions: str = "") -> UUID:
    """Ask for a chapter to be made anew; return the id of the job."""
    job = uuid7()
    wanted = Create("chapter", textbook, "u", number=number, instructions=instructions)
    await log.handle(JOB, job, wanted, context())
    return job


@asynccontextmanager
async def working(
    log: Log, database: Database, author: Scripted, **options: Any
) -> AsyncIterator[None]:
    """Have a worker at work, for which no pause is long."""
    worker = Worker(
        "w1",
        log,
        Tools(database, Telling(author)),
        RECIPES,
        asyncio.Event(),
        now=lambda: EARLY,
        jitter=lambda: 0.0,
        **options,
    )
    task = asyncio.create_task(worker.run())
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def ended(log: Log, database: Database, job: UUID) -> Ended:
    """Wait for the end of a job."""

    async def over() -> bool:
        return isinstance((await log.load(JOB, job, TENANT)).state, Ended)

    await until(database, over)
    state = (await log.load(JOB, job, TENANT)).state
    assert isinstance(state, Ended)
    return state


async def made(log: Log, textbook: UUID) -> Textbook:
    """Return how a textbook stands."""
    state = (await log.load(TEXTBOOK, textbook, TENANT)).state
    assert isinstance(state, Textbook)
    return state


async def events(database: Database, stream: UUID) -> list[tuple[str, int]]:
    """Return the types of a stream's events in order, with the numbers of their chapters."""
    rows = await database.fetch(
        "SELECT type, coalesce((data ->> 'number')::int, 0) AS number FROM log.events"
        " WHERE stream_id = $1 ORDER BY version",
        stream,
    )
    return [(row["type"], row["number"]) for row in rows]
