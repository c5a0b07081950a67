"""Seals: closed ranges of the log are chained by sha256, so that no later change goes unnoticed."""

import logging
from collections.abc import Callable
from typing import Final
from uuid import UUID

import asyncpg
from msgspec import Struct

from service.database import Database
from service.sql import SQL

RANGE: Final = 1_000
"""Positions that one seal covers."""
AT_ONCE: Final = 10
"""Ranges that one call seals or verifies."""
CALL_SECONDS: Final = 300.0
"""Deadline of one call: ten thousand events may hold ten thousand large documents."""
FAULTS: Final = {
    "missing": "the event is missing",
    "altered": "the event is not the one that was sealed",
    "private": "its private payload is not the one that was sealed, nor was that one erased",
    "version": "the version before it is not where it should be",
    "time": "it is recorded earlier than the event before it",
    "extra": "there is an event where the log has no position",
    "seal-missing": "the seal that ends here is missing, and later ones are there",
    "chain": "the chain is broken: this seal does not follow from the one before it and its events",
    "unknown-seal": "the seal that was noted is not one of this log",
}

log: Final = logging.getLogger(__name__)


class Divergence(Struct, frozen=True, kw_only=True):
    """The first thing in a log that is not as it was; `what` is a sentence about it."""

    fault: str
    what: str
    position: int
    stream_id: UUID | None = None
    version: int | None = None
    type: str | None = None


class Verified(Struct, frozen=True, kw_only=True):
    """What was looked at; of the `unsealed` events at the end only their places can be."""

    log_id: UUID
    head: int
    events: int
    seals: int
    unsealed: int
    last_seal: str | None
    divergence: Divergence | None


async def seal(database: Database) -> int:
    """Seal closed ranges that are not sealed yet; return how many it was, 0 once none is left.

    A log with a hole is not sealed further, which is logged. Raises Unavailable.
    """
    try:
        made = await database.projector.fetchval(SQL["log/seal"], AT_ONCE, timeout=CALL_SECONDS)
    except asyncpg.DataCorruptedError as error:
        log.error("%s; run.py log verify names it", error)  # noqa: TRY400 - it is the server's
        return 0
    return int(made)


async def verify(
    database: Database, progress: Callable[[int, int], None], noted: bytes | None = None
) -> Verified:
    """Recompute every seal and look at every event's place, up to the first divergence.

    `progress` is told how many positions are done, and of how many. `noted` is the hash of a seal
    that was written down elsewhere: only it can show that a log was rewritten whole, or cut off at
    its end. Raises Unavailable.
    """
    stands = await database.ops.fetchrow(SQL["log/sealed"], noted)
    goal = max(stands["head"], stands["sealed"])
    found, seals, done = None, 0, 0
    if noted is not None and stands["noted"] is None:
        found = {"fault": "unknown-seal", "position": stands["sealed"]}
    while done < goal and found is None:
        upto = min(done + AT_ONCE * RANGE, goal)
        row = await database.ops.fetchrow(SQL["log/verify"], done, upto, timeout=CALL_SECONDS)
        seals += row["sealed"]
        found = dict(row) if row["fault"] else None
        done = row["position"] - 1 if found else upto
        progress(done, goal)
    found = found or await database.ops.fetchrow(SQL["log/strays"], timeout=CALL_SECONDS)
    return Verified(
        log_id=stands["id"], head=stands["head"], events=done, seals=seals,
        unsealed=max(0, stands["head"] - stands["sealed"]), last_seal=stands["hash"],
        divergence=_divergence(dict(found)) if found else None,
    )  # fmt: skip


def _divergence(row: dict[str, object]) -> Divergence:
    facts = {name: value for name, value in row.items() if name != "sealed"}
    return Divergence(what=FAULTS[str(row["fault"])], **facts)  # type: ignore[arg-type]
