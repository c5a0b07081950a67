"""Whatever is killed, what was acknowledged is stored once, and there is no hole."""

import asyncio
import os
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from service import embedded, migrate
from service.database import Database
from service.log.append import GroupAppender
from service.log.commit import Receipt
from tests.faults import PATIENCE, child, proxied, until
from tests.log.checks import assert_whole
from tests.log.load import asked

LOAD = "tests.log.load"
STREAMS = 12


@pytest.fixture(scope="module")
def own_server() -> Iterator[embedded.Server]:
    """A server of this file's own, with every write made durable, to be killed."""
    with tempfile.TemporaryDirectory(prefix="daybook-faults-") as home:
        server = embedded.start(Path(home))
        migrate.up(server.dsn)
        yield server
        embedded.start(Path(home))
        server.stop()


@pytest.fixture
async def own(own_server: embedded.Server) -> AsyncIterator[Database]:
    database = Database(own_server.dsn)
    await database.open()
    yield database
    await database.close()


async def assert_stored_once(database: Any, acknowledged: list[str], events: int) -> None:
    """Check the whole log, and that each acknowledged key has its receipt at its position."""
    await assert_whole(database, events)
    stored = {
        (str(row["key"]), row["last"])
        for row in await database.fetch(
            "SELECT key, position + events - 1 AS last FROM log.receipts"
        )
    }
    said = {(key, int(position)) for key, position in (line.split() for line in acknowledged)}

    assert said <= stored, f"acknowledged but not stored: {said - stored}"


async def test_an_appending_process_may_be_killed_at_any_moment(
    database: Database, database_url: str
) -> None:
    acknowledged: list[str] = []
    killed = 0
    for lines in (1, 30, 150, 400):
        with child(LOAD, database_url, "kill", STREAMS, 2_000) as process:
            await asyncio.to_thread(process.wait_for, lines)
            killed += process.kill() == -signal.SIGKILL
            acknowledged += process.lines
        await settled(database)
        await assert_stored_once(database, acknowledged, await count(database))

    with child(LOAD, database_url, "kill", STREAMS, 200) as process:
        assert await asyncio.to_thread(process.finish) == 0
        acknowledged += process.lines
    await assert_stored_once(database, acknowledged, await count(database))
    assert killed == 4, f"{killed} kills of the appending process survived"


async def test_two_processes_may_append_at_once(database: Database, database_url: str) -> None:
    with (
        child(LOAD, database_url, "one", STREAMS, 60) as one,
        child(LOAD, database_url, "two", STREAMS, 60) as two,
        child(LOAD, database_url, "one", STREAMS, 60) as same,
    ):
        codes = [await asyncio.to_thread(each.finish) for each in (one, two, same)]

    assert codes == [0, 0, 0]
    assert sorted(one.lines) == sorted(same.lines)
    await assert_stored_once(database, one.lines + two.lines, 2 * STREAMS * 60)


async def test_backends_may_be_terminated_again_and_again(
    database: Database, database_url: str
) -> None:
    with child(LOAD, database_url, "terminate", STREAMS, 200) as process:
        terminated = 0
        while len(process.lines) < STREAMS * 100 and terminated < 12:
            terminated += await database.fetchval(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                "   AND query LIKE '%log.append%'"
            )
            await asyncio.to_thread(process.wait_for, len(process.lines) + 5)
        code = await asyncio.to_thread(process.finish)

    assert code == 0
    assert terminated >= 5, f"only {terminated} backends were terminated"
    await assert_stored_once(database, process.lines, STREAMS * 200)


async def test_a_killed_backend_makes_the_server_recover_and_nothing_is_lost(
    own: Database, own_server: embedded.Server
) -> None:
    before = await count(own)
    with child(LOAD, own_server.dsn, "backend", STREAMS, 400) as process:
        for lines in (20, 200, 600):
            await asyncio.to_thread(process.wait_for, lines)
            os.kill(appending_backend(own_server.dsn), signal.SIGKILL)
        code = await asyncio.to_thread(process.finish)

    assert code == 0
    await assert_stored_once(own, process.lines, before + STREAMS * 400)


async def test_a_killed_server_loses_nothing_it_has_acknowledged(
    own: Database, own_server: embedded.Server
) -> None:
    before = await count(own)
    with child(LOAD, own_server.dsn, "server", STREAMS, 400) as process:
        for lines in (20, 400):
            await asyncio.to_thread(process.wait_for, lines)
            kill_for_good(postmaster(own_server))
            await asyncio.to_thread(embedded.start, own_server.home)
        code = await asyncio.to_thread(process.finish)

    assert code == 0
    await assert_stored_once(own, process.lines, before + STREAMS * 400)


async def test_replies_may_be_lost_again_and_again(database: Database, database_url: str) -> None:
    async with proxied(database_url) as proxy:
        appender = GroupAppender(Database(proxy.url).connect, batch=8)
        receipts: list[Receipt] = []

        async def grow(stream: int) -> None:
            for version in range(0, 40, 2):
                receipt = await appender.append(asked("lost", stream, version), timeout=60)
                receipts.append(receipt)

        async def lose(upto: int) -> None:
            more = len(receipts) + 1
            proxy.lose_replies(1)
            await until(lambda: proxy.lost >= upto and len(receipts) >= more)

        growing = asyncio.gather(*(grow(stream) for stream in range(STREAMS)))
        for upto in range(1, 9):
            await lose(upto)
        await growing
        await appender.close()

    assert proxy.lost == 8
    assert any(receipt.duplicate for receipt in receipts)
    await assert_whole(database, events=STREAMS * 40)


async def count(database: Database) -> int:
    return int(await database.fetchval("SELECT position FROM log.head"))


async def settled(database: Database) -> None:
    """Wait until no call of a process that is gone is still under way."""
    async with asyncio.timeout(60):
        while await database.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND query LIKE '%log.append%' AND pid <> pg_backend_pid()"
        ):
            pass


def appending_backend(url: str) -> int:
    """Return the process id of a backend that appends; wait for one, also through a recovery."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            with psycopg.connect(url, connect_timeout=5) as session:
                row = session.execute(
                    "SELECT pid FROM pg_stat_activity"
                    " WHERE pid <> pg_backend_pid() AND query LIKE '%log.append%' LIMIT 1"
                ).fetchone()
                if row:
                    return int(row[0])
        except psycopg.OperationalError:
            continue
    raise TimeoutError("nobody appends")


def kill_for_good(pid: int) -> None:
    """Kill a process, and wait until it is gone, or a zombie, which has nothing open either."""
    os.kill(pid, signal.SIGKILL)
    with suppress(OSError):
        while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
            pass


def postmaster(server: embedded.Server) -> int:
    return int((server.home / "postgres" / "postmaster.pid").read_text().splitlines()[0])
