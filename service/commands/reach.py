"""How a command reaches the database: the one that is named, else the embedded one, started."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TypeVar

from msgspec.structs import replace

from service import database, embedded, migrate
from service.database import Database
from service.log.append import GroupAppender
from service.log.handle import Log
from service.settings import Secret, Settings, load

T = TypeVar("T")


@contextmanager
def reachable(*, migrated: bool = True) -> Iterator[Settings]:
    """Yield the settings with a database that answers; one started for this is stopped again."""
    settings = load()
    if settings.database_url is not None:
        yield settings
        return
    found = embedded.running(settings.home)
    server = embedded.start(settings.home)
    try:
        if migrated:
            migrate.up(server.dsn)
        yield replace(settings, database_url=Secret(server.dsn))
    finally:
        if not found and embedded.holder(settings.home) is None:
            server.stop()


def url_of(settings: Settings) -> str:
    """Return the URL to administer the database by: past the pooler, where there is a way."""
    url = settings.direct_url or settings.database_url
    if url is None:
        raise ValueError("No database is named.")
    return url.reveal()


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    """Yield the database of `settings`, open."""
    found = database.of(settings)
    await found.open()
    try:
        yield found
    finally:
        await found.close()


def on_database(work: Callable[[Database], Awaitable[T]]) -> T:
    """Return what `work` returns when it is given the database, open."""
    with reachable() as settings:
        return on(settings, work)


def on_log(work: Callable[[Log], Awaitable[T]]) -> T:
    """Return what `work` returns when it is given the log."""

    async def worked(database: Database) -> T:
        appender = GroupAppender(database.connect)
        try:
            return await work(Log(database, appender))
        finally:
            await appender.close()

    return on_database(worked)


def on(settings: Settings, work: Callable[[Database], Awaitable[T]]) -> T:
    """Return what `work` returns when it is given the database of `settings`, open."""

    async def worked() -> T:
        async with opened(settings) as database:
            return await work(database)

    return asyncio.run(worked())
