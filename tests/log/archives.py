"""A log worth keeping: several ranges long, with private payloads, one of them erased, and jobs."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import psycopg
from psycopg import sql

from service.database import Database
from service.log.append import columns
from service.log.codec import Encoded
from service.log.commit import StreamWrite
from service.log.seal import seal
from service.sql import SQL
from tests.conftest import drop, on
from tests.log.batches import append, commit, named, one, write

ADA, BOB = named("ada"), named("bob")
PRIVATE_AT, ERASED_AT = 1_501, 1_502
"""Positions of an event with a private payload, and of one whose payload was erased."""
EVENTS, SEALS = 2_297, 2
"""How many events there are, and seals over them."""
ASKED = commit(write(named("asked"), 0), key=named("key"))
"""A commit of which there is a receipt."""
LIVES = {
    "waiting": ("created",),
    "at work": ("created", "started", "advanced"),
    "over": ("created", "started", "completed"),
    "tried again": ("created", "started", "retry-scheduled"),
    "asked again": ("created", "started", "failed", "requeued"),
    "cancelled": ("created", "failed", "requeued", "cancelled"),
}
"""Jobs, and what has become of them."""


def cloned(server: str, template: str) -> Iterator[str]:
    """Yield the URL of a fresh clone of a database, which is dropped afterwards."""
    name = f"daybook_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as session:
        session.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
    yield on(server, name)
    drop(server, name)


def fill(url: str) -> None:
    """Fill the log of a database, and seal what is to be sealed of it."""
    asyncio.run(_filled(url))


async def _filled(url: str) -> None:
    database = Database(url)
    await database.open()
    connection = await database.connect()
    await filled(connection)
    assert await seal(database) == SEALS
    await connection.close()
    await database.close()


async def filled(connection: asyncpg.Connection) -> None:
    await append(connection, one(named("first"), *range(1, 1_501)))
    for subject in (ADA, BOB):
        await tell(connection, subject)
    await connection.execute("DELETE FROM log.private WHERE subject_id = $1", BOB)
    await connection.fetchrow(SQL["log/append"], *columns([ASKED]))
    for name, life in LIVES.items():
        await job(connection, named(name), *(f"job.{step}" for step in life))
    rest = EVENTS - 1_503 - sum(map(len, LIVES.values()))
    await append(connection, one(named("last"), *range(1, rest + 1)))


async def tell(connection: asyncpg.Connection, subject: UUID) -> None:
    """Append an event with a private payload, in which there is every kind of character."""
    secret = '{"name": "Ada \\"Lúcia\\" \\u2028 😀", "age": 3.10}'
    event = Encoded("person.told", f'{{"subject_id": "{subject}"}}', subject, secret)
    await store(connection, StreamWrite(uuid4(), "person", 0, (event,)))


async def job(connection: asyncpg.Connection, stream: UUID, *types: str) -> None:
    """Append a job's events of these types."""
    data = '{"kind": "course", "target": "%s", "priority": 3, "at": "2026-07-01T00:00:00Z"}'
    events = tuple(Encoded(name, data % named("course")) for name in types)
    await store(connection, StreamWrite(stream, "job", 0, events))


async def store(connection: asyncpg.Connection, *writes: StreamWrite) -> None:
    await connection.fetchrow(SQL["log/append"], *columns([commit(*writes)]))


@asynccontextmanager
async def superuser(database: Database) -> AsyncIterator[asyncpg.Connection]:
    """A connection on which no trigger fires: what only a superuser can have."""
    connection: Any = await database.connect()
    await connection.execute("SET session_replication_role = replica")
    try:
        yield connection
    finally:
        await connection.close()
