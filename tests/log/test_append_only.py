"""The log only grows: neither its owner nor the service can rewrite it."""

from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from service.database import Database
from service.log.append import GroupAppender
from tests.log.batches import append, commit, one, write
from tests.log.checks import assert_whole

REWRITES = [
    "UPDATE log.events SET type = 'thing.undone'",
    "UPDATE log.events SET type = 'thing.undone' WHERE false",
    "DELETE FROM log.events",
    "TRUNCATE log.events",
    "UPDATE log.receipts SET fingerprint = ''",
    "DELETE FROM log.receipts",
    "TRUNCATE log.receipts",
    "UPDATE log.private SET data = '{}'",
    "TRUNCATE log.private",
]
WRITES = [
    *REWRITES,
    "INSERT INTO log.events SELECT * FROM log.events",
    "INSERT INTO log.receipts SELECT * FROM log.receipts",
    "DELETE FROM log.private",
    "UPDATE log.head SET position = 0",
    "INSERT INTO job.queue SELECT * FROM job.queue",
    "DELETE FROM job.queue",
    "SELECT job.follow(0, 1)",
    "ALTER TABLE log.events DISABLE TRIGGER ALL",
    "DROP TABLE log.events",
]


@pytest.fixture
async def connection(
    database: Database, appender: GroupAppender
) -> AsyncIterator[asyncpg.Connection]:
    await appender.append(commit(write(uuid4(), 0)))
    connection = await database.connect()
    yield connection
    await connection.close()


@pytest.mark.parametrize("statement", REWRITES)
async def test_the_owner_cannot_rewrite_the_log(
    statement: str, connection: asyncpg.Connection
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="the log is append-only"):
        await connection.execute(statement)

    await assert_whole(connection, events=1)


async def test_the_service_may_append_and_read_and_nothing_else(
    connection: asyncpg.Connection,
) -> None:
    await connection.execute("SET ROLE daybook_service")

    await append(connection, one(uuid4(), 1, 2))

    await assert_whole(connection, events=3)
    for statement in WRITES:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    await assert_whole(connection, events=3)


async def test_nobody_else_may_append(connection: asyncpg.Connection) -> None:
    await connection.execute("CREATE ROLE daybook_stranger_of_a_test")
    try:
        await connection.execute("SET ROLE daybook_stranger_of_a_test")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await append(connection, one(uuid4(), 1))
    finally:
        await connection.execute("RESET ROLE")
        await connection.execute("DROP ROLE daybook_stranger_of_a_test")
