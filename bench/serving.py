"""Parts of the product that a process of the bench runs: the API, a projector, a worker."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import msgspec
from aiohttp import web

from service.app import make_app
from service.course.decider import COURSE
from service.database import Database
from service.generation.offline.offline import Offline
from service.generation.recipe import Recipe, Step, Tools
from service.generation.worker import Worker
from service.http import token, wire
from service.http.keyring import KeyRing
from service.log.append import GroupAppender
from service.log.handle import Log
from service.log.listen import listen
from service.process import resourced
from service.projection import projector
from service.projection.tail import Tail
from service.settings import Secret, Settings

Ask = Callable[[Any], Awaitable[Any]]

HOST: Final = "127.0.0.1"
KEY: Final = "the bench signs tokens with this, and nobody else does"
NOOP: Final = "noop"
"""The kind of jobs whose recipe does nothing."""


async def nothing(_question: Any) -> None:
    """Answer a question that needs no answer."""


async def empty(request: web.Request) -> web.Response:
    """Take JSON and give JSON: the least that a handler of this kind can do."""
    msgspec.json.decode(await request.read())
    return web.Response(body=b"{}", content_type="application/json")


@asynccontextmanager
async def serving(url: str, home: str) -> AsyncIterator[tuple[Any, Ask]]:
    """Serve the API and, by the same server in the same process, an empty handler; say where."""
    settings = Settings(home=Path(home), database_url=Secret(url), secret_key=Secret(KEY))
    bare = web.Application()
    bare.router.add_post("/empty", empty)
    async with resourced(settings) as (resources, metrics):
        resources.state.ready()
        app = make_app(resources, metrics, ("api",))
        async with (
            wire.served(app, "127.0.0.1", 0) as port,
            wire.served(bare, "127.0.0.1", 0) as at,
        ):
            yield {"port": port, "bare": at}, nothing


def bearer() -> str:
    """Return an Authorization header that the API of `serving` takes."""
    principal = token.Principal(token.tenant("bench"), "bench", "user")
    now = datetime.now(UTC)
    return f"Bearer {token.mint(KeyRing.of(Secret(KEY)), principal, timedelta(hours=1), now)}"


@asynccontextmanager
async def projecting(url: str) -> AsyncIterator[tuple[Any, Ask]]:
    """Run a projector as ``serve --roles projector`` does: woken by the log, in its own process."""
    database = Database(url)
    await database.open()
    wake = asyncio.Event()
    async with _tasks(
        listen(database, {"daybook_log": lambda _: wake.set()}),
        projector.run(database, Tail(database), wake),
    ):
        yield None, nothing
    await database.close()


@asynccontextmanager
async def working(url: str) -> AsyncIterator[tuple[Any, Ask]]:
    """Run a worker that knows only jobs that do nothing, as ``serve --roles worker`` does."""
    database = Database(url)
    await database.open()
    appender = GroupAppender(database.connect)
    wake = asyncio.Event()
    tools = Tools(database, Offline())
    worker = Worker(f"bench-{uuid4().hex[:8]}", Log(database, appender), tools, {NOOP: IDLE}, wake)
    async with _tasks(
        listen(database, {"daybook_queue": lambda _: wake.set()}),
        worker.run(),
    ):
        yield None, nothing
    await appender.close()
    await database.close()


async def no_steps(*_: Any) -> AsyncGenerator[Step, None]:
    """Make nothing."""
    made: tuple[Step, ...] = ()
    for step in made:
        yield step


IDLE: Final = Recipe(COURSE, no_steps, lambda: None, lambda *_: None)


@asynccontextmanager
async def _tasks(*works: Any) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
