"""What operators do with generations; each act is recorded in the log with who did it and why."""

from typing import Any

from service.database import Database
from service.projection import engine
from service.projection.act import Act
from service.refusal import NotFound, StateConflict
from service.sql import SQL


class NoCandidate(StateConflict):
    """No generation of this projection is waiting to be swapped in; rebuild it first."""


class NoPrevious(StateConflict):
    """No generation of this projection is kept to roll back to."""


class NothingToPause(StateConflict):
    """This projection is not advancing, so there is nothing to pause."""


class NothingToResume(StateConflict):
    """This projection is neither paused nor stopped."""


async def swap(
    database: Database, name: str, act: Act, *, patience: float = engine.PATIENCE
) -> str:
    """Let the candidate serve; return its schema. Raises `NoCandidate`, `engine.ViewsHeld`."""
    waiting = await generation(database, name, "candidate")
    if waiting is None:
        raise NoCandidate
    schema = str(waiting["schema"])
    await engine.build(database, name, schema)
    await engine.swap(database, [schema], act, patience=patience)
    return schema


async def roll_back(
    database: Database,
    name: str,
    act: Act,
    progress: engine.Progress = engine.silent,
    *,
    patience: float = engine.PATIENCE,
) -> str:
    """Let the previous generation serve again; return its schema.

    The one that served is kept as the previous one, and no start of the service swaps it in
    again: an operator may, or another text. Raises `NoPrevious`, `engine.ViewsHeld`.
    """
    kept = await generation(database, name, "previous")
    if kept is None:
        raise NoPrevious
    schema = str(kept["schema"])
    await engine.build(database, name, schema, progress)
    await engine.swap(database, [schema], act, "projection.rolled-back", patience=patience)
    return schema


async def pause(database: Database, name: str, act: Act) -> None:
    """Let a projection stay where it is while the others advance. Raises `NothingToPause`."""
    if not await database.projector.fetchval(SQL["projection/pause"], name, *_note(act)):
        raise NothingToPause


async def resume(database: Database, name: str, act: Act) -> None:
    """Let a projection that was paused or stopped catch up and go on. Raises `NothingToResume`."""
    if not await database.projector.fetchval(SQL["projection/resume"], name, *_note(act)):
        raise NothingToResume


async def drop(database: Database, schema: str, act: Act) -> None:
    """Drop a generation that does not serve. Raises NotFound, and StateConflict if it serves."""
    found = [row for row in await engine.generations(database) if row["schema"] == schema]
    if not found:
        raise NotFound(f"There is no generation {schema}.")
    if found[0]["role"] == "serving":
        raise StateConflict(f"The generation {schema} serves; swap another in first.")
    name = found[0]["projection"]
    data = {"projection": name, "generation": schema, "reason": act.reason}
    await database.projector.execute(
        SQL["projection/drop"], schema, name, act.tenant_id, data, act.metadata
    )


async def reset(database: Database, act: Act) -> None:
    """Forget every generation and stand at position 0 of this log, as after a restore."""
    await database.projector.execute(SQL["projection/reset"], *_note(act))


async def generation(database: Database, name: str, role: str) -> dict[str, Any] | None:
    """Return the newest generation of a projection that has this role, or None."""
    rows = await engine.generations(database)
    found = [row for row in rows if row["projection"] == name and row["role"] == role]
    return found[-1] if found else None


def _note(act: Act) -> tuple[Any, ...]:
    return act.tenant_id, act.reason, act.metadata
