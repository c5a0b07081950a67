"""The past: schemas with the same views as `read`, showing what they showed at a position."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import asyncpg
from msgspec import Struct

from service.database import Database
from service.projection import engine, scratch
from service.projection.act import Act
from service.projection.text import PROJECTIONS
from service.refusal import Invalid, NotFound, StateConflict
from service.sql import SQL

LIFETIME: Final = timedelta(days=1)
"""How long a past stays unless another time is asked for."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_]{0,39}")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


class NotInLog(Invalid):
    """The log holds nothing of that time or position."""


class NameTaken(StateConflict):
    """A schema of that name is there already; drop it first, or give another name."""


class NoSuchPast(NotFound):
    """There is no past of that name."""


class Past(Struct, frozen=True):
    """A schema of views as they stood at a position; it is dropped after `expires_at`.

    `moment` is the time it was asked for by, None where that was a position; `state` is `building`
    or `ready`.
    """

    schema: str
    position: int
    moment: datetime | None
    projections: Sequence[str]
    state: str
    actor: str
    reason: str
    created_at: datetime
    expires_at: datetime


def parse(text: str, now: datetime) -> datetime | int:
    """Return the position (all digits) or the time that `text` names.

    A time is ISO 8601, in UTC where it names no offset; a day alone is its end, or now while it
    lasts. Raises `Invalid`.
    """
    if text.isascii() and text.isdigit() and len(text) <= 18:  # noqa: PLR2004 - fits a bigint
        return int(text)
    try:
        if _DAY.fullmatch(text):
            end = datetime.combine(date.fromisoformat(text), time.max, UTC)
            return now if end - timedelta(days=1) <= now < end else end
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid(f"“{text}” is neither a position nor a time in ISO 8601.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


async def position_of(database: Database, moment: datetime | int) -> int:
    """Return the position of the last event at `moment` or before; a position is its own.

    Raises `NotInLog` before the log began, after now, and beyond what the projections have folded.
    """
    at = moment if isinstance(moment, datetime) else None
    row = await database.queries.fetchrow(SQL["projection/position_at"], at)
    position = moment if isinstance(moment, int) else int(row["position"])
    if row["began"] is None:
        raise NotInLog("The log is empty, so it has no past.")
    if at is not None and at > row["now"]:
        raise NotInLog(f"{at.isoformat()} is still to come; it is {row['now'].isoformat()} now.")
    if position < 1:
        began = row["began"].isoformat()
        raise NotInLog(f"The log begins with position 1 at {began}; there is nothing before.")
    if position > row["head"]:
        raise NotInLog(f"The log ends at position {row['head']}.")
    if position > row["tail"]:
        raise NotInLog(f"The projections have come to position {row['tail']}; ask again soon.")
    return position


async def as_of(
    database: Database,
    moment: datetime | int,
    act: Act,
    *,
    name: str | None = None,
    lifetime: timedelta = LIFETIME,
    projections: Sequence[str] = (),
    progress: engine.Progress = engine.silent,
) -> Past:
    """Make schema ``as_of_<name or position>`` with the views as they stood, and return its entry.

    Of the projections that serve, all or just those named. Asked for again with the same position
    and name, a past that is there, or was begun by a process that died, is completed and stays
    for longer. Analysts may read it as they read `read`: the rows of their own tenant.
    Records projection.recalled.
    Raises `NotInLog`, `NameTaken`, `Invalid` for a name that is none, `scratch.NoProjection`,
    `engine.Stopped`.
    """
    position = await position_of(database, moment)
    schema = schema_of(name or str(position))
    wanted = await _wanted(database, projections)
    at = moment if isinstance(moment, datetime) else None
    entry = (schema, position, at, wanted, lifetime, act.tenant_id, act.reason, act.metadata)
    try:
        await database.projector.execute(SQL["projection/open_past"], *entry)
    except asyncpg.DuplicateSchemaError as error:
        raise NameTaken(f"{error}; drop it first, or give another name.") from error
    for each in wanted:
        await scratch.build(database, each, f"{schema}_{each}", progress)
    await _show(database, schema, wanted, lifetime)
    return (await pasts(database, schema))[0]


async def pasts(database: Database, schema: str | None = None) -> list[Past]:
    """Return every past there is, or the one in `schema`."""
    rows = await database.queries.fetch(SQL["projection/pasts"], schema)
    return [Past(**row) for row in rows]


async def drop(database: Database, schema: str) -> None:
    """Drop a past with its generations. Raises `NoSuchPast`."""
    if not await database.projector.fetchval(SQL["projection/drop_past"], schema):
        raise NoSuchPast(f"There is no past in a schema {schema}.")
    await database.projector.fetchval(SQL["projection/sweep"])


async def sweep(database: Database) -> int:
    """Drop what has expired; return how many schemas that were."""
    return int(await database.projector.fetchval(SQL["projection/sweep_pasts"]))


def schema_of(name: str) -> str:
    """Return the schema of a past. Raises `Invalid` for a name that cannot be part of one."""
    if not _NAME.fullmatch(name):
        raise Invalid(
            f"“{name}” cannot name a past: take up to 40 small letters, digits and underscores."
        )
    return f"as_of_{name}"


async def _wanted(database: Database, projections: Sequence[str]) -> list[str]:
    served = {
        each.projection for each in await scratch.standing(database) if each.role == "serving"
    }
    for name in projections:
        if name not in served:
            raise scratch.NoProjection(f"No generation of a projection {name} serves.")
    return [name for name in PROJECTIONS if name in (projections or served)]


async def _show(
    database: Database, schema: str, projections: Sequence[str], lifetime: timedelta
) -> None:
    try:
        await database.projector.execute(
            SQL["projection/show_past"], schema, views_of(projections), lifetime
        )
    except asyncpg.UndefinedTableError as error:
        raise Invalid(
            f"The views of {', '.join(projections)} need another projection too: {error}."
        ) from error
    except asyncpg.NoDataFoundError as error:
        raise NoSuchPast(f"{error}.") from error


def views_of(projections: Sequence[str]) -> str:
    """Return the analysts' views of some slices, as one script."""
    names = (name for name in PROJECTIONS if name in projections and f"{name}/views" in SQL)
    return "\n".join(SQL[f"{name}/views"] for name in names)
