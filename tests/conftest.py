"""A migrated database of its own for every test: a clone of one template, on a real PostgreSQL."""

import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from service import embedded, migrate
from service.database import Database
from service.log.append import GroupAppender
from service.log.handle import Log
from service.projection import engine
from service.projection.projector import advance
from service.projection.tail import Tail

TEMPLATE = f"daybook_template_{os.getpid()}"


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """A PostgreSQL to test on: that of TEST_DATABASE_URL, else the embedded one in a new home."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="daybook-tests-") as home:
        running = embedded.start(Path(home))
        hurry(running.dsn)
        yield running.dsn
        running.stop()


@pytest.fixture(scope="session")
def template(server: str) -> Iterator[str]:
    """The name of a migrated database to clone."""
    with psycopg.connect(server, autocommit=True) as session:
        session.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
    migrate.up(on(server, TEMPLATE))
    yield TEMPLATE
    drop(server, TEMPLATE)


@pytest.fixture
def database_url(server: str, template: str) -> Iterator[str]:
    """The URL of a fresh clone, dropped afterwards."""
    name = f"daybook_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as session:
        session.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
    yield on(server, name)
    drop(server, name)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The service's own way to the fresh clone."""
    database = Database(database_url)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def appender(database: Database) -> AsyncIterator[GroupAppender]:
    """A group appender on the fresh clone."""
    appender = GroupAppender(database.connect)
    yield appender
    await appender.close()


@pytest.fixture
def log(database: Database, appender: GroupAppender) -> Log:
    """The event log of the fresh clone."""
    return Log(database, appender)


@pytest.fixture
def tail(database: Database) -> Tail:
    """Where the projections of the fresh clone stand."""
    return Tail(database)


@pytest.fixture
async def projected(database: Database, tail: Tail) -> Callable[[], Awaitable[None]]:
    """Install the projections; the fixture's value folds everything there is into them."""
    await engine.prepare(database)

    async def project() -> None:
        while not await advance(database, tail):
            pass

    return project


def on(server: str, name: str) -> str:
    """Return the URL of another database of the same server."""
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


def hurry(server: str) -> None:
    """Spare the disk: what tests store need not outlive the machine (it outlives any process)."""
    with psycopg.connect(server, autocommit=True) as session:
        session.execute("ALTER SYSTEM SET fsync = off")
        session.execute("SELECT pg_reload_conf()")


def drop(server: str, name: str) -> None:
    with psycopg.connect(server, autocommit=True) as session:
        session.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
