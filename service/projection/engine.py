"""The projection engine: generations are installed, built beside what serves, and published."""

import hashlib
import logging
from collections.abc import Callable
from typing import Final

from service.database import Database
from service.projection.text import Projection, projections, views
from service.sql import SQL

STEP: Final = 20_000
"""Events a call folds in a build: large enough for set-based speed, small enough to be seen."""
BUILD_SECONDS: Final = 600.0

Progress = Callable[[str, int, int], None]
log = logging.getLogger(__name__)


def silent(projection: str, position: int, tail: int) -> None:
    """Report nothing of a build."""


async def prepare(database: Database, progress: Progress = silent) -> None:
    """Bring every projection to its present text: build what is new, then let it serve.

    Safe in any number of processes at once, and to repeat after a crash at any point.
    """
    for current in projections():
        await install(database, current, current.schema)
    served = {row["schema"] for row in await generations(database) if row["state"] != "building"}
    for current in projections():
        if not _serves(current, served):
            await build(database, current.name, current.schema, progress)
    await publish(database, [p.schema for p in projections() if not _serves(p, served)])


async def rebuild(database: Database, current: Projection, progress: Progress = silent) -> str:
    """Build the projection anew from its text beside what serves, swap, and return its schema."""
    taken = {row["schema"] for row in await generations(database)}
    again = (f"{current.schema}_{number}" for number in range(1, len(taken) + 2))
    schema = next(name for name in again if name not in taken)
    await install(database, current, schema)
    await build(database, current.name, schema, progress)
    await publish(database, [schema])
    return schema


async def install(database: Database, current: Projection, schema: str) -> bool:
    """Make the generation's schema unless it is there; return whether it was made."""
    arguments = (schema, current.name, current.digest, list(current.types), current.script)
    return bool(await database.projector.fetchval(SQL["projection/install"], *arguments))


async def build(
    database: Database, name: str, schema: str, progress: Progress = silent, step: int = STEP
) -> None:
    """Fold the log into a generation until it is as far as the tail."""
    while True:
        row = await database.projector.fetchrow(
            SQL["projection/build"], schema, step, timeout=BUILD_SECONDS
        )
        progress(name, row["reached"], row["tail"])
        if row["reached"] >= row["tail"]:
            return


async def publish(database: Database, schemas: list[str]) -> None:
    """Let `schemas` serve in place of their projections' earlier generations."""
    rows = await generations(database)
    serving = {row["projection"]: str(row["schema"]) for row in rows if row["state"] != "building"}
    serving |= {row["projection"]: str(row["schema"]) for row in rows if row["schema"] in schemas}
    digest = hashlib.sha256("\n".join([views(), *sorted(serving.values())]).encode()).hexdigest()
    changed = await database.projector.fetchval(
        SQL["projection/publish"], schemas, views(), digest, timeout=BUILD_SECONDS
    )
    if changed:
        log.info("the views now read %s", ", ".join(schemas) or "their new texts")


async def generations(database: Database) -> list[dict[str, object]]:
    """Return every generation: schema, projection, digest, state, position."""
    return [dict(row) for row in await database.projector.fetch(SQL["projection/generations"])]


def _serves(current: Projection, served: set[object]) -> bool:
    return any(str(schema).startswith(current.schema) for schema in served)
