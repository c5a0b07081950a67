"""After an older backup was restored, what clients have kept from before is refused."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from msgspec.structs import replace
from psycopg import sql
from pytest_aiohttp.plugin import AiohttpClient

from service.app import make_app
from service.cluster import BIN
from service.database import Database
from service.http.call import Resources
from service.http.follow import Follow
from service.http.metrics import Metrics
from service.log.append import GroupAppender
from service.log.event import beyond
from service.log.handle import Log
from service.log.listen import listen
from service.process import Wakes
from service.projection.tail import Tail
from service.quiet import Quiet
from tests.conftest import drop, on
from tests.http.conftest import Client

EVENT_STREAM = {"Accept": "text/event-stream"}


async def asked(client: Client) -> dict[str, Any]:
    """Request a course: two events more."""
    found: dict[str, Any] = await (
        await client.post("/api/v1/courses", json={"topic": "Light"})
    ).json()
    return found


async def run(program: str, *arguments: str) -> None:
    command = [str(BIN / program), *arguments]
    await asyncio.to_thread(subprocess.run, command, check=True, capture_output=True)


async def dumped(url: str, folder: Path) -> str:
    path = str(folder / "backup")
    await run("pg_dump", f"--file={path}", url)
    return path


async def restored(url: str, path: str) -> None:
    await run("psql", "--quiet", f"--file={path}", url)


@pytest.fixture
def new_url(server: str) -> Iterator[str]:
    """The URL of a database with nothing in it."""
    name = f"daybook_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as session:
        session.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    yield on(server, name)
    drop(server, name)


@pytest.fixture
async def older(
    *,
    api: Client,
    live: Resources,
    database_url: str,
    new_url: str,
    tmp_path: Path,
    aiohttp_client: AiohttpClient,
    bearer: Callable[..., dict[str, str]],
) -> AsyncIterator[tuple[Client, dict[str, Any], str]]:
    """The service on a backup of position 2, a course's answer of position 4, and a cursor."""
    first = await asked(api)
    await api.get(f"/api/v1/courses?min_position={first['position']}")
    path = await dumped(database_url, tmp_path)
    for title in ("Waves", "Rays"):
        await api.post(f"/api/v1/courses/{first['id']}/rename", json={"title": title})
    page = await (await api.get(f"/api/v1/streams/{first['id']}?limit=2")).json()
    await restored(new_url, path)
    database = Database(new_url)
    await database.open()
    appender, tail = GroupAppender(database.connect), Tail(database)
    resources = replace(
        live, database=database, log=Log(database, appender), tail=tail, follow=Follow(tail)
    )
    yield (
        await aiohttp_client(make_app(resources, Metrics(), ["api"]), headers=bearer()),
        first,
        page["next"],
    )
    await appender.close()
    await database.close()


async def test_a_position_from_before_is_refused_wherever_one_is_taken(
    older: tuple[Client, dict[str, Any], str], bearer: Callable[..., dict[str, str]]
) -> None:
    client, course, cursor = older
    rows = EVENT_STREAM | bearer("analyst")
    beginnings = [
        ("min_position", "/api/v1/courses?min_position=4", {}),
        ("after", "/api/v1/events?after=4", {}),
        ("after", "/api/v1/events?after=4", EVENT_STREAM),
        ("Last-Event-ID", "/api/v1/events", {"Last-Event-ID": "4"}),
        ("Last-Event-ID", "/api/v1/events", EVENT_STREAM | {"Last-Event-ID": "4"}),
        ("Last-Event-ID", f"/api/v1/jobs/{course['job_id']}/events", {"Last-Event-ID": "4"}),
        ("after", f"/api/v1/jobs/{course['job_id']}/events?after=4", {}),
        ("Last-Event-ID", "/api/v1/views/courses", rows | {"Last-Event-ID": "4"}),
        ("after", "/api/v1/views/courses?after=4", rows),
        ("cursor", cursor, {}),
    ]
    for parameter, address, headers in beginnings:
        async with client.get(address, headers=headers) as response:
            problem = await response.json()
            assert (response.status, problem.get("errors", problem)) == (
                422,
                [{"parameter": parameter, "detail": beyond(2)}],
            ), address


async def test_what_the_backup_holds_is_served(
    older: tuple[Client, dict[str, Any], str],
) -> None:
    client, course, _ = older
    response = await client.get("/api/v1/courses?min_position=2")

    assert [item["id"] for item in (await response.json())["items"]] == [course["id"]]
    assert len(await (await client.get("/api/v1/events?after=0")).json(content_type=None)) == 2


async def test_a_service_that_lives_through_a_restore_forgets_how_far_it_was(
    *, api: Client, live: Resources, server: str, database_url: str, tmp_path: Path, tail: Tail
) -> None:
    wakes = Wakes(Quiet(may_sleep=False))
    listening = asyncio.create_task(listen(live.database, wakes.channels(tail)))
    await asked(api)
    assert (await api.get("/api/v1/courses?min_position=2")).status == 200
    path = await dumped(database_url, tmp_path)
    await asked(api)
    assert (await api.get("/api/v1/courses?min_position=4")).status == 200

    drop(server, database_url.partition("?")[0].rpartition("/")[2])
    await asyncio.to_thread(remade, server, database_url)
    await restored(database_url, path)
    await status_of(api, "/api/v1/courses?min_position=4", 422)
    await status_of(api, "/api/v1/courses?min_position=2", 200)

    listening.cancel()
    await asyncio.wait({listening})


def remade(server: str, url: str) -> None:
    name = url.partition("?")[0].rpartition("/")[2]
    with psycopg.connect(server, autocommit=True) as session:
        session.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


async def status_of(client: Client, address: str, wanted: int) -> None:
    """Ask until the answer has the status that it should come to have."""
    async with asyncio.timeout(60):
        while (await client.get(address)).status != wanted:
            pass
