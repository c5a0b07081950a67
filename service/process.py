"""A process of the service: HTTP first, then the database, then its roles; all undone in order.

It starts with the database down, and becomes ready by itself once the database is there.
"""

import asyncio
import gc
import logging
import os
import platform
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Final

from uuid_utils.compat import uuid7

from service import database as db
from service import housekeeping
from service.app import make_app
from service.audit.audit import Audit
from service.embedding.meaning import meaning
from service.gateway import subscriber
from service.gateway.consumer import Consumer
from service.gateway.subscribers import subscribers
from service.generation.generators import generator, paying, probed
from service.generation.recipe import BESIDE, Tools
from service.generation.recipes import RECIPES
from service.generation.worker import Worker
from service.http import keyfile, wire
from service.http.call import Resources
from service.http.crowd import room
from service.http.drain import Drain
from service.http.follow import Follow
from service.http.intake import Intake
from service.http.metrics import MeteredAppender, Metrics
from service.http.sse import Streams
from service.http.standing import Standing
from service.http.state import State
from service.limit import Limits
from service.log.handle import Log
from service.log.listen import listen
from service.projection import projector
from service.projection.projector import LONGEST_PAUSE
from service.projection.tail import Tail
from service.quiet import Quiet
from service.readiness import migrated, prepared, rest, served, waited
from service.settings import Settings

ROLES: Final = ("api", "projector", "worker", "gateway")
DRAIN_SECONDS: Final = 1.0
"""How long a process that is told to stop still answers, so that balancers see it is not ready."""
FIRST_REST: Final = 0.1
"""Seconds before something that failed is begun anew, the first time."""
STEADY: Final = 60.0
"""Seconds after which something that is going on has got over its last failure."""
PATIENCE: Final = 20.0
"""How long requests in flight may take to end."""

log: Final = logging.getLogger(__name__)


class Wakes:
    """What wakes the roles: something new in the log, something new in the queue."""

    def __init__(self, quiet: Quiet) -> None:
        """Start with nothing new."""
        self.quiet = quiet
        self.log = asyncio.Event()
        self.queue = asyncio.Event()
        self.cancelled = asyncio.Event()

    def appended(self) -> None:
        """Wake the projector; and the worker too where nobody listens for it now."""
        self.log.set()
        if self.quiet.stir():
            self.queue.set()

    def channels(self, tail: Tail) -> dict[str, Callable[[str], None]]:
        """Return what to do at a notification; an empty one only says that somebody listens."""
        return {
            "daybook_log": partial(self._heard, self.log),
            "daybook_queue": partial(self._heard, self.queue),
            "daybook_cancelled": partial(self._heard, self.cancelled),
            "daybook_tail": tail.heard,
        }

    def longest_pause(self) -> float:
        """Return the seconds after which an idle role looks at the database by itself."""
        return self.quiet.longest(LONGEST_PAUSE)

    def _heard(self, wake: asyncio.Event, payload: str) -> None:
        if payload:
            self.quiet.stir()
        wake.set()


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
                places = room(settings.connections, settings.connections_each)
                served_at = wire.served(app, host, port, PATIENCE, room=places)
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
    appender = MeteredAppender(metrics, database.connect, circuit=database.circuit)
    tail, log, limits = Tail(database), Log(database, appender), Limits.of(settings)
    standing, intake = Standing(log, database, limits, utc_now), Intake.of(settings)
    try:
        async with paying(settings, log) as till:
            resources = Resources(
                settings=settings,
                database=database,
                log=log,
                tail=tail,
                follow=Follow(tail),
                streams=Streams(most=settings.streams, still=standing.still),
                state=State(),
                now=utc_now,
                new_id=uuid7,
                keys=keyfile.ring(settings),
                standing=standing,
                limits=limits,
                audit=Audit(settings.secret_key),
                intake=intake,
                till=till,
                meaning=meaning(settings, till),
            )
            yield resources, metrics
    finally:
        await intake.close()
        await appender.close()
        await database.close()


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def settle_memory() -> None:
    """Let the garbage collector pass over what lives for ever, and look less often.

    With Python's own thresholds it took an eighth of the time of a busy process.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


async def working(settings: Settings, roles: Sequence[str], of: Resources) -> None:
    """Bring the schema up to date, then do what the roles are for, for ever.

    Projections advance from the start, so that what serves stays fresh while its successor is
    built. Where that will look the same, requests are taken meanwhile.
    """
    await of.intake.recall()
    await migrated(settings, of.state)
    wakes = Wakes(Quiet(may_sleep=settings.may_sleep))
    of.log.when_appended(wakes.appended)
    listening = partial(listen, of.database, wakes.channels(of.tail), wakes.quiet.asleep)
    projecting = partial(projector.run, of.database, of.tail, wakes.log, wakes.longest_pause)
    approve = settings.projection_swap == "auto"
    building = partial(prepared, of.database, of.state, approve=approve)
    passing_on = tuple(gateway(of, wakes)) if "gateway" in roles else ()
    await waited(of.tail.look)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(lasting("listener", listening))
        tasks.create_task(lasting("audit", partial(of.audit.run, of.log, of.database)))
        if "api" in roles:
            tasks.create_task(lasting("drain", Drain(of, RECIPES).run))
        if "projector" in roles:
            tasks.create_task(lasting("projector", projecting))
            keeping = partial(housekeeping.run, of.database, of.tail, wakes.quiet.asleep)
            tasks.create_task(lasting("housekeeping", keeping))
        if await served(of.database):
            tasks.create_task(lasting("build of projections", building))
        else:
            await building()
        if of.till is not None:
            tasks.create_task(lasting("till", of.till.run))
            tasks.create_task(lasting("probe of models", partial(probed, settings, of.till)))
        if "worker" in roles:
            tasks.create_task(lasting("worker", worker(settings, of, wakes).run))
        for name, passing in passing_on:
            tasks.create_task(lasting(name, passing))
        of.state.ready()


def gateway(of: Resources, wakes: Wakes) -> Iterator[tuple[str, Callable[[], Awaitable[None]]]]:
    """Yield what passes events on, and what takes requests in, each with its name.

    Raises NotInstalled where a setting needs what is not here.
    """
    for each in subscribers(of):
        following = partial(subscriber.run, of.database, of.tail, each, wakes.longest_pause)
        yield f"subscriber {each.name}", following
    if of.settings.amqp_url is not None:
        yield "consumer of requests", Consumer(of, of.settings.amqp_url).run


def worker(settings: Settings, of: Resources, wakes: Wakes) -> Worker:
    """Return this process's worker, named so that people find it. Raises ValueError."""
    name = f"{platform.node()}:{os.getpid()}"
    beside = min(BESIDE, settings.openai_calls)
    tools = Tools(of.database, generator(settings, of.till, name), beside)
    return Worker(
        name,
        of.log,
        tools,
        RECIPES,
        wakes.queue,
        cancelled=wakes.cancelled,
        slots=settings.worker_slots,
        longest_pause=wakes.longest_pause,
    )


async def lasting(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Do `work`; begin it anew when it fails in a way nobody foresaw.

    The pauses before that grow, until it has gone well for a while.
    """
    clock, pause = asyncio.get_running_loop().time, FIRST_REST
    while True:
        begun = clock()
        try:
            return await work()
        except Exception:
            log.exception("the %s failed; it is started again", name)
            pause = await rest(FIRST_REST if clock() - begun > STEADY else pause)


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
