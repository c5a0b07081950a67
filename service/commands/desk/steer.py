"""Acts on what serves and what waits: swap, roll back, pause, resume, drop, reset."""

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from service.commands.desk.act import Actor, Name, Reason, Yes, act, approved
from service.commands.desk.progress import building
from service.commands.reach import on_database
from service.database import Database
from service.projection import desk, rebuild
from service.projection.act import Act

T = TypeVar("T")

Generation = Annotated[str, typer.Argument(help="Its name, as projections list --all shows it.")]


def swap(name: Name, *, reason: Reason = None, actor: Actor = None, yes: Yes = False) -> None:
    """Let the generation that waits serve; the one that served is kept to roll back to."""
    why = act(actor, reason, doing=f"{name} is swapped", optional=yes)

    async def swapped(database: Database) -> str:
        with rebuild.swapping():
            return await desk.swap(database, name, why)

    schema = _on(name, swapped)
    print(f"{name} is served from {schema}.")
    print(f"To go back to the one before: run.py projections rollback {name} --reason …")


def rollback(name: Name, *, reason: Reason = None, actor: Actor = None, yes: Yes = False) -> None:
    """Let the previous generation serve again; no start of the service undoes that."""
    why = act(actor, reason, doing=f"{name} is rolled back", optional=yes)

    async def rolled_back(database: Database) -> str:
        with rebuild.swapping():
            return await desk.roll_back(database, name, why, progress)

    with building() as progress:
        schema = _on(name, rolled_back)
    print(f"{name} is served from {schema} again.")


def pause(name: Name, *, reason: Reason = None, actor: Actor = None, yes: Yes = False) -> None:
    """Let a projection stay where it is while the others advance."""
    _plain(name, desk.pause, act(actor, reason, doing=f"{name} is paused", optional=yes))
    print(f"{name} is paused. To let it go on: run.py projections resume {name} --reason …")


def resume(name: Name, *, reason: Reason = None, actor: Actor = None, yes: Yes = False) -> None:
    """Let a projection that was paused or stopped catch up and go on."""
    _plain(name, desk.resume, act(actor, reason, doing=f"{name} is resumed", optional=yes))
    print(f"{name} catches up with the others.")


def drop(generation: Generation, *, reason: Reason = None, actor: Actor = None) -> None:
    """Drop a generation that does not serve, with its rows."""
    why = act(actor, reason, doing=f"{generation} is dropped")
    on_database(lambda database: desk.drop(database, generation, why))
    print(f"{generation} is dropped.")


def reset(*, reason: Reason = None, actor: Actor = None, yes: Yes = False) -> None:
    """Forget every generation, views and all, as after a restore; the next start builds anew.

    The log is not touched. Until then nothing can be read.
    """
    why = act(actor, reason, doing="everything is built anew")
    if not approved("Drop every generation and view? Nothing can be read until then.", yes=yes):
        raise ValueError("Nothing was dropped: that takes --yes.")
    on_database(lambda database: desk.reset(database, why))
    print("Every generation is dropped. The next start of the service builds them all.")


def _plain(name: str, does: Callable[[Database, str, Act], Awaitable[None]], why: Act) -> None:
    _on(name, lambda database: does(database, name, why))


def _on(name: str, work: Callable[[Database], Awaitable[T]]) -> T:
    """Do `work` on a projection that is known. Raises `rebuild.UnknownProjection`."""

    async def done(database: Database) -> T:
        await rebuild.known(database, name)
        return await work(database)

    return on_database(done)
