"""What the fold of textbooks reads: what its range touches, however much there is besides."""

from collections.abc import Awaitable, Callable

from service.database import Database
from service.log.handle import Log
from service.textbook.commands import Command, PublishTextbook, ReviseChapter, RollBackChapter
from service.textbook.decider import TEXTBOOK
from tests.course.test_fold import READ
from tests.projection.generations import live
from tests.projection.histories import context
from tests.textbook.histories import Shelf, request, shelf
from tests.textbook.pieces import ANEW, TEXT, WHOLE, made

Project = Callable[[], Awaitable[None]]
CHANGES: tuple[Command, ...] = (
    *made(1, 2, ANEW),
    PublishTextbook(),
    ReviseChapter(1, TEXT + " Far."),
    RollBackChapter(1, 1),
)


async def written(log: Log) -> Shelf:
    at = shelf()
    await request(log, at)
    for command in WHOLE[1:]:
        await log.handle(TEXTBOOK, at.textbook, command, context(at.tenant))
    return at


async def test_a_few_events_are_folded_by_lookups_however_old_the_plan(
    log: Log, database: Database, projected: Project
) -> None:
    at = await written(log)
    await projected()
    schema = await live(database, "textbook")
    connection = await database.connect()
    for _ in range(8):  # from the sixth on a plan is kept
        await connection.execute(f"SELECT {schema}.fold(0, 12)")
    for _ in range(30):
        await written(log)
    await projected()
    begun = await database.fetchval("SELECT position FROM log.head")
    for command in CHANGES:
        await log.handle(TEXTBOOK, at.textbook, command, context(at.tenant))
    head = await database.fetchval("SELECT position FROM log.head")

    async with connection.transaction():
        before = await connection.fetchval(READ, schema)
        await connection.execute(f"SELECT {schema}.fold({begun}, {head})")
        read = await connection.fetchval(READ, schema) - before
    await connection.close()

    assert read < 240
