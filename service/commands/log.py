"""``run.py log``: the events, as NDJSON."""

import asyncio
from typing import Annotated
from uuid import UUID

import msgspec
import typer

from service.commands.reach import opened, reachable
from service.log.event import Recorded, read_stream
from service.settings import Settings
from service.sql import SQL

app = typer.Typer(no_args_is_help=True, help="The log: its events as NDJSON, a line each.")

POLL_SECONDS = 0.5


@app.command()
def tail(
    count: Annotated[
        int, typer.Option("-n", "--count", min=0, help="How many to begin with.")
    ] = 20,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as events come.")] = False,  # noqa: FBT002
) -> None:
    """Print the latest events."""
    with reachable() as settings:
        asyncio.run(_tail(settings, count, follow=follow))


@app.command()
def show(
    stream: Annotated[UUID, typer.Argument(help="The id of a course, a job, a source …")],
) -> None:
    """Print every event of one stream, oldest first."""
    with reachable() as settings:
        if not asyncio.run(_show(settings, stream)):
            raise ValueError(f"There is no stream {stream}.")


async def _tail(settings: Settings, count: int, *, follow: bool) -> None:
    async with opened(settings) as database:
        head = await database.ops.fetchrow(SQL["log/head"])
        after = max(0, head["position"] - count)
        while True:
            rows = await database.ops.fetch(SQL["log/read_all"], after, 1_000)
            for row in rows:
                _print(Recorded(**row))
            after = rows[-1]["position"] if rows else after
            if not rows and not follow:
                return
            if not rows:
                await asyncio.sleep(POLL_SECONDS)


async def _show(settings: Settings, stream: UUID) -> int:
    version = 0
    async with opened(settings) as database:
        while page := await read_stream(database, stream, version):
            for event in page:
                _print(event)
            version = page[-1].version
    return version


def _print(event: Recorded) -> None:
    line = {
        "position": event.position,
        "recorded_at": event.recorded_at,
        "stream_id": event.stream_id,
        "version": event.version,
        "type": event.type,
        "tenant_id": event.tenant_id,
        "data": msgspec.Raw(event.data.encode()),
        "metadata": msgspec.Raw(event.metadata.encode()),
    }
    print(msgspec.json.encode(line).decode(), flush=True)
