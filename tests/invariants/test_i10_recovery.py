"""I10: when faults stop, the service is ready and nothing waits, without anybody's help."""

import asyncio
import signal
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import aiohttp
import psycopg
import pytest
from msgspec import Struct

from service import embedded, migrate
from service.database import Database
from service.log.append import GroupAppender
from service.log.handle import Log
from service.projection import projector
from service.projection.tail import Tail
from tests.faults import Proxy, proxied, until
from tests.log.batches import commit, write
from tests.log.test_faults import kill_for_good, postmaster
from tests.projection.histories import TENANTS, Place, request
from tests.test_process import Process, running, status, until_ready

SECONDS: Final = 60


class World(Struct):
    """A service with all its roles, the network to its database, and the database's server."""

    service: Process
    address: str
    network: Proxy
    server: embedded.Server
    log: Log

    async def ask(self) -> None:
        """Ask for a course, past the network that is at fault."""
        await request(self.log, Place(TENANTS[0], uuid4(), uuid4()), "Light")

    async def unready(self) -> None:
        """Wait until the service says that it is not ready."""
        while await status(self.address, "/readyz") != 503:  # noqa: ASYNC110 - no other sign
            await asyncio.sleep(0.05)

    async def recovered(self) -> None:
        """Wait until the service is ready, all of its checks pass, and nothing is to be folded."""
        while True:
            with suppress(psycopg.Error):
                if await asyncio.to_thread(lag, self.server.dsn) == 0 and await passes(self):
                    return
            await asyncio.sleep(0.05)


@pytest.fixture(scope="module")
def own_server() -> Iterator[embedded.Server]:
    """A server of this file's own, to be killed."""
    with tempfile.TemporaryDirectory(prefix="daybook-recovery-") as home:
        server = embedded.start(Path(home))
        migrate.up(server.dsn)
        yield server
        server.stop()


@pytest.fixture
async def world(own_server: embedded.Server, tmp_path: Path) -> AsyncIterator[World]:
    async with (
        proxied(own_server.dsn) as network,
        running(network.url, tmp_path) as (service, address),
    ):
        await until_ready(address)
        database = Database(own_server.dsn)
        appender = GroupAppender(database.connect)
        yield World(service, address, network, own_server, Log(database, appender))
        await appender.close()


def lag(url: str) -> int:
    """Return how many events the projection that is last has still to fold."""
    with psycopg.connect(url, connect_timeout=5) as session:
        row = session.execute("SELECT max(lag), count(*) FROM read.freshness").fetchone()
    assert row is not None
    assert row[1] >= 3
    return int(row[0])


async def passes(world: World) -> bool:
    """Tell whether the service is ready, and nothing in its health is a warning."""
    async with aiohttp.ClientSession() as session, session.get(f"{world.address}/readyz") as found:
        return found.status == 200 and (await found.json())["status"] == "pass"


async def restart(world: World) -> None:
    await asyncio.to_thread(world.server.stop)
    await within(world.unready())
    await asyncio.to_thread(embedded.start, world.server.home)


async def kill_the_server(world: World) -> None:
    kill_for_good(postmaster(world.server))
    await within(world.unready())
    await asyncio.to_thread(embedded.start, world.server.home)


async def terminate_backends(world: World) -> None:
    for _ in range(5):
        with psycopg.connect(world.server.dsn, autocommit=True) as session:
            session.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        await world.ask()


async def freeze_the_service(world: World) -> None:
    world.service.send_signal(signal.SIGSTOP)
    await world.ask()
    world.service.send_signal(signal.SIGCONT)


async def freeze_the_network(world: World) -> None:
    world.network.freeze()
    await world.ask()
    await within(world.unready())
    world.network.thaw()


FAULTS: Final = (
    restart,
    kill_the_server,
    terminate_backends,
    freeze_the_service,
    freeze_the_network,
)


async def test_the_service_recovers_by_itself_from_one_fault_after_another(world: World) -> None:
    for fault in FAULTS:
        await world.ask()

        await fault(world)
        await world.ask()

        try:
            await within(world.recovered())
        except TimeoutError:
            pytest.fail(f"it did not recover from {fault.__name__}")


async def within(work: Coroutine[Any, Any, None]) -> None:
    async with asyncio.timeout(SECONDS):
        await work


async def test_a_backlog_is_worked_off_without_a_rest_between_its_steps(
    database: Database,
    appender: GroupAppender,
    tail: Tail,
    projected: Callable[[], Awaitable[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await appender.append(commit(write(uuid4(), 0, 40)))
    monkeypatch.setattr(projector, "STEP", 1)

    working = asyncio.create_task(
        projector.run(database, tail, asyncio.Event(), lambda: float(SECONDS))
    )

    assert await tail.reached(40, timeout=SECONDS / 2)
    working.cancel()


async def test_a_projector_whose_connection_is_frozen_for_good_takes_another(
    database_url: str,
    appender: GroupAppender,
    projected: Callable[[], Awaitable[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(projector, "FIRST_SECONDS", 1.0)
    async with proxied(database_url) as network:
        behind = Database(network.url)
        await behind.open()
        tail, wake = Tail(behind), asyncio.Event()
        working = asyncio.create_task(projector.run(behind, tail, wake))
        await appender.append(commit(write(stream := uuid4(), 0)))
        assert await tail.reached(1, timeout=SECONDS)

        network.hold_replies(1)
        await until(lambda: network.held == 1)
        await appender.append(commit(write(stream, 1)))

        assert await tail.reached(2, timeout=SECONDS / 2)
        working.cancel()
        await behind.close()
