"""A world to have accidents in: PostgreSQL, a model server, a projector, workers; all real."""

import asyncio
import os
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import aiohttp
from msgspec import Struct

from bench.chaos.history import History
from bench.child import ROOT
from service import embedded, migrate
from service.database import Database
from service.http.token import HOUSE
from service.log.append import GroupAppender
from service.log.handle import Context, Log
from service.price.decider import PRICE, Publish
from service.price.prices import price_id
from service.projection import engine

READY_SECONDS: Final = 120.0
LOOK: Final = 0.05
MODEL: Final = "chaos-1"
PRICES: Final = {"*": ("0.4", "1.6")}
"""Dollars per million tokens in and out, of the model server and of the service alike."""
LATENCY: Final = {"latency": [0.05, 0.5], "chunk_pause": 0.002, "chunk_size": 64}


class Stage(Struct, frozen=True):
    """What a fault is tried with: the generator, and what Python runs to serve."""

    generator: str = "openai"
    serve: tuple[str, ...] = ("run.py", "serve")


class World:
    """What a fault happens in; `pids` are the workers that run now."""

    def __init__(
        self,
        home: Path,
        server: embedded.Server,
        model: str,
        stage: Stage,
        settings: Mapping[str, str],
    ) -> None:
        """Serve from the home `home` with the model server at the URL `model`."""
        self.home = home
        self.server = server
        self.model = model
        self.settings = settings
        self.stage = stage
        self.database = Database(server.dsn)
        self.appender = GroupAppender(self.database.connect)
        self.log = Log(self.database, self.appender)
        self.history = History(server.dsn)
        self.workers: dict[int, asyncio.subprocess.Process] = {}
        self.ports: dict[int, int] = {}

    async def hire(self, workers: int = 1, home: Path | None = None, **environ: str) -> list[int]:
        """Start so many workers more; return their process ids at once."""
        started = [await self.serve("worker", home or self.home, environ) for _ in range(workers)]
        self.workers |= {process.pid: process for process in started}
        return [process.pid for process in started]

    async def settled(self, pids: Sequence[int]) -> None:
        """Wait until workers are at work. Raises TimeoutError."""
        async with asyncio.timeout(READY_SECONDS), aiohttp.ClientSession() as session:
            for pid in pids:
                while not await _ready(session, self.ports[pid]):  # noqa: ASYNC110 - another's
                    await asyncio.sleep(LOOK)

    async def kill(self, pid: int) -> None:
        """Kill a worker as the kernel does that is out of memory."""
        process = self.workers.pop(pid)
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGKILL)
        await process.wait()

    def freeze(self, pid: int) -> None:
        """Stop a worker where it is, as a machine does that is being moved."""
        self.workers[pid].send_signal(signal.SIGSTOP)

    def thaw(self, pid: int) -> None:
        """Let a frozen worker go on."""
        self.workers[pid].send_signal(signal.SIGCONT)

    async def serve(
        self, roles: str, home: Path, environ: dict[str, str]
    ) -> asyncio.subprocess.Process:
        """Start ``run.py serve`` with `roles`."""
        settings = {
            "DATABASE_URL": self.server.dsn,
            "DAYBOOK_HOME": str(home),
            "DAYBOOK_SECRET_KEY": "what happens in this world concerns nobody else",
            "LOG_LEVEL": "warning",
            "GENERATOR": "openai" if self.model else "offline",
            "OPENAI_BASE_URL": self.model,
            "OPENAI_MODEL": MODEL,
            "OPENAI_CALLS": "200",
            "LIMIT_GENERATIONS": "off",
            **self.settings,
        }
        port = free_port()
        command = (sys.executable, *self.stage.serve, "--roles", roles, "--port", str(port))
        inherited = {
            k: v for k, v in os.environ.items() if not k.startswith(("DAYBOOK_", "OPENAI_"))
        }
        with (self.home / "service.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *command, cwd=ROOT, env=inherited | settings | environ, stdout=log, stderr=log
            )
        self.ports[process.pid] = port
        return process

    async def told(self) -> Any:
        """Return the model server's own log."""
        if not self.model:
            return {"requests": [], "cost": "0"}
        return await self._ask("GET", "log")

    async def summary(self) -> Any:
        """Return what the model server's log comes to."""
        return await self._ask("GET", "log?summary=1")

    async def tell(self, *rules: Mapping[str, Any], **settings: Any) -> None:
        """Have the model server behave by these rules alone."""
        if self.model:
            body = {
                "clear": True,
                "rules": rules,
                "settings": LATENCY | {"models": [MODEL], "prices": PRICES} | settings,
            }
            await self._ask("POST", "control", json=body)

    async def _ask(self, method: str, path: str, **options: Any) -> Any:
        url = f"{self.model.removesuffix('/v1')}/{path}"
        async with aiohttp.request(method, url, raise_for_status=True, **options) as response:
            return await response.json()


async def _ready(session: aiohttp.ClientSession, port: int) -> bool:
    try:
        async with session.get(f"http://127.0.0.1:{port}/readyz") as response:
            return response.status == HTTPStatus.OK
    except aiohttp.ClientError:
        return False


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def world(stage: Stage, *, workers: int, slots: int, **settings: str) -> AsyncIterator[World]:
    """Yield a new world in which so many workers run; nothing of it is left at the end.

    `settings` are environment variables that its processes have besides.
    """
    with tempfile.TemporaryDirectory(prefix="daybook-chaos-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        server = await asyncio.to_thread(embedded.start, home / "database")
        process, model = await _model() if stage.generator == "openai" else (None, "")
        made = World(home, server, model, stage, settings | {"WORKER_SLOTS": str(slots)})
        await asyncio.to_thread(migrate.up, server.dsn)
        await made.database.open()
        await engine.prepare(made.database)
        await _priced(made)
        projector = await made.serve("projector", home, {})
        try:
            await made.tell()
            await made.settled(await made.hire(workers))
            async with made.history.followed():
                yield made
        finally:
            for pid in list(made.workers):
                await made.kill(pid)
            for left in (projector, process):
                if left is not None:
                    left.kill()
                    await left.wait()
            await made.appender.close()
            await made.database.close()
            await asyncio.to_thread(server.stop)


async def _model() -> tuple[asyncio.subprocess.Process, str]:
    """Start the model server; return it and its base URL."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.generation.openai_server", "--port", "0",
        cwd=ROOT, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None  # noqa: S101 - asked for above
    line = await asyncio.wait_for(process.stdout.readline(), READY_SECONDS)
    return process, line.decode().strip()


async def _priced(made: World) -> None:
    """Publish the prices that the model server goes by."""
    price = Publish(MODEL, *(Decimal(dollars) for dollars in PRICES["*"]))
    await made.log.handle(PRICE, price_id(MODEL), price, Context(HOUSE, "chaos", uuid4()))
