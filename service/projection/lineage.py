"""Lineage: which events made a row, and whether they alone make it as it is."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from service.database import Database
from service.projection.glimpse import glimpse
from service.refusal import Invalid, NotFound, Refusal
from service.sql import SQL

Key = Mapping[str, Any] | str

TENANT: Final = "tenant_id"
POSITION: Final = "position"


class UnknownView(NotFound):
    """There is no view of that name in `read`."""


class NoSuchRow(NotFound):
    """The view has no such row."""


class Cause(Struct, frozen=True):
    """One event that went into a row."""

    position: int
    type: str
    recorded_at: datetime
    actor: str
    stream_id: UUID
    version: int


class Lineage(Struct, frozen=True):
    """A row of a view and the events that made it, oldest first.

    `exact` tells whether folding these events alone gives this very row; where it is False,
    `differs` names the columns that come out otherwise, since they depend on other streams too.
    It is None where that could not be found out, and `note` says why.
    """

    view: str
    key: dict[str, Any]
    row: dict[str, Any]
    position: int
    projections: list[str]
    streams: list[UUID]
    events: list[Cause]
    exact: bool | None
    differs: list[str]
    note: str = ""


class View(Struct, frozen=True):
    """A view of `read`: its columns by name with their types, and what it is made from."""

    columns: dict[str, str]
    key: tuple[str, ...]
    projections: list[str]
    folded: list[str]


async def explain(database: Database, view: str, key: Key, tenant: UUID | None = None) -> Lineage:
    """Return the events that made one row of ``read.<view>``, of one tenant or of any.

    `key` gives values of columns, or alone the value of the view's key or of any uuid column. The
    events are those of the stream that changed the row last, and of each stream that the row
    names, as far as the view's projections fold them. Raises `UnknownView`, `NoSuchRow`, and
    `Invalid` where the key fits no column or several rows.
    """
    found = await view_of(database, view)
    wanted, row = await _row(database, view, found, key, tenant)
    position = row.get(POSITION)
    if not isinstance(position, int):
        raise Invalid(f"The rows of read.{view} do not say which event changed them last.")
    asked = (position, list(_uuids(row)), found.folded, found.projections, tenant)
    events = [Cause(**e) for e in await database.queries.fetch(SQL["projection/made_by"], *asked)]
    streams = list(dict.fromkeys(event.stream_id for event in events))
    exact, differs, note = await _check(database, view, found, key=wanted, row=row, streams=streams)
    return Lineage(
        view, wanted, row, position, found.projections, streams, events, exact, differs, note
    )


async def view_of(database: Database, view: str) -> View:
    """Return what ``read.<view>`` is made of. Raises `UnknownView`."""
    row = await database.queries.fetchrow(SQL["projection/view"], view)
    if row is None or not row["projections"]:
        raise UnknownView(f"There is no view read.{view} that projections make.")
    columns = dict(zip(row["columns"], row["types"], strict=True))
    key = tuple(part.strip() for part in (row["key"] or "").split(",") if part.strip() in columns)
    return View(columns, key, row["projections"], row["folded"])


async def _row(
    database: Database, view: str, found: View, key: Key, tenant: UUID | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the key that names one row, and that row."""
    for wanted in _keys(view, found, key):
        try:
            raw = await database.queries.fetch(SQL["projection/rows"], view, wanted, tenant, 2)
        except asyncpg.DataError as error:
            if isinstance(key, str):
                continue
            raise Invalid(f"The key does not fit read.{view}: {error}.") from error
        rows = [msgspec.json.decode(each["r"], type=dict[str, Any]) for each in raw]
        if len(rows) > 1:
            more = ", ".join(found.key) or "more columns"
            raise Invalid(f"Several rows of read.{view} have {_said(wanted)}; give {more}.")
        if rows:
            return wanted, rows[0]
    raise NoSuchRow(f"No row of read.{view} has {_said(key)}.")


def _keys(view: str, found: View, key: Key) -> list[dict[str, Any]]:
    """Return what the key may mean, likeliest first. Raises `Invalid`."""
    if not isinstance(key, str):
        unknown = [name for name in key if name not in found.columns]
        if unknown or not key:
            known = ", ".join(found.columns)
            raise Invalid(f"read.{view} has no column {', '.join(unknown)}; it has {known}.")
        return [dict(key)]
    alone = [name for name in found.key if name != TENANT]
    named = alone if len(alone) == 1 else []
    uuids = [name for name, kind in found.columns.items() if kind == "uuid" and name != TENANT]
    columns = dict.fromkeys([*named, *(name for name in ("id",) if name in uuids), *uuids])
    if not columns:
        raise Invalid(f"A row of read.{view} is named by {', '.join(found.key)}; give each.")
    return [{name: key} for name in columns]


async def _check(
    database: Database,
    view: str,
    found: View,
    *,
    key: dict[str, Any],
    row: dict[str, Any],
    streams: list[UUID],
) -> tuple[bool | None, list[str], str]:
    """Fold the streams alone; return whether the row comes out, what differs, and what to add."""
    named = {name: row[name] for name in found.key} or key
    question = {"view": view, "key": named}
    query = SQL["projection/row_then"]
    try:
        answer = await glimpse(
            database, found.projections, streams, int(row[POSITION]), query=query, argument=question
        )
    except (asyncpg.PostgresError, Refusal) as error:
        return None, [], f"Folding these events alone failed: {error}."
    if answer is None:
        return False, list(found.columns), "These events alone make no such row."
    then = msgspec.json.decode(answer, type=dict[str, Any])
    differs = [name for name in found.columns if then.get(name) != row[name]]
    note = "These columns depend on other streams too." if differs else ""
    return not differs, differs, note


def _uuids(value: object) -> Iterator[UUID]:
    """Yield every UUID in a row, wherever it stands, but its tenant."""
    match value:
        case dict():
            for name, inner in value.items():
                if name != TENANT:
                    yield from _uuids(inner)
        case list():
            for inner in value:
                yield from _uuids(inner)
        case str() if len(value) == 36:  # noqa: PLR2004 - the canonical form
            try:
                yield UUID(value)
            except ValueError:
                return


def _said(key: Key) -> str:
    """Return a key as it is said in a sentence."""
    if isinstance(key, str):
        return f"“{key}”"
    return " and ".join(f"{name} = {value}" for name, value in key.items())
