"""How the projections stand, and what operators have done with them."""

from typing import Annotated, Any, Final

import msgspec
import typer

from service.commands import show
from service.commands.desk.act import Json
from service.commands.reach import on_database
from service.commands.span import said
from service.database import Database
from service.projection.rebuild import known
from service.sql import SQL

Every = Annotated[bool, typer.Option("--all", help="Every generation, not just those that serve.")]
Count = Annotated[int, typer.Option("-n", "--count", min=1, max=10_000, help="How many at most.")]
Rows = list[dict[str, Any]]

WORDS: Final = {
    ("serving", "following"): "live",
    ("candidate", "following"): "ready",
    ("previous", "behind"): "kept",
}
"""What a generation's state is called for people, by its role."""


def list_all(*, every: Every = False, as_json: Json = False) -> None:
    """List each projection with its state, position, head, lag and generation."""
    found = on_database(_book if every else _freshness)
    if not as_json and found:
        told = [_generation(row) if every else _projection(row) for row in found]
        show.table(told, show.PAGE)
        for row in found:
            if row["error"]:
                print(f"{row.get('name') or row['generation']}: {row['error']}")
        return
    show.rows(found, as_json=as_json, empty="No projection has been built yet.", width=show.PAGE)


def history(
    *,
    name: Annotated[str | None, typer.Argument(help="One projection's alone.")] = None,
    count: Count = 50,
    as_json: Json = False,
) -> None:
    """List what operators did, newest first: when, what, who and why."""

    async def acts(database: Database) -> Rows:
        if name is not None:
            await known(database, name)
        rows = await database.ops.fetch(SQL["projection/acts"], name, count, None)
        return [dict(row) for row in rows]

    found = on_database(acts)
    for row in found:
        del row["fingerprint"]
    if not as_json:
        found = [_act(row) for row in found]
    show.rows(found, as_json=as_json, empty="Nothing has been done yet.", width=show.PAGE)


async def _freshness(database: Database) -> Rows:
    return [dict(row) for row in await database.ops.fetch(SQL["projection/freshness"])]


async def _book(database: Database) -> Rows:
    rows = [dict(row) for row in await database.ops.fetch(SQL["projection/book"])]
    for row in rows:
        del row["error_for_all"]
    return rows


def _projection(row: dict[str, Any]) -> dict[str, Any]:
    names = ("name", "state", "position", "head", "lag", "generation", "parked")
    return {name: row[name] for name in names} | {"age": said(row["age"]) if row["age"] else ""}


def _generation(row: dict[str, Any]) -> dict[str, Any]:
    left = row["remaining_seconds"]
    return {
        "projection": row["projection"],
        "generation": row["generation"],
        "role": row["role"],
        "state": _state(row),
        "position": row["position"],
        "of": row["goal"],
        "events/s": row["events_per_second"] if row["position"] < row["goal"] else None,
        "left": "" if left is None else said(left),
        "parked": row["parked"],
    }


def _state(row: dict[str, Any]) -> str:
    if row["role"] == "scratch" and row["built_at"]:
        return "ready"
    return WORDS.get((row["role"], row["state"]), str(row["state"]))


def _act(row: dict[str, Any]) -> dict[str, Any]:
    data = msgspec.json.decode(row["data"])
    return {
        "position": row["position"],
        "when": row["recorded_at"],
        "what": row["type"].removeprefix("projection."),
        "projection": data.get("projection", "all"),
        "who": row["actor"],
        "why": data.get("reason"),
    }
