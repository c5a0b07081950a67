import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import UUID

import pytest
from msgspec.structs import asdict
from uuid_utils.compat import uuid7

from service.course.commands import RequestCourse
from service.course.decider import COURSE, Course
from service.database import Database
from service.generation.offline.offline import Offline
from service.job.decider import JOB, Create, Ended
from service.library.decider import SOURCE, AddSource, source_id
from service.library.intake import prepare
from service.log.append import GroupAppender
from service.log.handle import Context, Log, Write
from tests.generation.mortal import __file__ as mortal
from tests.generation.mortal import work

TENANT = UUID(int=1)
LESSONS = 10
APPENDS = LESSONS + 3
"""Started, outlined, ten lessons, finished."""

RIVERS = (
    "Nile",
    "Rhine",
    "Danube",
    "Volga",
    "Thames",
    "Ganges",
    "Indus",
    "Mekong",
    "Congo",
    "Niger",
)


def chapter(number: int, river: str) -> str:
    return (
        f"## The {river}\n\n"
        f"The **{river} delta** is a plain of mud that the {river} built at the sea. "
        f"Farmers of the {river} valley sow grain after the yearly flood has left its mud behind. "
        f"About {number} million people drink the water of the {river} every day of the year. "
        f"A **{river} gauge** is a pillar that shows how high the {river} stands.\n\n"
        f"Engineers measured the {river} with chains before they drew the first map of its banks. "
        f"The oldest bridge over the {river} has {number + 3} arches and was built of grey stone. "
        f"Traders carried salt and cloth along the {river} long before there were any roads.\n"
    )


def context() -> Context:
    return Context(TENANT, "tester", uuid7())


async def shelve(log: Log) -> None:
    text = "# Rivers\n\n" + "\n".join(chapter(n, name) for n, name in enumerate(RIVERS, 2))
    path = "rivers.md"
    content = prepare(text.encode(), path)
    await log.handle(SOURCE, source_id(TENANT, path), AddSource(**asdict(content)), context())


async def ask(log: Log) -> tuple[UUID, UUID]:
    course, job = uuid7(), uuid7()
    wanted = RequestCourse("Rivers", "u", job, num_lessons=LESSONS)
    await log.append(
        context(),
        Write(COURSE, course, 0, COURSE.decide(wanted, COURSE.initial)),
        Write(JOB, job, 0, JOB.decide(Create("course", course, "u"), JOB.initial)),
    )
    return course, job


def child(url: str, appends: int, moment: str, program: str = mortal) -> int:
    command = [sys.executable, program, url, str(appends), moment]
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": root}
    return subprocess.run(command, cwd=root, timeout=120, check=False, env=environment).returncode


async def is_whole(log: Log, database: Database, course: UUID) -> None:
    state = (await log.load(COURSE, course, TENANT)).state
    rows = await database.fetch("SELECT type FROM log.events WHERE stream_id = $1", course)
    kinds = Counter(row["type"] for row in rows)
    assert isinstance(state, Course)
    assert state.ready
    assert sorted(state.lessons) == list(range(1, LESSONS + 1))
    assert (kinds["lesson.generated"], kinds["course.outlined"], kinds["course.ready"]) == (
        10,
        1,
        1,
    )


@pytest.fixture
async def library(log: Log, projected: Callable[[], Awaitable[None]]) -> None:
    await shelve(log)
    await projected()


@pytest.mark.parametrize("appends", range(1, APPENDS + 1))
async def test_killed_after_any_event_the_course_is_finished_once(
    log: Log,
    appender: GroupAppender,
    database: Database,
    database_url: str,
    library: None,
    appends: int,
) -> None:
    course, job = await ask(log)

    died = await asyncio.to_thread(child, database_url, appends, "answered")
    await work(database, appender, Offline())

    assert died == -signal.SIGKILL
    await is_whole(log, database, course)
    assert isinstance((await log.load(JOB, job, TENANT)).state, Ended)


async def test_killed_again_and_again_before_it_hears_the_course_is_finished_once(
    log: Log, database: Database, database_url: str, library: None
) -> None:
    course, _ = await ask(log)

    deaths = 0
    while await asyncio.to_thread(child, database_url, 3, "unanswered"):
        deaths += 1

    assert deaths > LESSONS / 3
    await is_whole(log, database, course)
