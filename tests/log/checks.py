"""What must hold of any log at any time."""

from collections import defaultdict
from typing import Any, Protocol
from uuid import UUID

import asyncpg


class Reads(Protocol):
    """A database, a pool or a connection."""

    async def fetch(self, query: str, /) -> list[Any]:
        """Return all rows."""


async def everything(database: Reads) -> list[asyncpg.Record]:
    """Return all events in log order."""
    return await database.fetch("SELECT * FROM log.events ORDER BY position")


async def assert_whole(database: Reads, events: int | None = None) -> list[asyncpg.Record]:
    """Check positions 1..N, versions 1..n, receipts and head; return all events."""
    stored = await everything(database)
    [head] = await database.fetch("SELECT position FROM log.head")
    versions: dict[UUID, list[int]] = defaultdict(list)
    for event in stored:
        versions[event["stream_id"]].append(event["version"])

    assert [event["position"] for event in stored] == list(range(1, len(stored) + 1))
    assert head["position"] == len(stored)
    assert all(taken == list(range(1, len(taken) + 1)) for taken in versions.values())
    await assert_receipts_cover(database, len(stored))
    if events is not None:
        assert len(stored) == events
    return stored


async def assert_receipts_cover(database: Reads, positions: int) -> None:
    """Check that each position belongs to one receipt, and each receipt to its positions."""
    receipts = await database.fetch("SELECT position, events FROM log.receipts ORDER BY position")
    taken = [p for r in receipts for p in range(r["position"], r["position"] + r["events"])]

    assert taken == list(range(1, positions + 1))
