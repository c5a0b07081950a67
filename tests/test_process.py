"""The service as a process: how it starts without its database, and how it ends."""

import asyncio
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from tests.proxy import Proxy

ROOT = Path(__file__).parent.parent
SECONDS = 60
Process = asyncio.subprocess.Process


@asynccontextmanager
async def running(url: str, home: Path, *options: str) -> AsyncIterator[tuple[Process, str]]:
    """Start the service; yield it and its address, as soon as it says that it listens."""
    command = (sys.executable, "run.py", "serve", "--port", "0", *options)
    environ = os.environ | {"DATABASE_URL": url, "DAYBOOK_HOME": str(home)}
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=environ, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(SECONDS):
            text = ""
            while not (found := re.search(r"http://127\.0\.0\.1:\d+", text)):
                line = await process.stdout.readline()
                assert line, f"it ended: {text}"
                text += line.decode()
        yield process, found[0]
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def status(address: str, path: str) -> int:
    async with aiohttp.ClientSession() as session, session.get(address + path) as response:
        return response.status


async def until_ready(address: str) -> None:
    async with asyncio.timeout(SECONDS):
        while await status(address, "/readyz") != 200:  # noqa: ASYNC110 - it has no other sign
            await asyncio.sleep(0.05)


async def ended(process: Process) -> int:
    async with asyncio.timeout(SECONDS):
        return await process.wait()


@pytest.fixture
async def door(database_url: str) -> AsyncIterator[tuple[str, Callable[[], object]]]:
    """The URL of a database that is not there yet, and what makes it be there."""
    folder = parse_qs(urlsplit(database_url).query).get("host")
    if not folder:
        pytest.skip("the proxy forwards to a unix socket")
    proxy, closed = Proxy(Path(folder[0])), socket.socket()
    closed.bind(("127.0.0.1", 0))  # ours from now on, but nobody listens: who connects is refused
    servers: list[asyncio.Server] = []

    async def open_up() -> None:
        servers.append(await asyncio.start_server(proxy.serve, sock=closed))

    place = f"127.0.0.1:{closed.getsockname()[1]}{urlsplit(database_url).path}"
    yield f"postgresql://daybook:s3cret@{place}?sslmode=disable", open_up
    for server in servers:
        server.close()
    closed.close()
    await proxy.close()


async def test_it_starts_without_its_database_and_is_ready_once_that_comes(
    door: tuple[str, Callable[[], object]], tmp_path: Path
) -> None:
    url, open_up = door
    async with running(url, tmp_path) as (process, address):
        assert await status(address, "/livez") == 200
        assert await status(address, "/readyz") == 503
        await open_up()  # type: ignore[misc]
        await until_ready(address)
        process.terminate()

        assert await ended(process) == 0


async def test_told_to_stop_it_says_goodbye_and_ends_well(
    database_url: str, tmp_path: Path
) -> None:
    async with running(database_url, tmp_path) as (process, address):
        await until_ready(address)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(SECONDS):
            while await status(address, "/readyz") != 503:  # noqa: ASYNC110 - no other sign
                await asyncio.sleep(0)

        assert await ended(process) == 0


async def test_told_twice_it_ends_at_once(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path) as (process, address):
        await until_ready(address)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(SECONDS):
            while await status(address, "/readyz") != 503:  # noqa: ASYNC110 - no other sign
                await asyncio.sleep(0)
        process.send_signal(signal.SIGTERM)

        assert await ended(process) == 1


async def test_a_process_of_other_roles_serves_its_health_only(
    database_url: str, tmp_path: Path
) -> None:
    async with running(database_url, tmp_path, "--roles", "projector") as (_, address):
        await until_ready(address)

        assert await status(address, "/api/v1/courses") == 404
        assert await status(address, "/metrics") == 200
