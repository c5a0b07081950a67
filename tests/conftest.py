"""A migrated database of its own for every test: a clone of one template, on a real PostgreSQL."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg import sql

from service import embedded, migrate
from service.database import Database
from service.log.append import GroupAppender
from service.log.handle import Log
from service.projection import engine
from service.projection.projector import advance
from service.projection.tail import Tail

TEMPLATE: Final = f"daybook_template_{os.getpid()}"
PREPARED: Final = f"{TEMPLATE}_prepared"
PREPARING: Final = {"projected", "projecting"}
"""Fixtures that install the projections: a test that has one is given a clone which has them."""
MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
ENOUGH: Final = 4 << 30
"""Bytes that memory must have free for the tests' files to go there; else they go to the disk."""

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")  # how long an example takes is the machine's affair


def pytest_configure(config: pytest.Config) -> None:
    """Keep the tests' files in memory, where there is room: a database is cloned for every test."""
    if "TMPDIR" in os.environ or not roomy(MEMORY):
        return
    for left in MEMORY.glob("daybook-tests-*-*"):
        if not Path(f"/proc/{left.name.split('-')[2]}").exists():  # it was killed; so is its server
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"daybook-tests-{os.getpid()}-", dir=MEMORY))
    folder.chmod(0o711)  # a server that does not run as root goes through it
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


def roomy(folder: Path) -> bool:
    """Tell whether there is a folder with enough room."""
    return folder.is_dir() and shutil.disk_usage(folder).free >= ENOUGH


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
    clone(server, TEMPLATE, "template1")
    migrate.up(on(server, TEMPLATE))
    yield TEMPLATE
    drop(server, TEMPLATE)


@pytest.fixture(scope="session")
def prepared(server: str, template: str) -> Iterator[str]:
    """The name of a migrated database to clone which has the projections installed."""
    clone(server, PREPARED, template)
    loop = asyncio.new_event_loop()
    loop.run_until_complete(prepare(on(server, PREPARED)))
    loop.close()
    yield PREPARED
    drop(server, PREPARED)


async def prepare(url: str) -> None:
    database = Database(url)
    await database.open()
    await engine.prepare(database)
    await database.close()


@pytest.fixture
def database_url(server: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a fresh clone, dropped afterwards."""
    name = f"daybook_{uuid4().hex}"
    origin = "template" if PREPARING.isdisjoint(request.fixturenames) else "prepared"
    clone(server, name, request.getfixturevalue(origin))
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
        session.execute("ALTER SYSTEM SET full_page_writes = off")
        session.execute("SELECT pg_reload_conf()")


def clone(server: str, name: str, origin: str) -> None:
    with psycopg.connect(server, autocommit=True) as session:
        session.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                sql.Identifier(name), sql.Identifier(origin)
            )
        )


def drop(server: str, name: str) -> None:
    with psycopg.connect(server, autocommit=True) as session:
        session.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
