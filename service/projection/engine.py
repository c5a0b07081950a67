"""The projection engine: generations are installed, built beside what serves, and swapped in."""

import asyncio
import hashlib
import logging
from collections.abc import Callable, Iterable
from itertools import chain, repeat
from typing import Any, Final

import asyncpg

from service.database import Database
from service.projection.act import Act
from service.projection.text import Projection, projections, views
from service.refusal import StateConflict, Unavailable
from service.sql import SQL

STEP: Final = 20_000
"""Events a call folds in a build: large enough for set-based speed, small enough to be seen."""
BUILD_SECONDS: Final = 600.0
WAIT: Final = 0.1
"""Seconds before a build that another process is at is looked at again."""
PATIENCE: Final = 300.0
"""Seconds a swap tries to get past readers who hold a view."""
LONGEST_PAUSE: Final = 2.0
BUDGETS: Final = (100, 200, 400)
"""Milliseconds in which a swap locks the views, or gives up; then it is 800."""
TRIES: Final = 6
"""Tries with each budget."""

Progress = Callable[[str, int, int], None]
log = logging.getLogger(__name__)


class Stopped(StateConflict):
    """This generation is stopped: its fold is broken."""


class ViewsHeld(StateConflict):
    """A reader holds a view, so nothing was swapped; end the long query, or try again later."""


def silent(projection: str, position: int, goal: int) -> None:
    """Report nothing of a build."""


async def prepare(
    database: Database, progress: Progress = silent, act: Act | None = None, *, approve: bool = True
) -> None:
    """Bring every projection to its present text: build what is new, then let it serve.

    Where `approve` is False, what would replace a generation that serves is built and left for an
    operator to swap in. Safe in any number of processes at once, and to repeat after a crash at
    any point. Raises `Stopped` once the others are done.
    """
    rows = await generations(database)
    served = {row["projection"] for row in rows if row["role"] == "serving"}
    built, stopped = [], None
    for current in await begin(database):
        try:
            await build(database, current.name, current.schema, progress)
            await join(database, current.schema)
        except Stopped as error:
            if current.name not in served:
                raise  # the views of all stand on its tables
            stopped = error
            continue
        if approve or current.name not in served:
            built.append(current.schema)
    await swap(database, built, act)
    if stopped:
        raise stopped


async def begin(database: Database) -> list[Projection]:
    """Install what is to be built, still empty; return it."""
    rows = await generations(database)
    wanted = [current for current in projections() if _wanted(current, rows)]
    for current in wanted:
        await install(database, current, current.schema)
    return wanted


async def alike(database: Database) -> bool:
    """Tell whether what is to be built will look like what serves, views and all."""
    wanted = [current.schema for current in await begin(database)]
    return bool(await database.projector.fetchval(SQL["projection/alike"], wanted, digest()))


async def complete(database: Database) -> bool:
    """Tell whether something serves for every projection."""
    rows = await generations(database)
    served = {row["projection"] for row in rows if row["role"] == "serving"}
    return served >= {current.name for current in projections()}


def digest() -> str:
    """Return what tells the views' texts from others."""
    return hashlib.sha256(views().encode()).hexdigest()


def _wanted(current: Projection, rows: Iterable[dict[str, Any]]) -> bool:
    """Tell whether the text has to be built: it does not serve, and nobody has rolled it back."""
    same = [row for row in rows if row["digest"] == current.digest]
    return not any(row["role"] == "serving" or row["rejected_at"] for row in same)


async def rebuild(
    database: Database, current: Projection, progress: Progress = silent, act: Act | None = None
) -> str:
    """Build the projection anew from its text beside what serves, swap, and return its schema."""
    schema = await candidate(database, current, progress)
    await swap(database, [schema], act)
    return schema


async def candidate(database: Database, current: Projection, progress: Progress = silent) -> str:
    """Build the projection anew beside what serves, until it follows the tail; return its schema.

    Goes on with one that was begun and never swapped in. Raises `Stopped`.
    """
    rows = await generations(database)
    begun = [row for row in rows if row["role"] == "candidate" and row["digest"] == current.digest]
    schema = str(begun[0]["schema"]) if begun else free(current.schema, rows)
    await install(database, current, schema)
    await build(database, current.name, schema, progress)
    await join(database, schema)
    return schema


def free(wanted: str, rows: Iterable[dict[str, Any]]) -> str:
    """Return `wanted`, or with a number behind it, so that no generation has that schema."""
    taken = {row["schema"] for row in rows}
    names = (wanted, *(f"{wanted}_{number}" for number in range(1, len(taken) + 2)))
    return next(name for name in names if name not in taken)


async def install(
    database: Database,
    current: Projection,
    schema: str,
    *,
    role: str = "candidate",
    upto: int | None = None,
    tenants: list[Any] | None = None,
) -> bool:
    """Make the generation's schema unless it is there; return whether it was made.

    A `scratch` one may end at a position and hold the rows of some tenants only.
    """
    arguments = (schema, current.name, current.digest, list(current.types), current.script)
    return bool(
        await database.projector.fetchval(
            SQL["projection/install"], *arguments, current.indexes, role, upto, tenants
        )
    )


async def build(
    database: Database,
    name: str,
    schema: str,
    progress: Progress = silent,
    step: int = STEP,
    *,
    statement: str = "projection/build",
) -> None:
    """Fold the log into a generation until it is as far as the tail, or as it is to go.

    Where another process is at it, that one's progress is watched. Raises `Stopped`.
    """
    before = -1
    while True:
        row = await database.builds.fetchrow(SQL[statement], schema, step, timeout=BUILD_SECONDS)
        if row["state"] in (None, "stopped", "paused"):
            why = row["error"] or row["state"] or "gone"
            raise Stopped(f"The generation {schema} is not being built: {why}.")
        progress(name, row["reached"], row["goal"])
        if row["reached"] >= row["goal"] and row["built"]:
            return
        if row["reached"] == before:
            await asyncio.sleep(WAIT)
        before = row["reached"]


async def join(database: Database, schema: str) -> None:
    """Let a built generation follow the tail."""
    try:
        await database.builds.execute(SQL["projection/join"], schema, timeout=BUILD_SECONDS)
    except asyncpg.ObjectNotInPrerequisiteStateError as error:
        raise Stopped(f"{error}.") from error


async def swap(
    database: Database,
    schemas: list[str],
    act: Act | None = None,
    type: str = "projection.swapped",  # noqa: A002 - an event's tag
    *,
    patience: float = PATIENCE,
) -> bool:
    """Let `schemas` serve in place of their projections' generations; return if that was news.

    A reader who holds a view lets the others by: the swap gives up at once and tries again, ever
    more slowly, for `patience` seconds. Many readers may between them never leave a gap so short,
    so after some tries it holds on a little longer. Raises `ViewsHeld`, `Stopped`.
    """
    note = (act.tenant_id, act.reason, act.metadata) if act else (None, None, None)
    rejects = type == "projection.rolled-back"
    kind = type if act else None
    give_up, pause = asyncio.get_running_loop().time() + patience, 0.05
    for budget in chain.from_iterable(repeat(each, TRIES) for each in chain(BUDGETS, repeat(800))):
        try:
            swapped = await database.projector.fetchval(
                SQL["projection/swap"], schemas, views(), digest(), kind, *note, rejects, budget,
                timeout=BUILD_SECONDS,
            )  # fmt: skip
            break
        except asyncpg.ObjectNotInPrerequisiteStateError as error:
            raise Stopped(f"{error}.") from error
        except Unavailable as error:
            if not isinstance(error.__cause__, asyncpg.LockNotAvailableError):
                raise
            if asyncio.get_running_loop().time() + pause > give_up:
                raise ViewsHeld from error
        await asyncio.sleep(pause)
        pause = min(2 * pause, max(LONGEST_PAUSE, budget / 125))
    if swapped:
        log.info("the views now read %s", ", ".join(schemas) or "their new texts")
        await sweep(database)
    return bool(swapped)


async def sweep(database: Database) -> int:
    """Drop retired generations that no reader holds any more; return how many."""
    return int(await database.projector.fetchval(SQL["projection/sweep"]))


async def generations(database: Database) -> list[dict[str, Any]]:
    """Return every generation: schema, projection, digest, role, state, position, …."""
    return [dict(row) for row in await database.projector.fetch(SQL["projection/generations"])]
