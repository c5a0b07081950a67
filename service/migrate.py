"""Migrations: plain SQL through yoyo, under one lock, each in one transaction with its mark.

yoyo 9.0 applies, logs and marks in three transactions, locks by a row that outlives its process,
and knows a file by its name alone; the backend below mends the three.
"""

import hashlib
import logging
import os
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import psycopg
from msgspec import Struct
from psycopg.rows import dict_row
from yoyo import read_migrations
from yoyo.backends.core.postgresql import PostgresqlPsycopgBackend
from yoyo.connections import parse_uri
from yoyo.exceptions import BadMigration
from yoyo.migrations import default_migration_table

from service import dsn
from service.sql import SQL

MIGRATIONS: Final = Path(__file__).resolve().parent.parent / "migrations"
ATTEMPTS: Final = 15
"""How often a migration asks again for a lock that others hold, two seconds at a time."""

log = logging.getLogger(__name__)


class MigrationError(Exception):
    """The schema cannot be brought to where it was asked to be; nothing was changed half-way."""


class Migration(Struct, frozen=True):
    """One migration: `state` is applied, pending, changed (after it was applied) or unknown."""

    id: str
    state: str
    applied_at: datetime | None = None


class Backend(PostgresqlPsycopgBackend):  # type: ignore[misc]
    """yoyo's backend with a migration, its mark and its checksum in one transaction."""

    def connect(self, dburi: Any) -> Any:
        """Connect without named statements, which a transaction pooler would mix up."""
        connection = super().connect(dburi)
        connection.prepare_threshold = None
        return connection

    def apply_one(self, migration: Any, force: bool = False, mark: bool = True) -> None:  # noqa: ARG002, FBT001, FBT002
        """Apply and mark, or leave no trace; outside transactions, a second run makes it whole."""
        self.ensure_internal_schema_updated()
        if not migration.use_transactions:
            migration.process_steps(self, "apply", force)
        with self.transaction():
            self.connection.execute(SQL["migration/hurry"])
            if migration.use_transactions:
                migration.process_steps(self, "apply", force)
            self.log_migration(migration, "apply")
            self.mark_one(migration, log=False)
            values = [migration.id, checksum(Path(migration.path))]
            psycopg.RawCursor(self.connection).execute(SQL["migration/store_checksum"], values)

    def rollback_one(self, migration: Any, force: bool = False) -> None:  # noqa: FBT001, FBT002
        """Roll back and unmark, or leave all as it is."""
        self.ensure_internal_schema_updated()
        with self.transaction():
            self.connection.execute(SQL["migration/hurry"])
            migration.process_steps(self, "rollback", force)
            self.log_migration(migration, "rollback")
            self.unmark_one(migration, log=False)

    def get_log_data(self, migration: Any = None, operation: str = "apply") -> dict[str, Any]:
        """Describe an operation for yoyo's log, without asking a name server who we are."""
        return {
            "id": str(uuid4()),
            "migration_id": migration and migration.id,
            "migration_hash": migration and migration.hash,
            "username": os.environ.get("USER") or str(os.geteuid()),
            "hostname": socket.gethostname(),
            "created_at_utc": datetime.now(UTC).replace(tzinfo=None),
            "operation": operation,
        }


def up(url: str, folder: Path = MIGRATIONS, to: str | None = None) -> list[str]:
    """Apply what is pending, up to and including `to`; return the ids that were applied.

    Any number of processes may call it at once. Raises `MigrationError`.
    """
    with _books(url) as backend:
        _refuse_surprises(_states(backend, folder))
        pending = backend.to_apply(_known(folder, to))
        for migration in pending:
            _patiently(backend.apply_one, migration)
        return [migration.id for migration in pending]


def down(url: str, folder: Path = MIGRATIONS, to: str | None = None) -> list[str]:
    """Roll back the latest migration, or all after `to` ("" for all); return their ids.

    Raises `MigrationError`, also where a rollback refuses because it would lose facts.
    """
    with _books(url) as backend:
        applied = list(backend.to_rollback(_known(folder)))
        if to is None:
            applied = applied[:1]
        elif to:
            last = _known(folder, to)[-1].id
            applied = [migration for migration in applied if migration.id > last]
        for migration in applied:
            _patiently(backend.rollback_one, migration)
        return [migration.id for migration in applied]


def status(url: str, folder: Path = MIGRATIONS) -> list[Migration]:
    """Return every migration of the folder and of the database, in order, with its state."""
    with _books(url) as backend:
        return _states(backend, folder)


def history(url: str) -> list[dict[str, Any]]:
    """Return what was done to the schema: dicts of at, operation, id, by and host, oldest first."""
    with _books(url) as backend:
        return _rows(backend, "migration/history")


def checksum(path: Path) -> str:
    """Return the sha256 of a migration's text; line ends count as one, whatever checked it out."""
    return hashlib.sha256(path.read_text(encoding="utf-8").encode()).hexdigest()


@contextmanager
def _books(url: str) -> Iterator[Backend]:
    """Yield the backend while holding the lock, under which a yoyo lock row is only ever stale."""
    target = dsn.parse(url)
    try:
        with psycopg.connect(target.libpq, prepare_threshold=None) as session:
            session.execute(SQL["migration/lock"])
            if session.execute(SQL["migration/may_create"]).fetchone() != (True,):
                raise MigrationError(
                    f"The role may not create schemas in {target}: migrate as the database's owner."
                )
            with Backend(parse_uri(target.yoyo), default_migration_table) as backend:
                backend.init_database()
                backend.break_lock()
                backend.ensure_internal_schema_updated()
                backend.connection.execute(SQL["migration/create_checksums"])
                with redirect_stdout(sys.stderr):  # where yoyo prints what a SELECT returns
                    yield backend
    except BadMigration as error:
        raise MigrationError(f"A migration cannot be read: {error}") from error
    except psycopg.Error as error:
        said = error.diag.message_primary or " ".join(str(error).split())
        raise MigrationError(f"The database at {target} refused: {said}") from error


def _patiently(act: Callable[[Any], None], migration: Any) -> None:
    """Do `act`, again and again while somebody else's lock is in the way."""
    for attempt in range(ATTEMPTS):
        try:
            return act(migration)
        except psycopg.errors.LockNotAvailable:
            log.warning("migration %s waits for a lock (attempt %d)", migration.id, attempt + 1)
    raise MigrationError(
        f"Migration {migration.id} got no lock; find who holds it and run it again."
    )


def _known(folder: Path, to: str | None = None) -> Any:
    """Return the folder's migrations, up to `to` (an id, or its number)."""
    found = read_migrations(str(folder))
    if to is None:
        return found
    named = [
        migration.id for migration in found if to in (migration.id, migration.id.split(".")[0])
    ]
    if not named:
        raise MigrationError(f"There is no migration {to}; run.py migrate status lists them.")
    return found.filter(lambda migration: migration.id <= named[0])


def _states(backend: Backend, folder: Path) -> list[Migration]:
    digests = {m.id: checksum(Path(m.path)) for m in _known(folder)}
    applied = {row["id"]: row for row in _rows(backend, "migration/applied")}
    states = []
    for name in sorted(digests.keys() | applied.keys()):
        if name not in applied:
            states.append(Migration(name, "pending"))
            continue
        stored = applied[name]["sha256"]
        same = stored is None or stored == digests.get(name)
        state = ("applied" if same else "changed") if name in digests else "unknown"
        states.append(Migration(name, state, applied[name]["applied_at"].replace(tzinfo=UTC)))
    return states


def _refuse_surprises(states: Sequence[Migration]) -> None:
    for migration in states:
        if migration.state == "changed":
            raise MigrationError(
                f"Migration {migration.id} was changed after it was applied."
                " Restore its text, and write what is new as a new migration."
            )
        if migration.state == "unknown":
            raise MigrationError(
                f"The database has migration {migration.id}, which this release does not know."
                " Run the release that brought it, or roll it back with that one."
            )


def _rows(backend: Backend, name: str) -> list[dict[str, Any]]:
    cursor = backend.connection.cursor(row_factory=dict_row)
    rows: list[dict[str, Any]] = cursor.execute(SQL[name]).fetchall()
    return rows
