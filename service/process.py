"""A process of the service: HTTP first, then the database, then its roles; all undone in order.

It starts with the database down, and becomes ready by itself once the database is there.
"""

import asyncio
import gc
import logging
import os
import platform
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Final

import psycopg
from uuid_utils.compat import uuid7

from service import database as db
from service import migrate
from service.app import make_app
from service.database import Database
from service.generation.recipe import Tools
from service.generation.recipes import RECIPES, generator
from service.generation.worker import Worker
from service.http import wire
from service.http.call import Resources
from service.http.follow import Follow
from service.http.metrics import MeteredAppender, Metrics
from service.http.sse import Streams
from service.http.state import State
from service.log.handle import Log
from service.log.listen import listen
from service.projection import engine, projector
from service.projection.tail import Tail
from service.refusal import Unavailable
from service.settings import Settings

ROLES: Final = ("api", "projector", "worker")
DRAIN_SECONDS: Final = 1.0
"""How long a process that is told to stop still answers, so that balancers see it is not ready."""
PATIENCE: Final = 20.0
"""How long requests in flight may take to end."""
PAUSE_MAX: Final = 5.0

log: Final = logging.getLogger(__name__)


class Wakes:
    """What wakes the roles: something new in the log, something new in the queue."""

    def __init__(self) -> None:
        """Start with nothing new."""
        self.log = asyncio.Event()
        self.queue = asyncio.Event()


async def run(
    settings: Settings,
    roles: Sequence[str],
    host: str,
    port: int,
    announce: Callable[[int], None] = lambda _: None,
) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is in flight; a second signal ends at once.

    `announce` is told the port, once it listens there.

    Raises ValueError where the settings name no database, OSError where the address cannot be
    had, `MigrationError` where the schema is not one that this release can bring up to date.
    """
    stopping = on_signals()
    async with resourced(settings) as (resources, metrics):
        app = make_app(resources, metrics, roles)
        work: asyncio.Task[None] | None = None
        try:
            async with AsyncExitStack() as served:
                served_at = wire.served(app, host, port, PATIENCE)
                announce(await listening(served, served_at, roles))
                work = asyncio.create_task(working(settings, roles, resources))
                await either(work, stopping)
                resources.state.draining()
                await asyncio.sleep(DRAIN_SECONDS)
        finally:
            await ended(work)
    log.info("stopped; nothing was left undone")


async def listening(
    stack: AsyncExitStack, served: AbstractAsyncContextManager[int], roles: Sequence[str]
) -> int:
    """Return the port that is listened on from now until `stack` ends.

    Raises OSError where the address cannot be had; a process that serves no API goes on without
    its health pages, and 0 is returned.
    """
    try:
        port = await stack.enter_async_context(served)
    except OSError as error:
        if "api" in roles:
            raise
        log.warning("there are no health pages of this process: %s", error)
        return 0
    log.info("listening on port %d as %s", port, ", ".join(roles))
    return port


@asynccontextmanager
async def resourced(settings: Settings) -> AsyncIterator[tuple[Resources, Metrics]]:
    """Yield what the service runs on; nothing of it connects before it is used."""
    settle_memory()
    database, metrics = db.of(settings), Metrics()
    await database.open()
    appender = MeteredAppender(metrics, database.connect)
    tail = Tail(database)
    try:
        yield (
            Resources(
                settings=settings,
                database=database,
                log=Log(database, appender),
                tail=tail,
                follow=Follow(tail),
                streams=Streams(),
                state=State(),
                now=lambda: datetime.now(UTC),
                new_id=uuid7,
            ),
            metrics,
        )
    finally:
        await appender.close()
        await database.close()


def settle_memory() -> None:
    """Let the garbage collector pass over what lives for ever, and look less often.

    With Python's own thresholds it took an eighth of the time of a busy process.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


async def working(settings: Settings, roles: Sequence[str], of: Resources) -> None:
    """Bring the schema up to date, then do what the roles are for, for ever."""
    await migrated(settings, of.state)
    await prepared(of.database, of.state)
    wakes = Wakes()
    channels = {
        "daybook_log": lambda _: wakes.log.set(),
        "daybook_queue": lambda _: wakes.queue.set(),
        "daybook_tail": lambda position: of.tail.note(int(position or 0)),
    }
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(lasting("listener", lambda: listen(of.database, channels)))
        if "projector" in roles:
            project = lambda: projector.run(of.database, of.tail, wakes.log)  # noqa: E731
            tasks.create_task(lasting("projector", project))
        if "worker" in roles:
            tasks.create_task(lasting("worker", worker(settings, of, wakes.queue).run))
        of.state.ready()


def worker(settings: Settings, of: Resources, wake: asyncio.Event) -> Worker:
    """Return this process's worker, named so that people find it. Raises ValueError."""
    name = f"{platform.node()}:{os.getpid()}"
    tools = Tools(of.database, generator(settings.generator))
    return Worker(name, of.log, tools, RECIPES, wake)


async def migrated(settings: Settings, state: State) -> None:
    """Apply what is pending; wait for a database that is not there. Raises `MigrationError`."""
    url = settings.direct_url or settings.database_url
    assert url is not None  # noqa: S101 - resourced has refused the other case
    pause = 0.1
    while True:
        try:
            applied = await asyncio.to_thread(migrate.up, url.reveal())
        except migrate.MigrationError as error:
            if not isinstance(error.__cause__, psycopg.OperationalError):
                raise
            state.reason = "The database does not answer; it is asked again and again."
            pause = await rest(pause)
        else:
            log.info("applied %s", ", ".join(applied) or "no migration: the schema is current")
            return


async def prepared(database: Database, state: State) -> None:
    """Bring every projection to its present text, however long the database stays away."""
    state.reason = "The projections are being built."
    pause = 0.1
    while True:
        try:
            return await engine.prepare(database)
        except Unavailable:
            pause = await rest(pause)


async def lasting(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Do `work`; begin it anew, ever more slowly, when it fails in a way nobody foresaw."""
    pause = 0.1
    while True:
        try:
            return await work()
        except Exception:
            log.exception("the %s failed; it is started again", name)
            pause = await rest(pause)


async def rest(pause: float) -> float:
    """Sleep for `pause` seconds; return how long to sleep next time."""
    await asyncio.sleep(pause)
    return min(pause * 2, PAUSE_MAX)


async def either(work: "asyncio.Task[None]", stopping: asyncio.Event) -> None:
    """Wait for the signal to stop; raise at once what ends the work before."""
    stop = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            work.result()
    finally:
        stop.cancel()


async def ended(work: "asyncio.Task[None] | None") -> None:
    """Cancel the work and wait until it has let go."""
    if work is not None:
        work.cancel()
        await asyncio.wait({work})


def on_signals() -> asyncio.Event:
    """Return an event that the first SIGTERM or SIGINT sets; the second ends the process."""
    stopping = asyncio.Event()

    def stop() -> None:
        if stopping.is_set():
            os._exit(1)
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    return stopping
