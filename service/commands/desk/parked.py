"""``run.py projections parked``: streams that wait because a fold failed on one of their events."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
import typer
from msgspec.structs import asdict

from service.commands import show
from service.commands.desk.act import Actor, Json, Name, Reason, act
from service.commands.reach import on_database
from service.database import Database
from service.projection import parked, rebuild
from service.projection.parked import Tried
from service.sql import SQL

app = typer.Typer(no_args_is_help=True, help="Streams that a projection could not fold.")

Stream = Annotated[UUID, typer.Argument(help="The id of a course, a job, a source …")]
Position = Annotated[int, typer.Argument(min=1, help="The position of the event that fails.")]


@app.command("list")
def list_all(
    *,
    name: Annotated[str | None, typer.Argument(help="One projection's alone.")] = None,
    as_json: Json = False,
) -> None:
    """List the streams that are parked, and how many of their events wait."""

    async def there(database: Database) -> list[parked.Parked]:
        if name is not None:
            await rebuild.known(database, name)
        return await parked.parked(database, name)

    found = on_database(there)
    rows = [asdict(each) for each in found] if as_json else [_row(each) for each in found]
    show.rows(rows, as_json=as_json, empty="No stream is parked.", width=show.PAGE)
    for each in () if as_json else found:
        print(f"{each.type} at position {each.position} ({each.role}): {each.error}")


@app.command("show")
def show_one(stream: Stream, *, as_json: Json = False) -> None:
    """Show the event on which the fold of a stream fails, and the error."""
    found = on_database(lambda database: _events(database, stream))
    if not found:
        raise parked.NotParked(f"The stream {stream} is not parked.")
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(found)).decode())
        return
    for row in found:
        for label, value in row.items():
            json = isinstance(value, msgspec.Raw)
            print(f"{label}: {msgspec.json.format(value).decode() if json else show.cell(value)}")
        print()


@app.command()
def retry(name: Name, stream: Stream, *, reason: Reason = None, actor: Actor = None) -> None:
    """Fold a parked stream again, now that its fold is mended."""
    why = act(actor, reason, doing="it is tried again")

    async def retried(database: Database) -> Tried:
        await rebuild.known(database, name)
        return await parked.retry(database, name, stream, why)

    _tell(on_database(retried), f"The stream {stream} is folded again.")


@app.command()
def discard(name: Name, position: Position, *, reason: Reason = None, actor: Actor = None) -> None:
    """Do without an event in one projection, for good; the log keeps it."""
    why = act(actor, reason, doing="it is discarded")

    async def discarded(database: Database) -> Tried:
        await rebuild.known(database, name)
        return await parked.discard(database, name, position, why)

    _tell(on_database(discarded), f"{name} does without the event at position {position}.")


def _tell(tried: Tried, done: str) -> None:
    """Say what came of it. Raises ValueError where something is parked still."""
    if tried.parked:
        each = tried.parked[0]
        again = f"at position {each.position} of {each.generation}: {each.error}"
        raise ValueError(f"The fold fails again, {again}; the stream stays parked.")
    print(done)
    for replayed in tried.replayed:
        print(f"Rows put right in {replayed.generation}: {replayed.rows}.")


def _row(each: parked.Parked) -> dict[str, Any]:
    return {
        "projection": each.projection,
        "stream": each.stream_id,
        "position": each.position,
        "waiting": each.waiting,
        "since": each.parked_at,
    }


async def _events(database: Database, stream: UUID) -> list[dict[str, Any]]:
    """Return what is parked of a stream, each with the event that fails."""
    found = []
    for each in await parked.parked(database, None, stream):
        event = await database.queries.fetchrow(SQL["projection/event"], each.position)
        found.append(asdict(each) | {"data": event["data"], "metadata": event["metadata"]})
    return found
