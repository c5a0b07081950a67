"""Scratch generations: built beside everything else for one operator's question, then dropped."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

from msgspec import Struct

from service.database import Database
from service.projection import engine
from service.refusal import NotFound
from service.sql import SQL

SECONDS: Final = engine.BUILD_SECONDS
"""Deadline of one statement that compares or replaces a whole generation."""


class NoProjection(NotFound):
    """No generation of this projection serves."""


class Generation(Struct, frozen=True):
    """A generation and where it stands; `state` is `following` where that is the tail."""

    projection: str
    schema: str
    role: str
    state: str
    types: Sequence[str]
    position: int

    def folds(self, type: str) -> bool:  # noqa: A002 - an event's tag
        """Tell whether it folds events of a type."""
        return type in self.types or "*" in self.types


async def standing(database: Database, name: str | None = None) -> list[Generation]:
    """Return the generations of a projection, or of all, that serve, wait, or are kept."""
    rows = await database.queries.fetch(SQL["projection/standing"], name)
    return [Generation(**row) for row in rows]


async def serving(database: Database, name: str) -> Generation:
    """Return the generation that serves a projection. Raises `NoProjection`."""
    found = await standing(database, name)
    if not found or found[0].role != "serving":
        raise NoProjection(f"No generation of a projection {name} serves.")
    return found[0]


@asynccontextmanager
async def beside(
    database: Database, source: str, *, upto: int | None = None, tenants: list[UUID] | None = None
) -> AsyncIterator[str]:
    """Yield the schema of an empty generation made from the text of `source`.

    It ends at position `upto`, and holds the rows of `tenants` only, where these are given. It is
    dropped in every case; should this process be killed, whoever sweeps drops it an hour later.
    """
    schema = await database.projector.fetchval(
        SQL["projection/install_scratch"], source, upto, tenants
    )
    try:
        yield schema
    finally:
        dropping = asyncio.ensure_future(drop(database, schema))
        await asyncio.shield(dropping)


async def build(
    database: Database, name: str, schema: str, progress: engine.Progress = engine.silent
) -> None:
    """Fold the log into a scratch generation as far as it is to go. Raises `engine.Stopped`."""
    await engine.build(database, name, schema, progress, statement="projection/build_scratch")


async def drop(database: Database, schema: str) -> None:
    """Drop a scratch generation; while a reader holds it, only give it up."""
    await database.projector.execute(SQL["projection/retire_scratch"], schema)
    await database.projector.fetchval(SQL["projection/sweep"])
