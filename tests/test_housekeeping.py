"""Housekeeping: closed ranges are sealed and what is over is dropped, with nobody asking."""

import asyncio
from uuid import uuid4

from service import housekeeping
from service.database import Database
from service.log.append import GroupAppender
from service.projection import engine
from service.projection.projector import advance
from service.projection.tail import Tail
from tests.log.batches import commit, write

LEFT = "SELECT count(*) FROM ops.generations WHERE schema = 'old'"


async def test_a_closed_range_is_sealed_and_a_retired_generation_dropped(
    database: Database, appender: GroupAppender, tail: Tail
) -> None:
    await engine.prepare(database)
    [first, *_] = await engine.generations(database)
    await database.execute(
        "INSERT INTO ops.generations (schema, projection, digest, types, state, role)"
        " VALUES ('old', 'job', '', '{}', 'behind', 'retired')"
    )
    for _ in range(3):
        await appender.append(commit(write(uuid4(), 0, 500)))
    while not await advance(database, tail):
        pass

    keeping = asyncio.create_task(housekeeping.run(database, tail, lambda: False))
    async with asyncio.timeout(60):
        while await database.fetchval(LEFT):  # noqa: ASYNC110 - a chore is no event of ours
            await asyncio.sleep(0)
    keeping.cancel()
    await asyncio.wait({keeping})

    assert await database.fetchval("SELECT max(upto) FROM log.seals") == 1_000
    assert first in await engine.generations(database)
