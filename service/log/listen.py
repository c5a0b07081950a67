"""Wake-ups: one connection that listens, so that nobody need poll often."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

import asyncpg

from service.database import Database
from service.refusal import Unavailable
from service.sql import SQL

KEEPALIVE_SECONDS: Final = 30.0
LOOK_SECONDS: Final = 5.0

Heard = Callable[[str], None]
log = logging.getLogger(__name__)


async def listen(
    database: Database, channels: Mapping[str, Heard], asleep: Callable[[], bool] = lambda: False
) -> None:
    """Call ``channels[name](payload)`` for every notification, for ever, over lost connections.

    A notification is only ever a hint: all that is sent while nobody listens is lost, so whoever
    waits for one looks by itself at times. Behind a transaction pooler nothing would come, so
    nothing is tried there. While `asleep`, the database is not asked for a sign of life, and a
    lost connection is left alone.
    """
    if not database.listens:
        return
    pause = 0.1
    while True:
        while asleep():  # noqa: ASYNC110 - it is told by a clock, no event
            await asyncio.sleep(LOOK_SECONDS)
        try:
            connection = await database.connect_direct()
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError, Unavailable):
            await asyncio.sleep(pause)
            pause = min(pause * 2, LOOK_SECONDS)
            continue
        pause = 0.1
        try:
            await _attend(connection, channels, asleep)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
            log.info("the listening connection was lost; listening again")
        finally:
            connection.terminate()


async def _attend(
    connection: Any, channels: Mapping[str, Heard], asleep: Callable[[], bool]
) -> None:
    lost = asyncio.Event()
    connection.add_termination_listener(lambda _: lost.set())
    for name, heard in channels.items():
        await connection.add_listener(name, _hearing(heard))
        heard("")  # whatever came before we listened
    while not lost.is_set():
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(KEEPALIVE_SECONDS):
                await lost.wait()
        if not lost.is_set() and not asleep():
            await connection.fetchrow(SQL["log/head"], timeout=LOOK_SECONDS)


def _hearing(heard: Heard) -> Callable[[Any, int, str, object], None]:
    return lambda _connection, _pid, _channel, payload: heard(str(payload))
