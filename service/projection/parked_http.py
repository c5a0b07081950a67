"""Parked streams over HTTP: listed, tried again, and let go; those of the caller's tenant."""

from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID

from service.database import Database
from service.http.body import Nothing
from service.http.call import Answer, Call
from service.projection import engine, parked, replay
from service.projection.act import Act
from service.projection.http import Why, act_of, discreet, done, named, said
from service.projection.parked import NotParked, Parked, Tried
from service.projection.rebuild import UnknownProjection
from service.projection.scratch import NoProjection

MENDED: Final = (
    UnknownProjection, NoProjection, NotParked, replay.NothingThere, replay.NotReplayed,
    engine.Stopped,
)  # fmt: skip
"""What may stand in the way of mending."""


async def waiting(call: Call[Nothing, Nothing]) -> Answer[list[Parked]]:
    """List the tenant's streams that a projection could not fold, and how many events wait."""
    return Answer(await own(call, await named(call)))


async def retry(call: Call[Why, Nothing]) -> Answer[Tried]:
    """Fold a parked stream again; what fails again is parked again, and listed as such."""
    return await mended(
        call, lambda of, it, act: parked.retry(of, it.projection, it.stream_id, act)
    )


async def discard(call: Call[Why, Nothing]) -> Answer[Tried]:
    """Do without the event at which a parked stream waits, for good; the log keeps it."""
    return await mended(
        call, lambda of, it, act: parked.discard(of, it.projection, it.position, act)
    )


async def mended(
    call: Call[Why, Nothing], does: Callable[[Database, Parked, Act], Awaitable[Tried]]
) -> Answer[Tried]:
    """Do an act on the path's stream, once however often it is asked for with one key."""
    name, act = await named(call), act_of(call, call.body.reason)
    there = await own(call, name, call.path["stream"])
    if await done(call, act):
        return Answer(Tried([], there), said(replayed=True))
    if not there:
        raise NotParked
    with discreet():
        return Answer(await does(call.resources.database, there[0], act))


async def own(call: Call[Any, Any], name: str, stream: UUID | None = None) -> list[Parked]:
    """Return what is parked of the caller's tenant, for what serves first."""
    found = await parked.parked(call.resources.database, name, stream)
    return [each for each in found if each.tenant_id == call.tenant_id]
