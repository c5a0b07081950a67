"""Parked streams: what a projection could not fold, trying it again, and letting it go."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from service.database import Database
from service.projection import scratch
from service.projection.act import Act
from service.projection.replay import Replayed, Scope, replayed, scope_of
from service.projection.scratch import Generation
from service.refusal import Invalid, NotFound
from service.sql import SQL


class NotParked(NotFound):
    """This stream is not parked for this projection."""


class Parked(Struct, frozen=True):
    """A stream that a generation folds no further: its event at `position` fails with `error`.

    `waiting` counts its later events, which are folded in order once that one is dealt with.
    """

    projection: str
    generation: str
    role: str
    stream_id: UUID
    tenant_id: UUID
    version: int
    position: int
    type: str
    error: str
    parked_at: datetime
    waiting: int


class Discarded(Struct, frozen=True):
    """An event that an operator has taken out of a projection; the log keeps it."""

    projection: str
    position: int
    stream_id: UUID
    tenant_id: UUID
    type: str
    actor: str
    reason: str
    discarded_at: datetime


class Tried(Struct, frozen=True):
    """What came of a retry or a discard: what was replayed, and what is parked (again) after it."""

    replayed: list[Replayed]
    parked: list[Parked]


async def parked(
    database: Database, name: str | None = None, stream: UUID | None = None
) -> list[Parked]:
    """Return what is parked for one projection or all."""
    rows = await database.queries.fetch(SQL["projection/parked"], name, stream)
    return [Parked(**row) for row in rows]


async def discarded(database: Database, name: str | None = None) -> list[Discarded]:
    """Return what was taken out of one projection or all."""
    rows = await database.queries.fetch(SQL["projection/discarded"], name)
    return [Discarded(**row) for row in rows]


async def retry(database: Database, name: str, stream: UUID, act: Act) -> Tried:
    """Fold a parked stream again, so that its rows equal those of a full rebuild.

    What fails again is parked again, with its error of now. Records projection.retried. Raises
    `NotParked`, and what `replay.replayed` raises.
    """
    affected = {each.generation for each in await parked(database, name, stream)}
    if not affected:
        raise NotParked(f"The stream {stream} is not parked for {name}.")
    targets = [each for each in await scratch.standing(database, name) if each.schema in affected]
    facts: dict[str, object] = {"stream": stream}
    return await _tried(database, targets, stream, act, type="projection.retried", facts=facts)


async def discard(database: Database, name: str, position: int, act: Act) -> Tried:
    """Take an event out of a projection, and make its stream's rows anew without it.

    Every generation of the projection does without it from now on. Records projection.discarded.
    Safe to repeat. Raises `scratch.NoProjection`, NotFound where there is no such event, Invalid
    where the projection does not fold its type, and what `replay.replayed` raises.
    """
    event = await database.queries.fetchrow(SQL["projection/event"], position)
    if event is None:
        raise NotFound(f"There is no event at position {position}.")
    if not (await scratch.serving(database, name)).folds(event["type"]):
        raise Invalid(f"The projection {name} does not fold {event['type']}, so it stays as it is.")
    await database.projector.fetchval(
        SQL["projection/discard"], name, position, act.actor, act.reason
    )
    reached = [
        each
        for each in await scratch.standing(database, name)
        if each.role == "serving" or each.position >= position
    ]
    facts = {"stream": event["stream_id"], "discarded": position, "type": event["type"]}
    return await _tried(
        database, reached, event["stream_id"], act, type="projection.discarded", facts=facts
    )


async def _tried(
    database: Database,
    targets: list[Generation],
    stream: UUID,
    act: Act,
    *,
    type: str,  # noqa: A002 - an event's tag
    facts: dict[str, object],
) -> Tried:
    """Replay a stream in several generations; the first of them is the one that is recorded."""
    done = []
    for target in targets:
        scope: Scope = await scope_of(database, target, [stream])
        kind = type if target is targets[0] else None
        done.append(await replayed(database, target, scope, act, kind, facts=facts))
    return Tried(done, await parked(database, targets[0].projection, stream) if targets else [])
