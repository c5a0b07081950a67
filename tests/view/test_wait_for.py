"""Waiting for a position in psql: as an analyst, for what is committed while it waits."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import uuid4

import asyncpg
import pytest

from service.database import Database
from service.log.handle import Log
from tests.projection.histories import TENANTS, Place, request

WAIT = "SELECT read.wait_for($1, $2::text::interval)"
Project = Callable[[], Awaitable[None]]


@pytest.fixture
async def analyst(database: Database) -> AsyncIterator[asyncpg.Connection]:
    """A session with an analyst's rights."""
    connection = await database.connect()
    await connection.execute("SET ROLE daybook_analyst")
    yield connection
    await connection.close()


@pytest.fixture
async def head(log: Log, database: Database, projected: Project) -> int:
    """The end of a log of which nothing is folded yet."""
    await request(log, Place(TENANTS[0], uuid4(), uuid4()), "Light")
    return int(await database.fetchval("SELECT position FROM log.head"))


async def test_it_ends_when_the_views_come_to_the_position(
    analyst: asyncpg.Connection, head: int, projected: Project
) -> None:
    waiting = asyncio.create_task(analyst.fetchval(WAIT, head, "30 s"))
    done, _ = await asyncio.wait({waiting}, timeout=0.1)
    await projected()

    assert not done
    assert await waiting is True
    assert await analyst.fetchval("SELECT read.wait_for($1)", head) is True


async def test_it_says_when_the_time_is_up(analyst: asyncpg.Connection, head: int) -> None:
    assert await analyst.fetchval(WAIT, head, "50 ms") is False
    assert await analyst.fetchval(WAIT, head, "-1 s") is False
    assert await analyst.fetchval(WAIT, 0, "0 s") is True


async def test_a_position_that_the_log_has_not_reached_is_refused(
    analyst: asyncpg.Connection, head: int
) -> None:
    with pytest.raises(asyncpg.InvalidParameterValueError, match=f"ends at position {head}"):
        await analyst.fetchval(WAIT, head + 1, "30 s")


async def test_a_transaction_that_can_see_nothing_new_does_not_wait(
    analyst: asyncpg.Connection, head: int
) -> None:
    async with analyst.transaction(isolation="repeatable_read"):
        with pytest.raises(asyncpg.InvalidTransactionStateError, match="before it begins"):
            await analyst.fetchval(WAIT, head, "30 s")


async def test_nobody_else_may_ask(database: Database, head: int) -> None:
    rights = "SELECT proacl::text FROM pg_proc WHERE proname = 'wait_for'"
    grantees = await database.fetchval(rights)

    assert "{=" not in grantees
    assert ",=" not in grantees
