"""Partial replay: the rows of a stream, a tenant or a range are made anew and put in place."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from service.database import Database
from service.projection import engine, scratch
from service.projection.act import Act
from service.projection.scratch import Generation
from service.refusal import Invalid, NotFound, StateConflict
from service.sql import SQL

MOST_STREAMS: Final = 1_000
"""Beyond so many streams their tenants are replayed whole, in one pass over the log."""


REFUSED: Final = (
    asyncpg.ObjectNotInPrerequisiteStateError,
    asyncpg.NoDataFoundError,
    asyncpg.IntegrityConstraintViolationError,
)
"""What the server says where a generation is broken, is gone, or would not take the rows."""


class NothingThere(NotFound):
    """No event that this projection folds is in that scope."""


class NotReplayed(StateConflict):
    """The rows could not be put right; nothing was changed."""


class Scope(Struct, frozen=True):
    """Whose rows are replayed: `streams`, or (where these are None) all of `tenants`."""

    streams: list[UUID] | None
    tenants: list[UUID]


class TableReplayed(Struct, frozen=True):
    """How many rows of a table were put right."""

    table: str
    added: int
    changed: int
    removed: int


class Replayed(Struct, frozen=True):
    """What a replay has done to one generation, which stands at `position`.

    `by` is stream or tenant. Rows that may depend on several streams (slugs are numbered within a
    tenant) are replayed by tenant, whatever was asked for: `streams` is None then.
    """

    projection: str
    generation: str
    position: int
    by: str
    streams: list[UUID] | None
    tenants: list[UUID]
    tables: tuple[TableReplayed, ...]

    @property
    def rows(self) -> int:
        """How many rows were not what a full rebuild makes of them."""
        return sum(table.added + table.changed + table.removed for table in self.tables)


class Done(Struct, frozen=True):
    """What the server says of a replay."""

    position: int
    tables: tuple[TableReplayed, ...]


async def replay(
    database: Database,
    name: str,
    act: Act,
    *,
    streams: Sequence[UUID] = (),
    tenant: UUID | None = None,
    positions: tuple[int, int] | None = None,
    progress: engine.Progress = engine.silent,
) -> Replayed:
    """Make a part of what serves anew, so that it equals what a full rebuild would make of it.

    Give one of `streams`, `tenant` and `positions` (first and last: whatever has events there).
    The rows are built beside, and replaced under the tail's lock; others are not touched, and
    everybody goes on meanwhile. Records projection.replayed. Raises `scratch.NoProjection`,
    `NothingThere`, `Invalid` for another number of scopes, `NotReplayed`, `engine.Stopped`.
    """
    if (bool(streams), tenant is not None, positions is not None).count(True) != 1:
        raise Invalid("Say what to replay: streams, a tenant, or a range of positions.")
    target = await scratch.serving(database, name)
    if tenant is not None:
        scope = Scope(None, [tenant])
    else:
        scope = await scope_of(database, target, list(streams) or None, positions)
    return await replayed(database, target, scope, act, "projection.replayed", progress=progress)


async def scope_of(
    database: Database,
    target: Generation,
    streams: list[UUID] | None,
    positions: tuple[int, int] | None = None,
) -> Scope:
    """Return whose rows these streams or positions are about. Raises `NothingThere`."""
    row = await database.queries.fetchrow(
        SQL["projection/scope"],
        streams,
        *(positions or (None, None)),
        target.types,
        timeout=scratch.SECONDS,
    )
    if not row["tenants"]:
        raise NothingThere
    by_stream = await database.queries.fetchval(SQL["projection/independent"], target.schema)
    narrow = by_stream and len(row["streams"]) <= MOST_STREAMS
    return Scope(list(row["streams"]) if narrow else None, list(row["tenants"]))


async def replayed(
    database: Database,
    target: Generation,
    scope: Scope,
    act: Act,
    type: str | None,  # noqa: A002 - an event's tag
    *,
    facts: dict[str, Any] | None = None,
    progress: engine.Progress = engine.silent,
) -> Replayed:
    """Replay a scope of one generation, and record it as `type` with `facts`, or not (None).

    Raises `NotReplayed`, `engine.Stopped`.
    """
    name, upto = target.projection, target.position
    by = "tenant" if scope.streams is None else "stream"
    tenants = scope.tenants if scope.streams is None else None
    data = {"projection": name, "reason": act.reason, "by": by, **msgspec.structs.asdict(scope)}
    note = (type, act.tenant_id, data | (facts or {}), act.metadata)
    async with scratch.beside(database, target.schema, upto=upto, tenants=tenants) as schema:
        if scope.streams is None:
            await scratch.build(database, name, schema, progress)
        else:
            folding = (schema, scope.streams, upto)
            await _call(database, SQL["projection/fold_streams"], *folding)
        putting = (schema, target.schema, scope.streams, scope.tenants)
        answer = await _call(database, SQL["projection/replay"], *putting, *note)
    done = msgspec.json.decode(answer, type=Done)
    return Replayed(
        name, target.schema, done.position, by, scope.streams, scope.tenants, done.tables
    )


async def _call(database: Database, statement: str, *arguments: Any) -> Any:
    try:
        return await database.builds.fetchval(statement, *arguments, timeout=scratch.SECONDS)
    except REFUSED as error:
        raise NotReplayed(f"{error}; nothing was changed.") from error
