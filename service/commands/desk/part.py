"""A part of a projection: making its rows anew, and telling which events made one."""

import re
from typing import Annotated, Any
from uuid import UUID

import msgspec
import typer

from service.commands import show
from service.commands.desk.act import Actor, Json, Name, Reason, act
from service.commands.desk.progress import building
from service.commands.reach import on_database
from service.database import Database
from service.http.token import tenant as tenant_of
from service.projection import lineage
from service.projection import rebuild as rebuilding
from service.projection import replay as replaying
from service.projection.lineage import Cause, Lineage
from service.projection.replay import Replayed

Streams = Annotated[list[UUID] | None, typer.Option("--stream", help="The rows of this stream.")]
Tenant = Annotated[str | None, typer.Option(help="The rows of this tenant, by name or id.")]
Range = Annotated[str | None, typer.Option(help="The rows of what has events there, such as 7-90.")]
View = Annotated[str, typer.Argument(help="A view of schema read, such as courses.")]
Key = Annotated[list[str], typer.Argument(help="The row's key: a value, or COLUMN=VALUE …")]


def replay(
    name: Name,
    *,
    stream: Streams = None,
    tenant: Tenant = None,
    positions: Range = None,
    reason: Reason = None,
    actor: Actor = None,
    as_json: Json = False,
) -> None:
    """Make some rows of what serves anew from the log; all others stay as they are."""
    asked = bounds(positions) if positions else None
    why = act(actor, reason, doing="it is replayed")

    async def replayed(database: Database) -> Replayed:
        await rebuilding.known(database, name)
        return await replaying.replay(
            database, name, why, streams=stream or (), positions=asked, progress=progress,
            tenant=tenant_of(tenant) if tenant else None,
        )  # fmt: skip

    with building() as progress:
        found = on_database(replayed)
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(found)).decode())
        return
    print(
        f"{name} is replayed by {found.by}. Rows that were not as the log has them: {found.rows}."
    )
    show.rows(
        [msgspec.to_builtins(table) for table in found.tables],
        as_json=False,
        empty="No table.",
        width=show.PAGE,
    )


def explain(view: View, key: Key, *, as_json: Json = False) -> None:
    """List the events that made a row of a view."""
    wanted = key_of(key)
    found = on_database(lambda database: lineage.explain(database, view, wanted))
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(found)).decode())
        return
    named = ", ".join(f"{column} {value}" for column, value in found.key.items())
    print(f"read.{view}, {named}")
    print(f"The event at position {found.position} changed it last.")
    for number, stream in enumerate(found.streams, 1):
        print(f"stream {number}: {stream}")
    rows = [_row(found, event) for event in found.events]
    show.rows(rows, as_json=False, empty="No event is known that made it.", width=show.PAGE)
    print(f"\n{verdict(found)}")


def _row(found: Lineage, event: Cause) -> dict[str, Any]:
    return {
        "position": event.position,
        "when": event.recorded_at,
        "type": event.type,
        "stream": found.streams.index(event.stream_id) + 1,
        "version": event.version,
        "who": event.actor,
    }


def verdict(found: Lineage) -> str:
    """Say whether the events alone make the row."""
    if found.exact:
        return "These events alone make exactly this row."
    differs = f" Differing columns: {', '.join(found.differs)}." if found.differs else ""
    return f"{found.note or 'Whether these events alone make this row is not known.'}{differs}"


def bounds(text: str) -> tuple[int, int]:
    """Return the first and the last position of a range. Raises ValueError."""
    match = re.fullmatch(r"(\d{1,18})(?:-(\d{1,18}))?", text.strip())
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
    if not 1 <= first <= last:
        raise ValueError("Positions are a first and a last one, such as 7-90.")
    return first, last


def key_of(parts: list[str]) -> dict[str, str] | str:
    """Return a key as it was given: one value, or values by column. Raises ValueError."""
    pairs = [part.partition("=") for part in parts]
    if all(equals and column.isidentifier() for column, equals, _ in pairs):
        return {column: value for column, _, value in pairs}
    if len(parts) > 1:
        raise ValueError("Give one value, or each as COLUMN=VALUE.")
    return parts[0]
