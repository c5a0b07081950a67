"""``run.py log``: the events, as NDJSON."""

import asyncio
from contextlib import suppress
from typing import Annotated
from uuid import UUID

import msgspec
import typer
from msgspec import Struct

from service.commands import archive, erase
from service.commands.reach import opened, reachable
from service.database import Database
from service.http.token import tenant
from service.log.event import PAGE, Recorded, beyond, read_stream
from service.log.listen import listen
from service.settings import Settings
from service.sql import SQL

app = typer.Typer(
    no_args_is_help=True, help="The log: looking into it, verifying, moving it, erasing a person."
)
app.command()(archive.verify)
app.command()(archive.export)
app.command("import")(archive.import_)
app.command()(erase.erase)

POLL_SECONDS = 1.0
"""How often --follow looks by itself, should no notification come."""
READ_SECONDS = 120.0
"""Deadline of a page, for which a rare type may have to be looked for through the whole log."""


class Filter(Struct, frozen=True):
    """Which events; None stands for all."""

    tenant_id: UUID | None
    types: list[str] | None
    stream: UUID | None

    @property
    def arguments(self) -> tuple[UUID | None, list[str] | None, UUID | None]:
        """What the statements take."""
        return self.tenant_id, self.types, self.stream


@app.command()
def tail(
    *,
    count: Annotated[
        int, typer.Option("-n", "--count", min=0, help="How many of the latest to begin with.")
    ] = 20,
    after: Annotated[
        int | None, typer.Option(min=0, help="Begin with all after this position instead.")
    ] = None,
    types: Annotated[str, typer.Option(help="Of these types only, comma between.")] = "",
    stream: Annotated[UUID | None, typer.Option(help="Of this stream only.")] = None,
    of_tenant: Annotated[
        str | None, typer.Option("--tenant", help="Of this tenant only, by name or id.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as events come.")] = False,
) -> None:
    """Print the latest events, or those after a position; without private payloads."""
    named = [name for text in types.split(",") if (name := text.strip())]
    wanted = Filter(tenant(of_tenant) if of_tenant else None, named or None, stream)
    with reachable() as settings, suppress(KeyboardInterrupt):
        asyncio.run(_tail(settings, wanted, count, after, follow=follow))


@app.command()
def show(
    stream: Annotated[UUID, typer.Argument(help="The id of a course, a job, a source …")],
) -> None:
    """Print every event of one stream, oldest first."""
    with reachable() as settings:
        if not asyncio.run(_show(settings, stream)):
            raise ValueError(f"There is no stream {stream}.")


async def _tail(
    settings: Settings, wanted: Filter, count: int, after: int | None, *, follow: bool
) -> None:
    async with opened(settings) as database:
        head = await _head(database)
        if after is None:
            arguments = (head, count, *wanted.arguments)
            after = await database.ops.fetchval(SQL["log/latest"], *arguments, timeout=READ_SECONDS)
        elif after > head:
            raise ValueError(beyond(head))
        after = await _print_all(database, wanted, after)
        if follow:
            await _follow(database, wanted, after)


async def _follow(database: Database, wanted: Filter, after: int) -> None:
    wake = asyncio.Event()
    listening = asyncio.create_task(listen(database, {"daybook_log": lambda _: wake.set()}))
    try:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await wake.wait()
            wake.clear()
            after = await _print_all(database, wanted, after)
    finally:
        listening.cancel()


async def _print_all(database: Database, wanted: Filter, after: int) -> int:
    """Print what is wanted after a position; return the position up to which that was all."""
    head = await _head(database)
    while after < head:
        rows = await database.ops.fetch(
            SQL["log/read_all"], after, head, PAGE, *wanted.arguments, timeout=READ_SECONDS
        )
        for row in rows:
            _print(Recorded(**row))
        after = rows[-1]["position"] if len(rows) == PAGE else head
    return after


async def _head(database: Database) -> int:
    return int(await database.ops.fetchval(SQL["log/head"]))


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
