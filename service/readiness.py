"""From its start to ready: the schema brought up to date, the projections to their texts."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar
from uuid import UUID

import psycopg

from service import migrate
from service.database import Database
from service.http.state import State
from service.http.token import tenant
from service.projection import engine
from service.projection.act import Act
from service.refusal import Unavailable
from service.settings import Settings

T = TypeVar("T")

PAUSE_MAX: Final = 5.0
REPORT_SECONDS: Final = 5.0
"""How often a build is written of in the log."""
AWAY: Final = "The database does not answer; it is asked again and again."
DISTRUSTED: Final = (
    "The database's certificate is not one that sslmode and sslrootcert allow; the log says why."
)
STARTED: Final = Act("service", tenant("default"), UUID(int=0), "its text has changed")

log: Final = logging.getLogger(__name__)


async def migrated(settings: Settings, state: State) -> None:
    """Apply what is pending; wait for a database that is not there, and log why it is not.

    Raises `MigrationError`.
    """
    url = settings.direct_url or settings.database_url
    assert url is not None  # noqa: S101 - resourced has refused the other case
    pause, said = 0.1, ""
    while True:
        try:
            applied = await asyncio.to_thread(migrate.up, url.reveal())
        except migrate.MigrationError as error:
            if not isinstance(error.__cause__, psycopg.OperationalError):
                raise
            state.reason, said = waiting(str(error), said)
            pause = await rest(pause)
        else:
            log.info("applied %s", ", ".join(applied) or "no migration: the schema is current")
            return


def waiting(sentence: str, before: str) -> tuple[str, str]:
    """Log `sentence` unless it was said before; return what the health page says, and it."""
    if sentence != before:
        log.warning("%s", sentence)
    return (DISTRUSTED if "certificate" in sentence else AWAY), sentence


async def served(database: Database) -> bool:
    """Tell whether the views stand already and will keep their shape.

    Requests can then be answered from what serves while its successors are built.
    """
    return await waited(lambda: engine.alike(database))


async def prepared(database: Database, state: State, *, approve: bool) -> None:
    """Bring every projection to its present text, however long the database stays away.

    A text whose fold is broken leaves the one before it serving. Raises `engine.Stopped` where
    there is none before it.
    """
    if state.phase == "starting":
        state.reason = "The projections are being built."
    report = Report(state)
    try:
        await waited(lambda: engine.prepare(database, report, STARTED, approve=approve))
    except engine.Stopped as error:
        if not await waited(lambda: engine.complete(database)):
            raise
        log.warning("what serves goes on serving: %s", error)


class Report:
    """Writes of builds: in the health page at once, in the log every few seconds."""

    def __init__(self, state: State) -> None:
        """Write into `state` and the log."""
        self._state = state
        self._written = 0.0

    def __call__(self, projection: str, position: int, goal: int) -> None:
        """Take note of a step."""
        sentence = f"The projection {projection} is being built: {position:,} of {goal:,} events."
        if self._state.phase == "starting":
            self._state.reason = sentence
        now = asyncio.get_running_loop().time()
        if position < goal and now - self._written >= REPORT_SECONDS:
            self._written = now
            log.info("%s", sentence)


async def waited(work: Callable[[], Awaitable[T]]) -> T:
    """Return what `work` returns, asking again and again while the database is away."""
    pause = 0.1
    while True:
        try:
            return await work()
        except Unavailable:
            pause = await rest(pause)


async def rest(pause: float) -> float:
    """Sleep for `pause` seconds; return how long to sleep next time."""
    await asyncio.sleep(pause)
    return min(pause * 2, PAUSE_MAX)
