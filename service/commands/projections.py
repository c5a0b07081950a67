"""``run.py projections``: the operators' desk of the read models."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from service.commands import show
from service.commands.reach import opened, reachable
from service.projection import engine
from service.projection.text import PROJECTIONS, projection
from service.settings import Settings
from service.sql import SQL

app = typer.Typer(no_args_is_help=True, help="Projections: how they stand, and building them.")

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_all(as_json: Json = False) -> None:  # noqa: FBT002 - typer's way of an option
    """List each projection with its state, position, head, lag and generation."""
    with reachable() as settings:
        found = asyncio.run(_freshness(settings))
    show.rows(found, as_json=as_json, empty="No projection has been built yet.")


@app.command()
def rebuild(name: Annotated[str, typer.Argument(help=f"One of {', '.join(PROJECTIONS)}.")]) -> None:
    """Build a projection anew from the log beside the one that serves, then put it in its place."""
    if name not in PROJECTIONS:
        raise ValueError(f"There is no projection {name}; there are {', '.join(PROJECTIONS)}.")
    with reachable() as settings, Progress(transient=True, console=Console(stderr=True)) as bar:
        task = bar.add_task(f"building {name}", total=None)
        schema = asyncio.run(
            _rebuilt(settings, name, lambda _, at, of: bar.update(task, completed=at, total=of))
        )
    print(f"{name} is served from {schema}.")


async def _freshness(settings: Settings) -> list[dict[str, object]]:
    async with opened(settings) as database:
        return [dict(row) for row in await database.ops.fetch(SQL["projection/freshness"])]


async def _rebuilt(settings: Settings, name: str, progress: engine.Progress) -> str:
    async with opened(settings) as database:
        return await engine.rebuild(database, projection(name), progress)
