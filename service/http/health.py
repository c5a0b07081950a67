"""Is it alive, is it ready, and how does it do."""

import asyncio
from collections.abc import Sequence
from typing import Final, Literal

from aiohttp import web
from msgspec import Struct

from service.gateway import subscriber
from service.http.body import Nothing
from service.http.call import Answer, Call, Resources
from service.http.metrics import METRICS
from service.refusal import Unavailable
from service.sql import SQL

ASK_SECONDS: Final = 0.5
"""What a database that is there needs at most to answer a health question."""
GRACE_SECONDS: Final = 2.5
"""How late a projector may be for the next sign of life it has promised, 1.5 seconds at most."""

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
    """How far a projection has come; times are in seconds, None where there never was a sign.

    `overdue` is how late the projector is for the sign of life it has promised, less than 0 while
    it is not; `parked` counts the streams that wait since the fold failed on one of their events.
    """

    name: str
    state: str
    position: int
    head: int
    lag: int
    generation: str
    error: str | None
    age: float | None
    heartbeat_age: float | None
    overdue: float | None
    parked: int


async def live(call: Call[Nothing, Nothing]) -> Answer[Health]:
    """Say that the process answers; nothing else is asked, so that no outage elsewhere kills it."""
    del call
    return Answer(Health("pass", [Check("process", "pass", "The process answers.")]))


async def ready(call: Call[Nothing, Nothing]) -> Answer[Health]:
    """Say whether requests will find what they need: 200 if so, 503 if not."""
    health = await looked_at(call.resources)
    return Answer(health, status=503 if health.status == "fail" else 200)


async def looked_at(of: Resources) -> Health:
    """Return how the service does."""
    phase: Verdict = "pass" if of.state.phase == "ready" else "fail"
    checks = [Check("service", phase, of.state.reason)]
    if of.state.phase != "starting":  # until then the database may not even have our tables
        checks += await database_checks(of)
    if waiting := len(of.intake):
        checks.append(Check("intake", "warn", f"{waiting} requests wait on the disk."))
    checks += [Check(name, "warn", trouble) for name, trouble in of.state.troubles.items()]
    verdicts = [check.status for check in checks]
    return Health(max(verdicts, key=("pass", "warn", "fail").index), checks)


async def metrics(call: Call[Nothing, Nothing]) -> web.Response:
    """Report measurements in the Prometheus text format.

    What only the database knows is left at its last value while the database is away.
    """
    measured = call.request.app[METRICS]
    measured.streams.set(len(call.resources.streams))
    measured.pool.set(call.resources.database.in_use)
    measured.spooled.set(len(call.resources.intake))
    measured.audit_waiting.set(call.resources.audit.waiting)
    measured.audit_dropped.set(call.resources.audit.dropped)
    if call.resources.state.phase == "starting":
        return web.Response(body=measured.text(), headers={"Content-Type": measured.media_type})
    try:
        async with asyncio.timeout(ASK_SECONDS):
            measured.note(await freshness(call.resources))
            for row in await call.resources.database.ops.fetch(SQL["job/depth"]):
                measured.jobs.labels(row["status"]).set(row["jobs"])
    except (Unavailable, TimeoutError):
        pass
    return web.Response(body=measured.text(), headers={"Content-Type": measured.media_type})


async def database_checks(of: Resources) -> Sequence[Check]:
    """Ask the database, in half a second, whether it is there and a projector alive."""
    try:
        async with asyncio.timeout(ASK_SECONDS):
            rows = await freshness(of)
            lines = await subscriber.listed(of.database)
    except (Unavailable, TimeoutError):
        return [Check("database", "fail", "The database does not answer.")]
    well = Check("database", "pass", "The database answers.")
    return [well, projector_check(rows), *subscriber_checks(lines)]


def projector_check(rows: Sequence[ProjectionView]) -> Check:
    """Tell a quiet projector from a dead one.

    It is judged by the promise of its last heartbeat, never by lag alone, which stands still when
    nobody measures it. While nothing waits to be folded, a dead one does no harm yet: "warn". Once
    something waits, reads are stale: "fail".
    """
    late = max((_late(row) for row in rows), default=float("inf"))
    waiting = max((row.lag for row in rows), default=0)
    if any(row.lag < 0 for row in rows):
        return Check("projector", "fail", "The projections stand beyond the log: reset them.")
    if late > GRACE_SECONDS and waiting:
        for_how_long = max(row.age or 0 for row in rows if row.lag)
        sentence = f"No projector is at work: {waiting} events wait since {for_how_long:.1f} s."
        return Check("projector", "fail", sentence)
    if late > GRACE_SECONDS:
        return Check("projector", "warn", "No projector is at work; the next event will wait.")
    return _trouble(rows) or Check("projector", "pass", "The projector is at work.")


def subscriber_checks(lines: Sequence[subscriber.Line]) -> Sequence[Check]:
    """Tell of the subscribers that fail where they run; why they do is for operators alone."""
    return [
        Check(
            f"subscriber {line.name}",
            "warn",
            f"It has failed {line.failures} times in a row, and {line.behind} events wait:"
            " run.py gateway list says why.",
        )
        for line in lines
        if line.failures and line.worker
    ]


def _late(row: ProjectionView) -> float:
    return float("inf") if row.overdue is None else row.overdue


def _trouble(rows: Sequence[ProjectionView]) -> Check | None:
    troubled = [f"{row.name} is {row.state}" for row in rows if row.state != "live"]
    troubled += [f"streams parked by {row.name}: {row.parked}" for row in rows if row.parked]
    return Check("projector", "warn", f"{'; '.join(troubled)}.") if troubled else None


async def freshness(of: Resources) -> list[ProjectionView]:
    """Return how far each projection has come. Raises Unavailable."""
    rows = await of.database.ops.fetch(SQL["projection/freshness"])
    return [ProjectionView(**row) for row in rows]
