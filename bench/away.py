"""What users see while the database is away, and what becomes of their requests once it is back.

Run as ``python -m bench.away``. It is no bar: these are promises; the figures say how they feel.
Everything is real: the service as its operator starts it, its disk, a server that is stopped, and
one that is frozen.
"""

import argparse
import asyncio
import json
import os
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import aiohttp
import uvloop
from rich.console import Console
from rich.table import Table

from bench.machine import RESULTS
from service import embedded, migrate
from service.http.keyring import KeyRing
from service.http.token import Principal, mint, tenant
from service.settings import secret_key
from service.spool import Spool

ROOT: Final = Path(__file__).resolve().parent.parent
CLIENTS: Final = 64
LOOK: Final = 0.001
COURSES: Final = "/api/v1/courses"
ENTRY: Final = b"x" * 700
"""As long as a request for a course is when it is kept."""

Figures = dict[str, Any]
Taken = tuple[int, float]


async def alone(folder: Path, callers: int, count: int) -> float:
    """Return how many entries a second a spool makes durable for so many callers at once."""
    spool = Spool(folder, most=count)

    async def caller() -> None:
        for _ in range(count // callers):
            await spool.put(uuid4(), ENTRY, durable=True)

    started = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(callers)))
    rate = count / (time.perf_counter() - started)
    for key in list(spool.left()):
        await spool.drop(key)
    await spool.close()
    return rate


@asynccontextmanager
async def served(url: str, home: Path, limit: int) -> AsyncIterator[aiohttp.ClientSession]:
    """Start the service, wait until it is ready, and yield a client of it."""
    command = (sys.executable, "run.py", "serve", "--port", "0", "--roles", "api,projector")
    told = {"DATABASE_URL": url, "DAYBOOK_HOME": str(home), "SPOOL_LIMIT": str(limit)}
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=os.environ | told | {"LOG_LEVEL": "error"},
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    line = ""
    while "http://" not in line:
        line = (await process.stdout.readline()).decode()
    address = next(word for word in line.split() if word.startswith("http://")).rstrip(".,/")
    who = Principal(tenant("school"), "ada", "user")
    text = mint(KeyRing.of(secret_key(home)), who, timedelta(hours=1), datetime.now(UTC))
    connector = aiohttp.TCPConnector(limit=CLIENTS * 2)
    headers = {"Authorization": f"Bearer {text}"}
    try:
        async with aiohttp.ClientSession(address, headers=headers, connector=connector) as client:
            await until(lambda: status_is(client, "/readyz", 200))
            yield client
    finally:
        process.kill()
        await process.wait()


async def status_is(client: aiohttp.ClientSession, path: str, status: int) -> bool:
    """Ask once."""
    async with client.get(path) as answer:
        return answer.status == status


async def until(holds: Callable[[], Awaitable[bool]]) -> float:
    """Ask again and again; return the milliseconds that it took."""
    started = time.perf_counter()
    while not await holds():  # noqa: ASYNC110 - it has no other sign
        await asyncio.sleep(LOOK)
    return 1000 * (time.perf_counter() - started)


async def ask(client: aiohttp.ClientSession) -> Taken:
    """Ask for a course; return the status and the milliseconds."""
    started = time.perf_counter()
    async with client.post(COURSES, json={"topic": "Photosynthesis"}) as answer:
        await answer.read()
        return answer.status, 1000 * (time.perf_counter() - started)


async def read(client: aiohttp.ClientSession) -> Taken:
    """Read the courses; return the status and the milliseconds."""
    started = time.perf_counter()
    async with client.get(COURSES) as answer:
        await answer.read()
        return answer.status, 1000 * (time.perf_counter() - started)


async def many(send: Callable[[], Awaitable[Taken]], count: int, clients: int) -> list[Taken]:
    """Send so many, so many at a time."""

    async def client() -> list[Taken]:
        return [await send() for _ in range(count // clients)]

    found = await asyncio.gather(*(client() for _ in range(clients)))
    return [taken for each in found for taken in each]


def spread(taken: Sequence[Taken], status: int) -> str:
    """Return the median, the 99th percentile and the longest of the answers of a status."""
    times = sorted(ms for found, ms in taken if found == status)
    if not times:
        return "none"
    p99 = times[min(len(times) - 1, len(times) * 99 // 100)]
    return f"{statistics.median(times):.1f} / {p99:.1f} / {times[-1]:.1f}"


def tell(server: embedded.Server, number: int) -> None:
    """Send a signal to the server and all of its children."""
    data = server.home / "postgres" / "postmaster.pid"
    postmaster = int(data.read_text().splitlines()[0])
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    for pid in (postmaster, *map(int, children)):
        os.kill(pid, number)


async def stopped(client: aiohttp.ClientSession, server: embedded.Server, count: int) -> Figures:
    """Measure with a server that refuses, beyond the bound of the spool by a fifth."""
    await asyncio.to_thread(server.stop)
    await until(lambda: status_is(client, COURSES, 503))
    lone = await many(lambda: read(client), 200, 1)
    refused = await many(lambda: read(client), 2_000, CLIENTS)
    started = time.perf_counter()
    kept = await many(lambda: ask(client), count, CLIENTS)
    rate = len(kept) / (time.perf_counter() - started)
    beyond = await many(lambda: ask(client), count // 5, CLIENTS)
    await asyncio.to_thread(embedded.start, server.home)
    first = await read(client)
    return {
        "stopped: ms of a 503, alone": spread(lone, 503),
        f"stopped: ms of a 503, {CLIENTS} clients": spread(refused, 503),
        f"kept on the disk a second, {CLIENTS} clients": round(rate),
        "kept: ms of a 202": spread(kept, 202),
        "kept: answers": dict(Counter(status for status, _ in kept)),
        "beyond the bound: answers": dict(Counter(status for status, _ in beyond)),
        "beyond the bound: ms of a 503": spread(beyond, 503),
        "back: status and ms of the first request": f"{first[0]}, {first[1]:.1f}",
        "drain: requests a second": round(await drained(client, count)),
    }


async def drained(client: aiohttp.ClientSession, count: int) -> float:
    """Wait until nothing is kept any more; return how many a second were stored."""
    started = time.perf_counter()

    async def over() -> bool:
        async with client.get("/metrics") as answer:
            return "daybook_requests_spooled 0.0" in await answer.text()

    await until(over)
    return count / (time.perf_counter() - started)


async def frozen(client: aiohttp.ClientSession, server: embedded.Server) -> Figures:
    """Measure with a server that accepts everything and answers nothing."""
    await many(lambda: read(client), CLIENTS, CLIENTS)
    tell(server, signal.SIGSTOP)
    known = await until(lambda: status_is(client, COURSES, 503))
    refused = await many(lambda: read(client), 2_000, CLIENTS)
    kept = await many(lambda: ask(client), 2_000, CLIENTS)
    tell(server, signal.SIGCONT)
    back = await until(lambda: status_is(client, COURSES, 200))
    return {
        "frozen: ms until it is known": round(known),
        f"frozen: ms of a 503, {CLIENTS} clients": spread(refused, 503),
        "frozen: ms of a 202": spread(kept, 202),
        "thawed: ms to the first success": round(back, 1),
    }


async def measured(home: Path, count: int) -> Figures:
    """Return all figures."""
    figures: Figures = {
        f"spool alone: durable entries a second, {callers} callers": round(
            await alone(home / "spool", callers, count)
        )
        for callers in (1, 64, 1_024)
    }
    server = embedded.start(home / "server")
    try:
        migrate.up(server.dsn)
        async with served(server.dsn, home / "home", count) as client:
            figures |= await stopped(client, server, count)
            figures |= await frozen(client, server)
    finally:
        embedded.stop(server.home)
    return figures


def main() -> int:
    """Measure, print, and leave ``away.json`` behind."""
    parser = argparse.ArgumentParser(prog="bench.away", description=__doc__)
    parser.add_argument("--requests", type=int, default=9_984)
    parser.add_argument("--out", type=Path, default=RESULTS)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="daybook-away-", dir="/var/tmp") as home:
        figures = uvloop.run(measured(Path(home), asked.requests))
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / "away.json").write_text(json.dumps(figures, indent=2) + "\n")
    table = Table(title="The database away (of three figures: median / p99 / longest)")
    table.add_column("what")
    table.add_column("figure", justify="right")
    for name, figure in figures.items():
        table.add_row(name, f"{figure:,}" if isinstance(figure, int | float) else str(figure))
    Console(width=110).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
