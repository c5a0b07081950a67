"""The service as its operator starts it: how soon it is ready, and how it grows."""

import asyncio
import os
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg
from msgspec import structs

from bench.child import ROOT, child
from bench.http import question
from bench.machine import Lab
from bench.ratio import CouldNotMeasure, Measured, quotients, side_by_side
from bench.serving import HOST, KEY
from bench.text import TEXT
from service.database import Database
from service.projection import engine

READY_SECONDS: Final = 60.0
LOOK: Final = 0.005
MEBIBYTE: Final = 1024
MILLION: Final = 1_000_000
THE_BAR: Final = 10_000
"""Commands after which the bar wants memory to be looked at first."""
READY: Final = b"GET /readyz HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n"


async def start(lab: Lab) -> Measured:
    """Seconds from ``run.py serve`` to ready with a large log ÷ with an empty one."""
    stored = lab.size.stored
    large = lab.database("bench_start_large", lab.seeded(stored))
    empty = lab.database("bench_start_empty")
    for url in (large, empty):
        await _folded(url)
        await _ready_after(lab, url)

    async def with_events() -> float:
        return await _ready_after(lab, large)

    async def without() -> float:
        return await _ready_after(lab, empty)

    measured = await side_by_side(
        lab.size.rounds,
        (f"ready with {stored:,} events stored, s", with_events),
        ("ready with none, s", without),
    )
    lab.drop("bench_start_large")
    if stored >= MILLION:
        return measured
    return structs.replace(measured, note=f"{stored:,} events stand for {MILLION:,}")


async def memory(lab: Lab) -> Measured:
    """Resident size after ten times as many commands over HTTP ÷ after the first of them."""
    first = lab.size.commands
    url = lab.database("bench_memory")
    async with serving(lab, url, "api,projector") as (port, pid), child("http") as client:
        sizes = []
        for many in (first, 9 * first):
            await client.ask(question(port, READY_SECONDS * 5, most=many))
            sizes.append([await _resident(pid) for _ in range(lab.size.rounds)])
    labels = f"resident after {10 * first:,} commands, MiB", f"after {first:,}, MiB"
    figure = quotients(labels[0], sizes[1], labels[1], sizes[0])
    note = "one run, its size read several times; roles api and projector"
    if first < THE_BAR:
        note += f"; {10 * first:,} commands stand for {10 * THE_BAR:,}"
    return structs.replace(figure, note=note)


async def _folded(url: str) -> None:
    """Leave the projections at the head, as a service that has run before does."""
    connection = await asyncpg.connect(url)
    await connection.execute(TEXT["at_head"])
    await connection.close()
    database = Database(url)
    await database.open()
    await engine.prepare(database)
    await database.close()


async def _ready_after(lab: Lab, url: str) -> float:
    started = time.perf_counter()
    async with serving(lab, url, "api,projector,worker"):
        return time.perf_counter() - started


@asynccontextmanager
async def serving(lab: Lab, url: str, roles: str) -> AsyncIterator[tuple[int, int]]:
    """Run ``run.py serve`` on the database at `url`; yield its port and pid once it is ready."""
    port = _free_port()
    environment = {
        **{name: text for name, text in os.environ.items() if not name.startswith("DAYBOOK_")},
        "DATABASE_URL": url,
        "DAYBOOK_HOME": str(lab.home / "serve"),
        "DAYBOOK_SECRET_KEY": KEY,
        "LOG_LEVEL": "warning",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "run.py", "serve", "--roles", roles, "--port", str(port),
        cwd=ROOT, env=environment, stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(READY_SECONDS):
            while not await _ready(port):
                if process.returncode is not None:
                    raise CouldNotMeasure(f"run.py serve ended with {process.returncode}.")
                await asyncio.sleep(LOOK)
        yield port, process.pid
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _ready(port: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    writer.write(READY)
    status = await reader.readline()
    writer.close()
    return status.startswith(b"HTTP/1.1 200")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


async def _resident(pid: int) -> float:
    """Return the MiB of memory that a process holds. Linux and macOS tell it by ``ps``."""
    await asyncio.sleep(0.1)
    ask = await asyncio.create_subprocess_exec(
        "ps", "-o", "rss=", "-p", str(pid), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await ask.communicate()
    return int(output) / MEBIBYTE
