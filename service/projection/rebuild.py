"""An operator's rebuild: built beside what serves, compared with it, swapped in once approved."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import asyncpg
from msgspec import Struct

from service.database import Database
from service.projection import desk, diff, engine
from service.projection.act import Act
from service.projection.diff import Difference
from service.projection.text import PROJECTIONS, projection
from service.refusal import NotFound, StateConflict
from service.sql import SQL

PAUSE: Final = 0.2
"""Seconds before two generations are compared again that stood at different positions."""


class UnknownProjection(NotFound):
    """There is no projection of this name."""


class NothingToCompare(StateConflict):
    """Only one generation of this projection is there; rebuild it first."""


class ViewInTheWay(StateConflict):
    """Somebody's own view is built on one that the swap makes anew; nothing was changed."""


class Pair(Struct, frozen=True):
    """Two generations to compare, by schema; `role` is what the right one is for."""

    left: str
    right: str
    role: str


async def known(database: Database, name: str) -> None:
    """Raise `UnknownProjection` for a name that neither a text nor a generation has."""
    if name in PROJECTIONS:
        return
    if all(row["projection"] != name for row in await engine.generations(database)):
        there = ", ".join(PROJECTIONS)
        raise UnknownProjection(f"There is no projection {name}; there are {there}.")


async def candidate(
    database: Database, name: str, act: Act, progress: engine.Progress = engine.silent
) -> str:
    """Build a candidate until it follows the tail, and return its schema.

    Records projection.built. Raises `UnknownProjection`, `engine.Stopped`.
    """
    if name not in PROJECTIONS:
        raise UnknownProjection(f"There is no text of a projection {name}.")
    schema = await engine.candidate(database, projection(name), progress)
    await record(database, name, "projection.built", act, {"generation": schema})
    return schema


async def pair(database: Database, name: str) -> Pair:
    """Return what serves and what waits, or else what was before and what serves.

    Raises `UnknownProjection`, `NothingToCompare`.
    """
    await known(database, name)
    serving = await desk.generation(database, name, "serving")
    if serving and (waiting := await desk.generation(database, name, "candidate")):
        return Pair(serving["schema"], waiting["schema"], "candidate")
    if serving and (kept := await desk.generation(database, name, "previous")):
        return Pair(kept["schema"], serving["schema"], "serving")
    raise NothingToCompare


async def compare(
    database: Database,
    name: str,
    of: Pair,
    samples: int = 5,
    progress: engine.Progress = engine.silent,
) -> Difference:
    """Return how the two differ, once both stand at one position.

    Raises `diff.Apart` where they do not come to, `engine.Stopped` where one cannot move.
    """
    for _ in range(diff.TRIES):
        await _level(database, name, of, progress)
        try:
            return await diff.diff(database, of.left, of.right, samples)
        except diff.Apart:
            await asyncio.sleep(PAUSE)
    return await diff.diff(database, of.left, of.right, samples)


async def _level(database: Database, name: str, of: Pair, progress: engine.Progress) -> None:
    """Bring to the tail what nobody else brings there: a candidate for good, a previous one now."""
    behind = of.right if of.role == "candidate" else of.left
    await engine.build(database, name, behind, progress)
    if of.role == "candidate":
        await engine.join(database, behind)


async def verify(
    database: Database,
    name: str,
    act: Act,
    progress: engine.Progress = engine.silent,
    samples: int = 5,
) -> Difference:
    """Build what serves once more from its text, and return what differs: nothing should.

    Records projection.verified with what was found. Raises what `diff.verify` raises.
    """
    await known(database, name)
    found = await diff.verify(database, name, progress, samples)
    facts = {"generation": found.left, "position": found.position, "clean": found.clean}
    await record(database, name, "projection.verified", act, facts)
    return found


async def record(
    database: Database,
    name: str,
    type: str,  # noqa: A002 - an event's tag
    act: Act,
    facts: Mapping[str, Any],
) -> None:
    """Append an event of what an operator did to a projection."""
    data = {"projection": name, **facts, "reason": act.reason}
    await database.projector.fetchval(
        SQL["projection/record"], name, type, act.tenant_id, data, act.metadata
    )


@contextmanager
def swapping() -> Iterator[None]:
    """Say in a sentence whose view keeps a swap from making ours anew. Raises `ViewInTheWay`."""
    try:
        yield
    except asyncpg.DependentObjectsStillExistError as error:
        detail = (error.detail or str(error)).splitlines()[0]
        raise ViewInTheWay(f"Nothing was swapped: {detail}; drop that one first.") from error
