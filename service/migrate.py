"""Migrations: plain SQL through yoyo, under one lock, each in one transaction with its mark."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg
from yoyo import read_migrations
from yoyo.backends.core.postgresql import PostgresqlPsycopgBackend
from yoyo.connections import parse_uri
from yoyo.migrations import default_migration_table

from service.sql import SQL

MIGRATIONS: Final = Path(__file__).resolve().parent.parent / "migrations"


class Backend(PostgresqlPsycopgBackend):  # type: ignore[misc]
    """yoyo's backend, except that a migration and its mark are one transaction."""

    def apply_one(self, migration: Any, force: bool = False, mark: bool = True) -> None:  # noqa: ARG002, FBT001, FBT002
        """Apply `migration` and mark it, or leave no trace of either."""
        self.ensure_internal_schema_updated()
        with self.transaction():
            migration.process_steps(self, "apply", force=force)
            self.mark_one(migration)


def up(dsn: str, folder: Path = MIGRATIONS) -> list[str]:
    """Apply what is not applied yet, in order; return the ids of what was."""
    with _backend(dsn) as backend:
        pending = backend.to_apply(read_migrations(str(folder)))
        backend.apply_migrations(pending)
        return [migration.id for migration in pending]


@contextmanager
def _backend(dsn: str) -> Iterator[Backend]:
    """Yield a backend while holding the lock; whoever holds it finds only stale yoyo locks."""
    uri = parse_uri(dsn.replace("postgresql://", "postgresql+psycopg://", 1))
    with psycopg.connect(dsn, autocommit=True) as session:
        session.execute(SQL["migration/lock"])
        with Backend(uri, default_migration_table) as backend:
            backend.init_database()
            backend.break_lock()
            yield backend
