"""The database goes away under a running service, in every way it can; nothing promised is lost.

The faults are real: a server that is stopped, frozen, killed, or that ends its sessions, a pooler
that is restarted, a service that is killed meanwhile. Clients repeat with one key what they are not
promised, as they should, so that in the end each course is there exactly once.
"""

import asyncio
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import aiohttp
import psycopg
import pytest

from service import embedded, migrate
from tests.invariants.test_pooler import user
from tests.log.test_faults import kill_for_good, postmaster
from tests.pooler import BINARY, MISSING, pooled
from tests.test_database import processes, tell
from tests.test_process import Process, running, until_ready

SECONDS: Final = 90
COURSES: Final = "/api/v1/courses"


class World:
    """A server of our own, the service on it, and clients who ask for courses."""

    def __init__(self, server: embedded.Server, home: Path) -> None:
        self.server, self.home = server, home
        self.topic = f"topic {uuid4().hex}"
        self.promised: set[UUID] = set()
        self.spooled = 0
        self.service: Process
        self.api: aiohttp.ClientSession

    @asynccontextmanager
    async def serving(self, url: str = "") -> AsyncIterator[None]:
        """Run the service for a while."""
        async with AsyncExitStack() as stack:
            starting = running(url or self.server.dsn, self.home)
            self.service, address = await stack.enter_async_context(starting)
            client = aiohttp.ClientSession(address, headers=user(self.home))
            self.api = await stack.enter_async_context(client)
            yield

    async def ready(self) -> None:
        await until_ready(str(self.api._base_url).rstrip("/"))  # noqa: SLF001

    async def ask(self, key: str) -> int:
        """Ask for a course once; return the status."""
        asked = {"topic": self.topic, "num_lessons": 1}
        headers = {"Idempotency-Key": f"{self.topic} {key}"}
        async with self.api.post(COURSES, json=asked, headers=headers) as answer:
            if answer.status == 202:
                self.promised.add(UUID((await answer.json())["id"]))
                self.spooled += "X-Spooled" in answer.headers
            return answer.status

    async def insist(self, key: str) -> None:
        """Ask until it is promised, as a client does who was told to come again, or cut off."""
        async with asyncio.timeout(SECONDS):
            while True:
                with suppress(aiohttp.ClientError):
                    status = await self.ask(key)
                    assert status in (202, 503)
                    if status == 202:
                        return
                await asyncio.sleep(0.02)

    async def crowd(self, size: int, name: str) -> None:
        await asyncio.gather(*(self.insist(f"{name} {number}") for number in range(size)))

    async def known_away(self) -> None:
        """Wait until reads are refused, which is from when the service knows."""
        async with asyncio.timeout(SECONDS):
            while await self.read() != 503:  # noqa: ASYNC110 - it has no other sign
                await asyncio.sleep(0.02)

    async def read(self) -> int:
        async with self.api.get(COURSES) as answer:
            return answer.status

    async def each_once(self) -> None:
        """Check that what was promised, and nothing else, is in the log, once."""
        async with asyncio.timeout(SECONDS):
            while await asyncio.to_thread(self._stored) != len(self.promised):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        await self.ready()
        for course in list(self.promised)[:5]:
            await self.readable(course)
        assert await asyncio.to_thread(self._stored) == len(self.promised)
        assert await asyncio.to_thread(self._found) == self.promised

    async def readable(self, course: UUID) -> None:
        """Wait until a course can be read."""
        async with asyncio.timeout(SECONDS):
            while True:
                async with self.api.get(f"{COURSES}/{course}") as answer:
                    if answer.status == 200:
                        return
                await asyncio.sleep(0.02)

    def _rows(self, what: str) -> list[Any]:
        query = f"SELECT {what} FROM log.events WHERE data ->> 'topic' = %s"  # noqa: S608 - ours
        with psycopg.connect(self.server.dsn, connect_timeout=5) as session:
            return session.execute(query, [self.topic]).fetchall()

    def _stored(self) -> int:
        return int(self._rows("count(*)")[0][0])

    def _found(self) -> set[UUID]:
        return {row[0] for row in self._rows("stream_id")}


@pytest.fixture(scope="module")
def own_server() -> Iterator[embedded.Server]:
    """A server of this file's own, to be maltreated."""
    with tempfile.TemporaryDirectory(prefix="daybook-away-") as home:
        server = embedded.start(Path(home))
        migrate.up(server.dsn)
        yield server
        server.stop()


@pytest.fixture
def world(own_server: embedded.Server, tmp_path: Path) -> World:
    return World(own_server, tmp_path)


@asynccontextmanager
async def stopped(world: World) -> AsyncIterator[None]:
    """Have the server refuse connections."""
    await asyncio.to_thread(world.server.stop)
    yield
    await asyncio.to_thread(embedded.start, world.server.home)


@asynccontextmanager
async def killed(world: World) -> AsyncIterator[None]:
    """Have the server die without a word."""
    await asyncio.to_thread(kill_for_good, postmaster(world.server))
    yield
    await asyncio.to_thread(embedded.start, world.server.home)


@asynccontextmanager
async def frozen(world: World) -> AsyncIterator[None]:
    """Have the server accept connections and statements, and answer nothing."""
    pids = processes(world.server.home)
    tell(pids, signal.SIGSTOP)
    try:
        yield
    finally:
        tell(pids[::-1], signal.SIGCONT)


AWAY: Final[Mapping[str, Any]] = {"stopped": stopped, "killed": killed, "frozen": frozen}


@pytest.mark.parametrize("way", ["killed", "frozen"])
async def test_while_the_database_is_away_courses_are_promised_and_then_there_once(
    world: World, way: str
) -> None:
    async with world.serving():
        await world.ready()
        await world.crowd(10, "before")
        async with AWAY[way](world):
            under_way = asyncio.create_task(world.crowd(10, "as it goes"))
            await world.known_away()
            await world.crowd(30, "away")
            await under_way
            assert world.spooled >= 30
            async with world.api.get("/livez") as answer:
                assert answer.status == 200
        await world.crowd(10, "after")

        await world.each_once()
        assert len(world.promised) == 60


async def test_the_first_request_after_the_server_is_back_succeeds(world: World) -> None:
    async with world.serving():
        await world.ready()
        for _ in range(3):
            async with stopped(world):
                await world.known_away()

            assert await world.read() == 200


async def test_sessions_that_the_server_ends_while_they_are_idle_are_missed_by_nobody(
    world: World,
) -> None:
    async with world.serving():
        await world.ready()
        for number in range(5):
            with psycopg.connect(world.server.dsn, autocommit=True) as session:
                session.execute(
                    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            statuses = await asyncio.gather(world.read(), world.ask(f"k {number}"), world.read())
            assert tuple(statuses) == (200, 202, 200)

        await world.each_once()
        assert world.spooled == 0


async def test_a_service_killed_while_it_keeps_requests_leaves_them_to_the_next(
    world: World,
) -> None:
    async with AsyncExitStack() as stack:
        async with world.serving():
            await world.ready()
            await stack.enter_async_context(stopped(world))
            await world.known_away()
            await world.crowd(20, "away")
            world.service.kill()
            await world.service.wait()
        await stack.enter_async_context(world.serving())
        await world.crowd(20, "away")  # the same keys: the same courses
        await world.crowd(20, "away still")
        assert len(world.promised) == 40
        await asyncio.to_thread(embedded.start, world.server.home)

        await world.each_once()
        assert len(world.promised) == 40


async def test_a_service_killed_while_it_stores_what_it_kept_stores_it_once(world: World) -> None:
    async with AsyncExitStack() as stack:
        async with world.serving():
            await world.ready()
            await stack.enter_async_context(stopped(world))
            await world.known_away()
            await world.crowd(200, "away")
            await asyncio.to_thread(embedded.start, world.server.home)
            while not await asyncio.to_thread(world._stored):  # noqa: ASYNC110, SLF001
                await asyncio.sleep(0)
            world.service.kill()
            await world.service.wait()
        await stack.enter_async_context(world.serving())

        await world.each_once()
        assert len(world.promised) == 200


@pytest.mark.skipif(BINARY is None, reason=MISSING)
async def test_a_pooler_that_is_restarted_is_got_over(world: World) -> None:
    with tempfile.TemporaryDirectory(prefix="daybook-pooler-") as name:
        poolers, place = ExitStack(), Path(name)
        async with AsyncExitStack() as stack:
            stack.callback(poolers.close)
            url = await asyncio.to_thread(poolers.enter_context, pooled(world.server.dsn, place))
            await stack.enter_async_context(world.serving(url))
            await world.ready()
            for number in range(3):
                await world.crowd(5, f"before {number}")
                await asyncio.to_thread(poolers.close)
                await world.known_away()
                await world.crowd(10, f"away {number}")
                await asyncio.to_thread(poolers.enter_context, pooled(world.server.dsn, place))
                assert await world.read() == 200

            await world.each_once()
            assert (len(world.promised), world.spooled >= 30) == (45, True)


@pytest.mark.parametrize("seed", [1])
async def test_whatever_happens_to_it_each_course_is_there_once(world: World, seed: int) -> None:
    ways = [*AWAY.values()]
    async with world.serving():
        await world.ready()
        over = asyncio.Event()
        asking = asyncio.create_task(asking_until(over, world))
        for number in range(3):
            async with ways[(seed + number) % len(ways)](world):
                await world.known_away()
            await world.ready()
        over.set()
        await asking

        await world.each_once()


async def asking_until(over: asyncio.Event, world: World) -> None:
    """Ask for one course after another, eight at a time; whoever has begun insists to the end."""

    async def client(name: int) -> None:
        number = 0
        while not over.is_set():
            number += 1
            await world.insist(f"{name} {number}")

    await asyncio.gather(*(client(name) for name in range(8)))
