"""The scan after an erasure: every row of every table is looked at for what must not be left."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg
from msgspec import Struct

from service.database import Database
from service.log.needle import Needles
from service.log.proof import Looked
from service.sql import SQL

PAGES: Final = 8_192
"""Pages of the log that one call goes through: 64 MiB and what is stored apart from them."""
END: Final = 2**32 - 2
"""No table has more pages."""
CALL_SECONDS: Final = 3_600.0
GONE: Final = (
    asyncpg.UndefinedTableError,
    asyncpg.InvalidSchemaNameError,
    asyncpg.UndefinedColumnError,
)

Progress = Callable[[int, int], None]


class Person(Struct, frozen=True):
    """Whom to look for: the account, all the subjects that stand for it, and its tenant."""

    account: UUID
    subjects: Sequence[UUID]
    tenant_id: UUID


class Holding(Struct, frozen=True):
    """A table; `pages` is None for what is no table of its own."""

    schema: str
    table: str
    pages: int | None
    readable: bool


async def scan(
    database: Database, person: Person, needles: Needles, progress: Progress
) -> tuple[list[Looked], int]:
    """Return what was found in each table, and how many rows of other tenants look alike.

    `progress` is told how many pages are done, and of how many. Tables that are dropped meanwhile
    are passed over; those of the log, whose rows never move, are read a part at a time. Reads only
    and locks nothing. Raises Unavailable.
    """
    likes = list(needles.likes)
    await database.builds.execute(SQL["log/sample_anew"], likes, timeout=CALL_SECONDS)
    holdings = [Holding(**row) for row in await database.builds.fetch(SQL["log/holdings"])]
    done, total = 0, sum(each.pages or 0 for each in holdings)
    tables, elsewhere = [], 0
    for holding in holdings:
        looked = Looked(schema=holding.schema, table=holding.table, rows=None)
        try:
            async for row in _parts(database, holding, person, needles):
                looked = _added(looked, row)
                elsewhere += row["elsewhere"]
                progress(min(done + PAGES, total), total)
        except GONE:
            continue
        except asyncpg.InsufficientPrivilegeError:
            looked = Looked(schema=holding.schema, table=holding.table, rows=None)
        done += holding.pages or 0
        progress(done, total)
        tables.append(looked)
    return tables, elsewhere


async def _parts(
    database: Database, holding: Holding, person: Person, needles: Needles
) -> AsyncIterator[Any]:
    """Yield what each part of a table holds; the last part has no end, since the log grows."""
    if not holding.readable:
        return
    ends: list[tuple[int | None, int | None]] = [(None, None)]
    if holding.schema == "log" and holding.pages is not None:
        starts = list(range(0, max(holding.pages, 1), PAGES))
        ends = list(zip(starts, [*starts[1:], END], strict=True))
    for after, upto in ends:
        yield await database.builds.fetchrow(
            SQL["log/find_traces"], holding.schema, holding.table, after, upto,
            person.account, list(person.subjects), person.tenant_id,
            list(needles.likes), list(needles.common), needles.unique, needles.shared,
            timeout=CALL_SECONDS,
        )  # fmt: skip


def _added(looked: Looked, row: Any) -> Looked:
    return Looked(
        schema=looked.schema,
        table=looked.table,
        rows=(looked.rows or 0) + row["rows"],
        traces=looked.traces + row["traces"],
        others=looked.others + row["others"],
    )
