"""Courses to be kept as files, and looking at what a folder holds."""

from functools import partial
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

from service.course.commands import Command, Finish, RecordLesson, RecordOutline
from service.course.content import Lesson, LessonPlan, Outline, Readability
from service.course.decider import COURSE
from service.database import Database
from service.gateway.files import DEFAULT, TYPES, keep
from service.gateway.subscriber import Subscriber
from service.log.handle import Log
from tests.projection.histories import Place, context, request

PLAN: Final = LessonPlan("Light", "What light does.", (), ())
LESSON: Final = Lesson(
    1, "Light", "About.", "# Light\n\nText.", (), (), (), (), (), Readability(7.5, 1)
)


async def do(log: Log, place: Place, *commands: Command) -> None:
    for command in commands:
        await log.handle(COURSE, place.course, command, context(place.tenant))


async def made(log: Log, title: str = "Light", tenant: UUID = DEFAULT) -> Place:
    place = Place(tenant, uuid4(), uuid4())
    await request(log, place, "Topic")
    await do(log, place, RecordOutline(Outline(title, (PLAN,))), RecordLesson(LESSON), Finish())
    return place


def keeper(database: Database, root: Path) -> Subscriber:
    return Subscriber("files", TYPES, partial(keep, database, root))


def held(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }
