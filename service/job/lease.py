"""Leases: which worker has which job, and for how long."""

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct

from service.database import Database
from service.log.commit import Lease
from service.sql import SQL

LEASE_SECONDS: Final = 8.0
"""How long a job waits for its worker's next sign of life before another may take it."""


class Kept(Struct, frozen=True):
    """What has become of leases, by their tokens: still `held`, or another worker has the job.

    Those in neither are of jobs that have ended.
    """

    held: frozenset[UUID]
    taken: frozenset[UUID]


class Claim(Struct, frozen=True):
    """A job that this worker may do now, under `lease`."""

    tenant_id: UUID
    kind: str
    target: UUID
    lease: Lease

    @property
    def job_id(self) -> UUID:
        """The job; also its stream's id."""
        return self.lease.job_id


async def claim(
    database: Database,
    worker: str,
    tokens: Sequence[UUID],
    kinds: Iterable[str],
    seconds: float = LEASE_SECONDS,
) -> list[Claim]:
    """Claim up to one job per token, fair by tenant. Raises Unavailable."""
    arguments = (worker, list(tokens), seconds, list(kinds))
    rows = await database.commands.fetch(SQL["job/claim"], *arguments)
    return [
        Claim(row["tenant_id"], row["kind"], row["target"], Lease(row["job_id"], row["token"]))
        for row in rows
    ]


async def extend(
    database: Database, leases: Sequence[Lease], seconds: float = LEASE_SECONDS
) -> Kept:
    """Prolong `leases`; return which are still held. Raises Unavailable."""
    arguments = ([lease.job_id for lease in leases], [lease.token for lease in leases], seconds)
    rows = await database.commands.fetch(SQL["job/extend"], *arguments, timeout=seconds / 2)
    held = frozenset(row["token"] for row in rows if row["held"])
    return Kept(held, frozenset(row["token"] for row in rows) - held)


async def next_in(database: Database, kinds: Iterable[str]) -> float | None:
    """Return the seconds until the next job becomes free, None where none will.

    Raises Unavailable.
    """
    seconds: float | None = await database.commands.fetchval(SQL["job/next"], list(kinds))
    return seconds


async def release(database: Database, leases: Sequence[Lease]) -> None:
    """Give `leases` back, those that are still held. Raises Unavailable."""
    arguments = ([lease.job_id for lease in leases], [lease.token for lease in leases])
    await database.commands.fetch(SQL["job/release"], *arguments)
