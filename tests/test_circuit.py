"""The circuit: who asks for a database that is away is told at once, and served when it is back."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest

from service import circuit, pool
from service.database import Database
from service.log.append import GroupAppender
from service.refusal import Unavailable
from tests.faults import Proxy, proxied, until
from tests.log.batches import commit, write

FOR_EVER = 3600.0
SECONDS = 60


@pytest.fixture
async def network(database_url: str) -> AsyncIterator[Proxy]:
    async with proxied(database_url) as network:
        yield network


@pytest.fixture
async def behind(network: Proxy, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    """A database through the network; only the circuit has deadlines, and short ones."""
    for name in ("STATEMENT_SECONDS", "ACQUIRE_SECONDS"):
        monkeypatch.setattr(pool, name, FOR_EVER)
    for name in ("SLOW_SECONDS", "TICK_SECONDS"):
        monkeypatch.setattr(circuit, name, 0.1)
    monkeypatch.setattr(circuit, "LOOK_SECONDS", 0.5)
    monkeypatch.setattr(circuit, "PATIENCE_SECONDS", 10)  # however busy the machine is
    database = Database(network.url, size=4)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def appends(behind: Database) -> AsyncIterator[GroupAppender]:
    appender = GroupAppender(behind.connect, call_timeout=FOR_EVER, circuit=behind.circuit)
    yield appender
    await appender.close()


async def is_away(database: Database) -> None:
    """Wait until the database is known to be away."""
    with pytest.raises(Unavailable):
        await database.fetchval("SELECT 1")
    await until(lambda: database.away)


async def test_a_database_that_refuses_is_known_to_be_away_and_its_first_question_served(
    network: Proxy, behind: Database
) -> None:
    assert await behind.fetchval("SELECT 1") == 1
    for _ in range(3):
        await network.refuse()
        await is_away(behind)
        await network.accept()

        assert await behind.execute("SELECT 1") == "SELECT 1"
        assert not behind.away


async def test_a_look_that_began_before_somebody_asked_says_nothing_to_him(
    behind: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, looks, over = behind.circuit._look, 0, asyncio.Event()  # noqa: SLF001

    async def look() -> Any:
        nonlocal looks
        looks += 1
        if looks == 1:
            raise ConnectionRefusedError
        if looks == 2:
            await over.wait()
            raise ConnectionRefusedError
        return await real()

    monkeypatch.setattr(circuit, "LOOK_SECONDS", SECONDS)
    monkeypatch.setattr(circuit, "SILENT_GAP_SECONDS", SECONDS)
    monkeypatch.setattr(behind.circuit, "_look", look)
    behind.circuit.suspect()
    await until(lambda: looks == 2)

    asked = asyncio.create_task(behind.fetchval("SELECT 1"))
    await asyncio.sleep(0)
    over.set()

    assert await asked == 1


async def test_while_it_is_known_to_be_away_nothing_is_sent_to_it(
    network: Proxy, behind: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await behind.fetchval("SELECT 1")
    network.freeze()
    await is_away(behind)
    monkeypatch.setattr(behind.queries, "_once", None)  # where a statement would begin

    for ask in (behind.fetch, behind.fetchrow, behind.fetchval):
        with pytest.raises(Unavailable):
            await ask("SELECT 1")


async def test_statements_under_way_are_cut_once_it_is_known_to_be_away(
    network: Proxy, behind: Database
) -> None:
    await asyncio.gather(behind.fetchval("SELECT 1"), behind.execute("SELECT 1"))
    network.freeze()

    async with asyncio.timeout(SECONDS):
        asked = (behind.fetchval("SELECT 1"), behind.execute("SELECT 1"))
        outcomes = await asyncio.gather(*asked, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [Unavailable, Unavailable]


async def test_after_a_silence_it_is_served_again(network: Proxy, behind: Database) -> None:
    await behind.fetchval("SELECT 1")
    network.freeze()
    await is_away(behind)
    network.thaw()

    async with asyncio.timeout(SECONDS):
        await behind.circuit.back()
        assert await behind.fetchval("SELECT 1") == 1


async def test_whoever_appends_is_refused_as_soon_as_it_is_known_to_be_away(
    network: Proxy, behind: Database, appends: GroupAppender
) -> None:
    await appends.append(commit(write(stream := uuid4(), 0)), timeout=FOR_EVER)
    lost = commit(write(stream, 1))
    network.freeze()

    async with asyncio.timeout(SECONDS):
        for _ in range(3):
            with pytest.raises(Unavailable):
                await appends.append(lost, timeout=FOR_EVER)
        network.thaw()
        await behind.circuit.back()
        receipt = await appends.append(lost, timeout=FOR_EVER)

    assert receipt.versions == ((stream, 2),)


async def test_whoever_appends_is_refused_at_once_by_a_database_that_refuses(
    network: Proxy, behind: Database, appends: GroupAppender
) -> None:
    await appends.append(commit(write(stream := uuid4(), 0)), timeout=FOR_EVER)
    await network.refuse()

    async with asyncio.timeout(SECONDS):
        waiting = [appends.append(commit(write(uuid4(), 0)), FOR_EVER) for _ in range(300)]
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {Unavailable}
        await network.accept()
        receipt = await appends.append(commit(write(stream, 1)), timeout=FOR_EVER)

    assert receipt.versions == ((stream, 2),)


async def test_a_slow_statement_is_no_outage(
    behind: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0
    real = behind.circuit._look  # noqa: SLF001

    async def look() -> Any:
        nonlocal looks
        looks += 1
        return await real()

    monkeypatch.setattr(behind.circuit, "_look", look)
    monkeypatch.setattr(circuit, "LOOK_SECONDS", SECONDS)

    assert await behind.fetchval("SELECT 1 FROM pg_sleep(1.5)") == 1
    assert looks == 1
    assert not behind.away


async def test_one_frozen_connection_is_no_outage(
    network: Proxy, behind: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(circuit, "LOOK_SECONDS", SECONDS)
    await behind.fetchval("SELECT 1")
    network.hold_replies(1)
    frozen = asyncio.create_task(behind.fetchval("SELECT 1"))
    await until(lambda: network.held == 1)

    await until(lambda: behind.circuit._vouched > 0)  # noqa: SLF001
    assert not behind.away
    assert not frozen.done()
    frozen.cancel()
    await asyncio.wait({frozen})


async def test_a_database_that_wakes_slowly_is_waited_for(network: Proxy, behind: Database) -> None:
    network.freeze()
    started = time.monotonic()
    asked = asyncio.create_task(behind.fetchval("SELECT 1"))

    await until(lambda: time.monotonic() - started > 2)  # four looks would have failed by then

    assert not behind.away
    network.thaw()
    assert await asked == 1


async def test_one_silent_look_alone_is_no_outage(
    network: Proxy, behind: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(circuit, "LOOK_SECONDS", 3)
    await behind.fetchval("SELECT 1")
    network.hold_replies(1)
    behind.circuit.suspect()

    await until(lambda: behind.circuit._silent == 1)  # noqa: SLF001
    await until(lambda: behind.circuit._vouched > 0 or behind.away)  # noqa: SLF001

    assert not behind.away


async def test_a_server_that_is_full_is_not_away(server: str, database_url: str) -> None:
    role = f"daybook_{uuid4().hex}"
    if urlsplit(server).password:
        pytest.skip("the server asks for passwords")
    with psycopg.connect(server, autocommit=True) as session:
        session.execute(f"CREATE ROLE {role} LOGIN CONNECTION LIMIT 1")
    async with AsyncExitStack() as stack:
        database = Database(database_url.replace("//daybook@", f"//{role}@"), size=4)
        await database.open()
        stack.push_async_callback(database.close)
        assert await database.fetchval("SELECT current_user") == role

        with pytest.raises(Unavailable):
            await database.execute("SELECT 1")
        await asyncio.wait({database.circuit._looked()})  # noqa: SLF001

        assert await database.fetchval("SELECT 1") == 1
    with psycopg.connect(server, autocommit=True) as session:
        session.execute(f"DROP ROLE {role}")


async def test_who_is_cancelled_while_the_database_goes_away_is_cancelled(
    network: Proxy, behind: Database
) -> None:
    await behind.fetchval("SELECT 1")
    network.freeze()
    asked = asyncio.create_task(behind.fetchval("SELECT 1"))
    await until(lambda: bool(behind.circuit._running))  # noqa: SLF001
    (watched,) = behind.circuit._running  # noqa: SLF001
    watched.cut()
    asked.cancel()

    await asyncio.wait({asked})

    assert asked.cancelled()


async def test_closing_leaves_nothing_behind(network: Proxy, behind: Database) -> None:
    await behind.fetchval("SELECT 1")
    network.freeze()
    await is_away(behind)
    assert looking()

    await behind.close()

    assert not looking()


def looking() -> set[str]:
    """Return what looks for a database just now."""
    return {text for task in asyncio.all_tasks() if "Circuit." in (text := repr(task.get_coro()))}
