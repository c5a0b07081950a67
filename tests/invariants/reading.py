"""Readers who hammer joined views over connections of their own, and how long each had to wait."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import asyncpg

from service.database import Database

READS: Final = (
    "SELECT count(*) FROM read.v_course_summary WHERE tenant_id = $1",
    """SELECT count(*) FROM read.courses AS c JOIN read.v_job_queue AS q ON q.target = c.id
        WHERE c.tenant_id = $1""",
    """SELECT count(*) FROM read.v_job_queue AS q JOIN read.v_course_summary AS c ON c.id = q.target
         JOIN read.generation_jobs AS j ON j.id = q.id WHERE j.tenant_id = $1""",
    """SELECT count(*) FROM read.generation_jobs AS j LEFT JOIN read.v_lessons_full AS l
           ON l.course_id = j.target WHERE j.tenant_id = $1""",
)
"""Each counts the courses of a tenant, through views of one projection or of two."""


class Readers:
    """What readers have seen and how long they have waited, in seconds."""

    def __init__(self) -> None:
        self.counts: set[int] = set()
        self.waits: list[float] = []

    async def read(self, connection: asyncpg.Connection, query: str, tenant: object) -> None:
        """Ask again and again, by a statement that was prepared before the first swap."""
        prepared = await connection.prepare(query)
        while True:
            begun = time.perf_counter()
            self.counts.add(await connection.fetchval(query, tenant))
            self.counts.add(await prepared.fetchval(tenant))
            self.waits.append(time.perf_counter() - begun)


@asynccontextmanager
async def hammering(
    database: Database, tenant: object, number: int = 8, reads: Sequence[str] = READS
) -> AsyncIterator[Readers]:
    """Let so many readers read until the end of the block, which raises what one of them met."""
    connections = [await database.connect() for _ in range(number)]
    readers = Readers()
    tasks = [
        asyncio.create_task(readers.read(connection, reads[n % len(reads)], tenant))
        for n, connection in enumerate(connections)
    ]
    yield readers
    met = [task for task in tasks if task.done()]
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    for connection in connections:
        connection.terminate()
    for task in met:
        task.result()
