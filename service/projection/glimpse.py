"""A glimpse: what a few streams alone make of projections up to a position, without a trace."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from service.database import Database
from service.projection import scratch
from service.projection.past import views_of
from service.sql import SQL


async def glimpse(
    database: Database,
    projections: Sequence[str],
    streams: Sequence[UUID],
    position: int,
    *,
    query: str,
    argument: dict[str, Any],
) -> msgspec.Raw | None:
    """Return the JSON value that `query` answers with on tables folded from `streams` alone.

    `query` is the text of a statement whose tables and views name no schema; its `$1` is
    `argument`, as jsonb. The cost is that of making the tables and folding the streams, however
    long the log is. Rows that depend on other streams (the numbers in slugs) come out otherwise.
    """
    answer: msgspec.Raw | None = await database.queries.fetchval(
        SQL["projection/glimpse"],
        list(projections),
        list(streams),
        position,
        views_of(projections),
        query,
        argument,
        timeout=scratch.SECONDS,
    )
    return answer
