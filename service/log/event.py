"""An event as it stands in the log, and reading it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from service.database import Database
from service.log.codec import classes_of, decode
from service.log.decider import Decider
from service.sql import SQL

PAGE = 1_000


class Recorded(Struct, frozen=True):
    """One stored event; `data`, `private` and `metadata` are JSON texts."""

    position: int
    stream_id: UUID
    version: int
    category: str
    type: str
    tenant_id: UUID
    data: str
    private: str | None
    metadata: str
    recorded_at: datetime


async def read_stream(
    database: Database, stream_id: UUID, after: int = 0, limit: int = PAGE
) -> list[Recorded]:
    """Return up to `limit` events of a stream after version `after`, oldest first."""
    rows = await database.fetch(SQL["log/read_stream"], stream_id, after, limit)
    return [Recorded(**row) for row in rows]


async def read_range(
    database: Database,
    tenant_id: UUID,
    after: int,
    *,
    types: tuple[str, ...] = (),
    stream_id: UUID | None = None,
    limit: int = PAGE,
    without: tuple[str, ...] = (),
) -> list[Recorded]:
    """Return up to `limit` events of a tenant after position `after`, in log order.

    `types` empty means all; events of the categories `without` are left out.
    """
    left_out = list(without) or None
    arguments = (tenant_id, after, list(types) or None, stream_id, limit, left_out)
    rows = await database.fetch(SQL["log/read_range"], *arguments)
    return [Recorded(**row) for row in rows]


def decoded(decider: Decider[Any, Any, Any], recorded: Recorded) -> Any:
    """Return the event struct of `recorded`. Raises KeyError for a type the decider has not."""
    return decode(classes_of(decider.events)[recorded.type], recorded.data, recorded.private)


def beyond(head: int) -> str:
    """Return what is said of a position beyond the log's head, such as a client has kept."""
    return (
        f"This log ends at position {head}: the position is another log's,"
        " or an older backup was restored since. Begin again from a position of now."
    )
