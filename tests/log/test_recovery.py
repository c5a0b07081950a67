"""A base backup and the archived WAL bring the log back as it was at a moment."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psycopg
import pytest

from service import embedded, migrate
from service.cluster import SYSTEM_USER, initialise, prepare, run
from service.database import Database
from service.log.seal import seal, verify
from tests.conftest import hurry
from tests.log.archives import ADA, filled
from tests.log.batches import append, named, one
from tests.log.checks import assert_whole
from tests.log.moving import silent

SECONDS = 60
HASHES = "SELECT * FROM log.hashes(0, 10000) ORDER BY position"
ARCHIVING = """
archive_mode = on
archive_command = 'test ! -f {folder}/%f && cp %p {folder}/%f'
"""
RECOVERING = """
restore_command = 'cp {folder}/%f %p'
recovery_target_time = '{moment}'
recovery_target_action = 'promote'
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the server's own user may write to, below one that it may pass through."""
    with tempfile.TemporaryDirectory(prefix="daybook-recovery-") as parent:
        archive = prepare(Path(parent)) / "archive"
        archive.mkdir(mode=0o700)
        if os.geteuid() == 0:
            shutil.chown(archive, SYSTEM_USER)
        yield archive


@pytest.fixture
def archived(folder: Path) -> Iterator[embedded.Server]:
    """A server that archives its WAL, with a migrated database."""
    home = prepare(folder.parent / "first")
    initialise(home)
    configure(home, ARCHIVING.format(folder=folder))
    server = embedded.start(home)
    hurry(server.dsn)
    migrate.up(server.dsn)
    yield server
    server.stop()


def configure(home: Path, settings: str) -> None:
    with (home / "postgres" / "postgresql.conf").open("a") as file:
        file.write(settings)


def backed_up(server: embedded.Server, folder: Path) -> None:
    run("pg_basebackup", "-d", server.dsn, "-D", str(folder / "base"), "-X", "stream", "-c", "fast")


def recovered(folder: Path, moment: str) -> embedded.Server:
    """Start a server on the base backup, which reads the archive up to `moment`."""
    home = prepare(folder.parent / "second")
    (folder / "base").rename(home / "postgres")
    configure(home, RECOVERING.format(folder=folder, moment=moment))
    (home / "postgres" / "recovery.signal").touch()
    server = embedded.start(home)
    with psycopg.connect(server.dsn, autocommit=True) as session:
        while session.execute("SELECT pg_is_in_recovery()").fetchone() == (True,):
            pass
    return server


async def until_archived(connection: asyncpg.Connection) -> None:
    """Close the WAL segment that is written to, and wait until it is in the archive."""
    name = await connection.fetchval("SELECT pg_walfile_name(pg_switch_wal())")
    async with asyncio.timeout(SECONDS):
        while await connection.fetchval(
            "SELECT coalesce(last_archived_wal < $1, true) FROM pg_stat_archiver", name
        ):
            pass


async def test_a_log_is_brought_back_as_it_was_before_the_mistake(
    archived: embedded.Server, folder: Path
) -> None:
    connection = await asyncpg.connect(archived.dsn)
    await filled(connection)
    await asyncio.to_thread(backed_up, archived, folder)
    await connection.execute("DELETE FROM log.private WHERE subject_id = $1", ADA)
    await append(connection, one(named("after the backup"), *range(1, 901)))
    before = await connection.fetch(HASHES)
    moment = str(await connection.fetchval("SELECT clock_timestamp()"))
    await append(connection, one(named("the mistake"), 1, 2, 3))
    await connection.execute("DROP SCHEMA log CASCADE")
    await until_archived(connection)
    await connection.close()
    archived.stop()

    second = await asyncio.to_thread(recovered, folder, moment)
    try:
        database = Database(second.dsn)
        await database.open()
        await assert_whole(database)
        assert await database.fetch(HASHES) == before
        assert await seal(database) == 3
        assert (await verify(database, silent)).divergence is None
        assert await database.fetchval("SELECT count(*) FROM log.private") == 0
        await database.close()
    finally:
        second.stop()
