"""``run.py projections as-of``: the views as they stood, in a schema of their own."""

import sys
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
import typer
from msgspec.structs import asdict

from service.commands import show
from service.commands.desk.act import Actor, Json, Reason, act
from service.commands.desk.progress import building
from service.commands.reach import on_database
from service.commands.span import span
from service.database import Database
from service.projection import past
from service.projection.past import Past

Moment = Annotated[
    str | None,
    typer.Argument(help="A position, a time in ISO 8601 (UTC unless it says otherwise), or a day."),
]
Called = Annotated[str | None, typer.Option("--name", help="Of the schema: as_of_NAME.")]
Ttl = Annotated[str, typer.Option(help="How long it stays, such as 30m, 1h or 7d.")]
Only = Annotated[
    list[str] | None, typer.Option("--projection", help="This projection's views alone.")
]


def as_of(
    *,
    moment: Moment = None,
    name: Called = None,
    ttl: Ttl = "1d",
    only: Only = None,
    listing: Annotated[bool, typer.Option("--list", help="List those there are.")] = False,
    drop: Annotated[str | None, typer.Option(help="Drop the one of this name.")] = None,
    reason: Reason = None,
    actor: Actor = None,
    as_json: Json = False,
) -> None:
    """Make the views once more as they stood at a time or a position, in a schema of their own."""
    if [moment is not None, listing, drop is not None].count(True) != 1:
        raise ValueError("Give a time or a position, or --list, or --drop NAME.")
    if drop is not None:
        dropped(drop)
    elif listing:
        list_all(as_json=as_json)
    else:
        why = act(actor, reason, doing="it is wanted", optional=True)
        at, lifetime = past.parse((moment or "").strip(), datetime.now(UTC)), span(ttl)

        async def made(database: Database) -> Past:
            return await past.as_of(
                database, at, why,
                name=name, lifetime=lifetime, projections=only or (), progress=progress,
            )  # fmt: skip

        with building() as progress:
            found = on_database(made)
        tell(found, as_json=as_json)


def dropped(name: str) -> None:
    """Drop a past, which is given by its name or its schema."""
    schema = past.schema_of(name.removeprefix("as_of_"))
    on_database(lambda database: past.drop(database, schema))
    print(f"{schema} is dropped.")


def list_all(*, as_json: bool) -> None:
    """List the pasts there are."""
    found = on_database(past.pasts)
    rows = [asdict(each) for each in found] if as_json else [_row(each) for each in found]
    show.rows(
        rows,
        as_json=as_json,
        empty="There is none; make one with projections as-of MOMENT.",
        width=show.PAGE,
    )


def tell(found: Past, *, as_json: bool) -> None:
    """Say where the past is and how to look at it."""
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(found)).decode())
        return
    moment = f", {show.cell(found.moment)} UTC" if found.moment else ""
    print(f"The views as they stood at position {found.position}{moment}: schema {found.schema}")
    print(f"It stays until {show.cell(found.expires_at)} UTC. Look at it with run.py db psql:")
    print("  SET", f"search_path = {found.schema};")
    example = "v_course_summary" if "course" in found.projections else "…"
    print(f"  TABLE {example};")
    print(f"Drop it sooner: run.py projections as-of --drop {found.schema}", file=sys.stderr)


def _row(each: Past) -> dict[str, Any]:
    return {
        "schema": each.schema,
        "position": each.position,
        "moment": each.moment,
        "state": each.state,
        "until": each.expires_at,
        "who": each.actor,
        "why": each.reason,
    }
