"""Rebuilding a projection, and comparing what was built with what serves."""

import sys
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
import typer

from service.commands.desk import act as desk_act
from service.commands.desk.act import Actor, Json, Reason, Yes
from service.commands.desk.difference import json_of, tell
from service.commands.desk.progress import building
from service.commands.reach import on, on_database, reachable
from service.database import Database
from service.projection import desk, engine
from service.projection import rebuild as rebuilding
from service.projection.act import Act
from service.projection.diff import Difference
from service.projection.rebuild import Pair
from service.projection.text import PROJECTIONS
from service.settings import Settings

ALL = "all"
INTERRUPTED = 130

Which = Annotated[str, typer.Argument(help=f"One of {', '.join(PROJECTIONS)}; or {ALL}.")]
Samples = Annotated[
    int, typer.Option(min=0, max=1000, help="Keys to name of each kind of difference.")
]
Verify = Annotated[
    bool, typer.Option("--verify", help="Only check: the same text must make the same rows.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Build and compare, but leave what serves.")
]


class KeptError(ValueError):
    """The candidate is built and waits for somebody who approves."""


def rebuild(
    name: Which,
    *,
    verify: Verify = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    reason: Reason = None,
    actor: Actor = None,
    samples: Samples = 5,
    as_json: Json = False,
) -> None:
    """Build a projection anew beside what serves, show what differs, and swap it in.

    The one that served is kept to roll back to. Interrupted, the same command goes on.
    """
    names = named(name)
    act = desk_act.act(actor, reason, doing=f"{name} is rebuilt", optional=True)
    work = _verified if verify else _built
    try:
        with reachable() as settings:
            with building() as progress:
                found = on(settings, lambda of: work(of, names, act, progress, samples))
            show(found, as_json=as_json, same=verify)
            if not verify:
                finish(settings, names, act, yes=yes, dry_run=dry_run, quiet=as_json)
    except KeyboardInterrupt:
        print("Stopped. What serves goes on serving.", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None
    if verify and not all(each.clean for _, _, each in found if each):
        raise typer.Exit(1)


def diff(name: Which, *, samples: Samples = 5, as_json: Json = False) -> None:
    """Compare what waits with what serves; where nothing waits, what serves with the one before."""
    names = named(name)

    async def compared(database: Database) -> list[Found]:
        chosen = [(each, await rebuilding.pair(database, each)) for each in names]
        return [
            (each, of, await rebuilding.compare(database, each, of, samples, progress))
            for each, of in chosen
        ]

    with building() as progress:
        found = on_database(compared)
    show(found, as_json=as_json)


Found = tuple[str, Pair, Difference | None]


def named(name: str) -> Sequence[str]:
    """Return the projections that `name` means. Raises `rebuilding.UnknownProjection`."""
    if name == ALL:
        return PROJECTIONS
    if name not in PROJECTIONS:
        there = ", ".join(PROJECTIONS)
        raise rebuilding.UnknownProjection(f"There is no projection {name}; there are {there}.")
    return (name,)


async def _built(
    database: Database, names: Sequence[str], act: Act, progress: engine.Progress, samples: int
) -> list[Found]:
    """Build a candidate of each, and compare it with what serves, if something does."""
    found: list[Found] = []
    for name in names:
        schema = await rebuilding.candidate(database, name, act, progress)
        serving = await desk.generation(database, name, "serving")
        of = Pair(serving["schema"] if serving else "", schema, "candidate")
        compared = None
        if serving:
            compared = await rebuilding.compare(database, name, of, samples, progress)
        found.append((name, of, compared))
    return found


async def _verified(
    database: Database, names: Sequence[str], act: Act, progress: engine.Progress, samples: int
) -> list[Found]:
    """Build what serves once more from its own text, and compare the two."""
    found: list[Found] = []
    for name in names:
        compared = await rebuilding.verify(database, name, act, progress, samples)
        found.append((name, Pair(compared.left, compared.right, "rebuilt"), compared))
    return found


def show(found: Sequence[Found], *, as_json: bool, same: bool = False) -> None:
    """Print the differences: one object, or a list of several."""
    if as_json:
        objects: list[Any] = [json_of(name, each) for name, _, each in found if each]
        made = objects[0] if len(found) == 1 and objects else objects
        print(msgspec.json.format(msgspec.json.encode(made)).decode())
        return
    for name, of, each in found:
        if each is None:
            print(f"Nothing serves {name} yet, so there is nothing to compare with.")
        elif same and each.clean:
            rows = sum(table.rows_left for table in each.tables)
            what = f"{rows} rows in {len(each.tables)} tables"
            print(f"{name} built anew is equal: {what}, at position {each.position}.")
        else:
            tell(name, of, each)


def finish(
    settings: Settings, names: Sequence[str], act: Act, *, yes: bool, dry_run: bool, quiet: bool
) -> None:
    """Swap in what was built, if that is approved, and say how to go back. Raises `KeptError`."""
    how = " and ".join(f"run.py projections swap {name} --reason …" for name in names)
    if dry_run:
        print(f"What was built waits beside what serves. To swap it in: {how}", file=sys.stderr)
        return
    if not desk_act.approved("Swap it in?", yes=yes):
        raise KeptError(f"Not swapped: that takes your approval, or --yes. Later: {how}")
    served = on(settings, lambda database: swapped(database, names, act))
    if quiet:
        return
    for name, schema in served:
        print(f"{name} is served from {schema}.")
        print(f"To go back to the one before: run.py projections rollback {name} --reason …")


async def swapped(database: Database, names: Sequence[str], act: Act) -> list[tuple[str, str]]:
    """Let the candidates serve, all in one swap; return each projection's schema."""
    schemas = []
    for name in names:
        waiting = await desk.generation(database, name, "candidate")
        if waiting is None:
            raise desk.NoCandidate(f"No generation of {name} is waiting any more.")
        await engine.build(database, name, str(waiting["schema"]))
        schemas.append(str(waiting["schema"]))
    with rebuilding.swapping():
        await engine.swap(database, schemas, act)
    return list(zip(names, schemas, strict=True))
