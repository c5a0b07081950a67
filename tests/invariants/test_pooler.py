"""All of it through PgBouncer in transaction mode: no session outlasts a call."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import aiohttp
import psycopg
import pytest
from psycopg import sql

from service import pool
from service.database import Database
from service.http.keyring import KeyRing
from service.http.token import Principal, mint, tenant
from service.log.append import GroupAppender
from service.projection import desk, engine
from service.projection.act import Act
from service.refusal import Unavailable
from service.settings import secret_key
from tests.conftest import drop, on
from tests.faults import child, proxied
from tests.invariants.crowd import Crowd
from tests.invariants.recorder import EVERYTHING, assert_each_once, serve
from tests.log.batches import commit, write
from tests.log.checks import assert_whole
from tests.pooler import BINARY, MISSING, pooled
from tests.test_process import running, status, until_ready

Project = Callable[[], Awaitable[None]]
LIGHT = Path("docs/samples/photosynthesis.md").read_text(encoding="utf-8")
PROJECTING = "tests.invariants.projecting"
ACT = Act("ann", UUID(int=7), UUID(int=8), "to see it through a pooler")

pytestmark = pytest.mark.skipif(BINARY is None, reason=MISSING)


@pytest.fixture(scope="module")
def pooler(server: str) -> Iterator[str]:
    with pooled(server) as url:
        yield url


@pytest.fixture
def pooled_url(pooler: str, database_url: str) -> str:
    return on(pooler, urlsplit(database_url).path.removeprefix("/"))


@pytest.fixture
async def behind(pooled_url: str) -> AsyncIterator[Database]:
    """The database as a service behind the pooler has it."""
    database = Database(pooled_url, size=30)
    await database.open()
    yield database
    await database.close()


async def appender(stack: AsyncExitStack, database: Database, **options: Any) -> GroupAppender:
    found = GroupAppender(database.connect, **options)
    stack.push_async_callback(found.close)
    return found


async def test_a_crowd_appends_projectors_fold_and_operators_swap_through_a_pooler(
    database: Database, behind: Database, pooled_url: str, projected: Project
) -> None:
    await serve(behind, EVERYTHING)
    async with AsyncExitStack() as stack:
        projectors = [stack.enter_context(child(PROJECTING, pooled_url)) for _ in range(2)]
        over, appenders = asyncio.Event(), [await appender(stack, behind) for _ in range(2)]
        writing = asyncio.create_task(Crowd(appenders, seed=6).write_until(over, writers=6))
        reading = asyncio.create_task(read(behind, over))
        for _ in range(2):
            await engine.rebuild(behind, EVERYTHING, act=ACT)
            for each in projectors:
                await asyncio.to_thread(each.wait_for, len(each.lines) + 2)
            await desk.roll_back(behind, "everything", ACT)
        over.set()
        await asyncio.gather(writing, reading)

    await projected()
    await assert_whole(database)
    await assert_each_once(database)
    assert behind.listens is False


async def read(database: Database, over: asyncio.Event) -> None:
    """Read from many tasks at once; every answer must be that of its own question."""

    async def reader(number: int) -> None:
        query = f"SELECT $1::int, {number} FROM read.seen_everything LIMIT 1"  # noqa: S608 - ours
        while not over.is_set():
            assert await database.fetchrow(query, number) in (None, (number, number))

    await asyncio.gather(*(reader(number) for number in range(12)))


async def test_one_frozen_server_connection_of_the_pooler_is_got_over(
    database_url: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "STATEMENT_SECONDS", 1)
    async with AsyncExitStack() as stack:
        proxy = await stack.enter_async_context(proxied(database_url))
        url = await asyncio.to_thread(stack.enter_context, pooled(proxy.url))
        behind = Database(url)
        await behind.open()
        stack.push_async_callback(behind.close)
        appends = await appender(stack, behind, call_timeout=1)
        await appends.append(commit(write(stream := uuid4(), 0)))

        proxy.hold_replies(1)
        with pytest.raises(Unavailable):
            await behind.execute("SELECT 1")
        proxy.hold_replies(1)
        receipt = await appends.append(commit(write(stream, 1)))

        assert await behind.fetchval("SELECT position FROM log.head") == receipt.position == 2
        assert proxy.held == 2
    await assert_whole(database, events=2)


@pytest.fixture
def bare(server: str) -> Iterator[str]:
    """The name of a database in which nothing is."""
    name = f"daybook_bare_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as session:
        session.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    yield name
    drop(server, name)


@pytest.mark.parametrize("ways", ["with a direct URL", "with nothing else"])
async def test_the_service_sets_itself_up_and_makes_a_course_through_a_pooler(
    ways: str,
    server: str,
    pooler: str,
    bare: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if ways == "with a direct URL":
        monkeypatch.setenv("DATABASE_DIRECT_URL", on(server, bare))
    async with running(on(pooler, bare), tmp_path) as (_, address):
        await until_ready(address)
        async with aiohttp.ClientSession(address, headers=user(tmp_path)) as api:
            source = {"path": "light.md", "media_type": "text/markdown", "text": LIGHT}
            known = await put(api, "/api/v1/sources", **source)
            await got(api, "/api/v1/sources", known)
            asked = await put(api, "/api/v1/courses", topic="Photosynthesis", num_lessons=1)
            path = f"/api/v1/courses/{asked['id']}"
            assert await ended_as(api, path, asked) == "READY"
        assert await status(address, "/readyz") == 200


async def ended_as(api: aiohttp.ClientSession, path: str, asked: dict[str, Any]) -> str:
    """Wait for a course to be made; return what became of it."""
    async with asyncio.timeout(60):
        while True:
            status = str((await got(api, path, asked))["status"])
            if status in ("READY", "FAILED"):
                return status
            await asyncio.sleep(0.05)  # its end has no position yet to wait for


def user(home: Path) -> dict[str, str]:
    """Return the header of somebody whom the service of `home` knows."""
    someone = Principal(tenant("school"), "ada", "user")
    minted = mint(KeyRing.of(secret_key(home)), someone, timedelta(hours=1), datetime.now(UTC))
    return {"Authorization": f"Bearer {minted}"}


async def put(api: aiohttp.ClientSession, path: str, /, **body: Any) -> dict[str, Any]:
    async with api.post(path, json=body) as response:
        assert response.status in (201, 202), await response.text()
        return dict(await response.json())


async def got(api: aiohttp.ClientSession, path: str, after: dict[str, Any]) -> Any:
    query = {"min_position": str(after["position"])}
    async with api.get(path, params=query) as response:
        assert response.status == 200, await response.text()
        return await response.json()
