"""Is it alive, is it ready, and how does it do."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final, Literal

from aiohttp import web
from msgspec import Struct

from service.http.body import Nothing
from service.http.call import Answer, Call, Read
from service.http.metrics import METRICS
from service.refusal import Unavailable
from service.sql import SQL

ASK_SECONDS: Final = 0.5
"""What a database that is there needs at most to answer a health question."""
SILENT_SECONDS: Final = 15.0
"""A projector leaves a sign of life every two seconds or so; after this long it is dead."""

Verdict = Literal["pass", "warn", "fail"]


class Check(Struct, frozen=True):
    """One thing that was looked at, and a sentence about it."""

    name: str
    status: Verdict
    detail: str


class Health(Struct, frozen=True):
    """The worst of the checks, and the checks."""

    status: Verdict
    checks: list[Check]


class ProjectionView(Struct, frozen=True):
    """How far a projection has come; ages are in seconds, None where there never was a sign."""

    name: str
    state: str
    position: int
    head: int
    lag: int
    generation: str
    error: str | None
    age: float | None
    heartbeat_age: float | None


async def live(call: Call[Nothing, Nothing]) -> Answer[Health]:
    """Say that the process answers; nothing else is asked, so that no outage elsewhere kills it."""
    del call
    return Answer(Health("pass", [Check("process", "pass", "The process answers.")]))


async def ready(call: Call[Nothing, Nothing]) -> Answer[Health]:
    """Say whether requests will find what they need: 200 if so, 503 if not."""
    state = call.resources.state
    phase: Verdict = "pass" if state.phase == "ready" else "fail"
    checks = [Check("service", phase, state.reason)]
    if state.phase != "starting":  # until then the database may not even have our tables
        checks += await database_checks(call)
    verdicts = [check.status for check in checks]
    worst = max(verdicts, key=("pass", "warn", "fail").index)
    return Answer(Health(worst, checks), status=503 if worst == "fail" else 200)


async def projections(call: Call[Nothing, Read]) -> Answer[list[ProjectionView]]:
    """List the projections and how far each has come."""
    return Answer(await freshness(call))


async def metrics(call: Call[Nothing, Nothing]) -> web.Response:
    """Report measurements in the Prometheus text format.

    What only the database knows is left at its last value while the database is away.
    """
    measured = call.request.app[METRICS]
    measured.streams.set(len(call.resources.streams))
    measured.pool.set(call.resources.database.in_use)
    if call.resources.state.phase == "starting":
        return web.Response(body=measured.text(), headers={"Content-Type": measured.media_type})
    try:
        async with asyncio.timeout(ASK_SECONDS):
            measured.note(await freshness(call))
            for row in await call.resources.database.ops.fetch(SQL["job/depth"]):
                measured.jobs.labels(row["status"]).set(row["jobs"])
    except (Unavailable, TimeoutError):
        pass
    return web.Response(body=measured.text(), headers={"Content-Type": measured.media_type})


async def database_checks(call: Call[Any, Any]) -> Sequence[Check]:
    """Ask the database, in half a second, whether it is there and a projector alive."""
    try:
        async with asyncio.timeout(ASK_SECONDS):
            rows = await freshness(call)
    except (Unavailable, TimeoutError):
        return [Check("database", "fail", "The database does not answer.")]
    return [Check("database", "pass", "The database answers."), projector_check(rows)]


def projector_check(rows: Sequence[ProjectionView]) -> Check:
    """Tell a quiet projector from a dead one: reads grow stale, but they still answer."""
    silent = min((row.heartbeat_age or float("inf") for row in rows), default=float("inf"))
    stopped = [row.name for row in rows if row.error]
    if silent > SILENT_SECONDS:
        return Check("projector", "warn", "No projector is at work; reads are getting stale.")
    if stopped:
        return Check("projector", "warn", f"Stopped by an error: {', '.join(stopped)}.")
    return Check("projector", "pass", f"The projector showed itself {silent:.1f} seconds ago.")


async def freshness(call: Call[Any, Any]) -> list[ProjectionView]:
    """Return how far each projection has come. Raises Unavailable."""
    rows = await call.resources.database.ops.fetch(SQL["projection/freshness"])
    return [ProjectionView(**row) for row in rows]
