"""Jobs over HTTP: where each stands, live, and stopping or retrying it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from aiohttp import web
from msgspec import Meta, Struct

from service.http import guard, sse
from service.http.body import Nothing
from service.http.call import Answer, Call, Committed, Position, Read, committed
from service.http.header import prefer_wait
from service.http.sse import Message
from service.job import views
from service.job.decider import (
    JOB,
    Cancel,
    JobCompletedAlready,
    JobEnded,
    JobNotEnded,
    NoSuchJob,
    Retry,
)
from service.job.views import JobView
from service.log.event import Recorded, decoded, read_range

ENDED: Final = frozenset({"COMPLETED", "FAILED", "CANCELLED"})
EVENTS_MAX: Final = 1000

FOUND: Final = (NoSuchJob,)
CANCELLED: Final = (NoSuchJob, JobEnded)
RETRIED: Final = (NoSuchJob, JobNotEnded, JobCompletedAlready)
"""What may stand in the way of a command on a job."""


class StopJob(Struct, frozen=True, forbid_unknown_fields=True):
    """Why a job is to be stopped."""

    reason: Annotated[str, Meta(max_length=500, examples=["The topic was wrong."])] = ""


class Follow(Struct, frozen=True, forbid_unknown_fields=True):
    """Where to go on in a job's progress."""

    after: Position = 0


async def show(call: Call[Nothing, Read]) -> Answer[JobView]:
    """Show where a job stands.

    With `Prefer: wait=N` the answer waits up to N seconds (10 at most) for the job to end.
    """
    seconds = prefer_wait(call.request.headers.get("Prefer"))
    job = await ended(call, call.path["job"], seconds)
    return Answer(job, {"Preference-Applied": f"wait={seconds}"} if seconds else {})


async def cancel(call: Call[StopJob, Nothing]) -> Answer[Committed]:
    """Stop a job; what it has made until then stays."""
    return await command(call, Cancel(call.body.reason))


async def retry(call: Call[Nothing, Nothing]) -> Answer[Committed]:
    """Take a failed or cancelled job up again; what it has made is kept."""
    return await command(call, Retry())


async def command(call: Call[Any, Any], wanted: Cancel | Retry) -> Answer[Committed]:
    """Decide a command on the job of the path."""
    receipt = await call.resources.log.handle(
        JOB, call.path["job"], wanted, call.context, expected_version=call.expected_version
    )
    return committed(receipt, location(call.path["job"]))


async def follow(call: Call[Nothing, Follow]) -> web.StreamResponse:
    """Follow a job live, in words a person understands; the stream ends with the job.

    Each event's id is a position: a client that was cut off goes on from it with `Last-Event-ID`,
    and is told with 204 that there is no more to come.
    """
    after = await guard.resumed(call, call.query.after)
    recorded = await steps(call, 0)
    if not recorded:
        raise NoSuchJob
    if over(recorded[-1]) and recorded[-1].position <= after:
        return web.Response(status=204)
    return await sse.serve(call.request, call.principal, call.resources.streams, live(call, after))


async def live(call: Call[Any, Any], after: int) -> AsyncIterator[Sequence[Message]]:
    """Yield what happens to the job until it has ended."""
    while True:
        seen = call.resources.tail.position
        recorded = await steps(call, after)
        if recorded:
            after = recorded[-1].position
            yield [Message(told(event), id=event.position, event="progress") for event in recorded]
            if over(recorded[-1]):
                return
        else:
            await call.resources.follow.beyond(seen)


async def steps(call: Call[Any, Any], after: int) -> Sequence[Recorded]:
    """Return the job's events after a position."""
    database = call.resources.database
    return await read_range(
        database, call.tenant_id, after, stream_id=call.path["job"], limit=EVENTS_MAX
    )


def over(event: Recorded) -> bool:
    """Tell whether a job has ended with this event."""
    return event.type in {"job.completed", "job.failed", "job.cancelled"}


class Progress(Struct, frozen=True, omit_defaults=True):
    """One thing that happened to a job: `text` is for people, the rest for programs."""

    text: str
    status: str
    at: datetime
    step: int | None = None
    of: int | None = None


def told(recorded: Recorded) -> Progress:
    """Return a job's event as its requester wants to hear it."""
    event: Any = decoded(JOB, recorded)
    at = recorded.recorded_at
    match recorded.type:
        case "job.started":
            return Progress(f"Started, attempt {event.attempt}.", "RUNNING", at)
        case "job.advanced":
            return Progress(event.note, "RUNNING", at, event.step, event.of)
        case "job.completed":
            return Progress("Done.", "COMPLETED", at)
        case "job.failed":
            return Progress(f"{event.error} {event.advice}".strip(), "FAILED", at)
        case "job.cancelled":
            return Progress(f"Cancelled. {event.reason}".strip(), "CANCELLED", at)
        case "job.retry-scheduled":
            due = event.at.isoformat(timespec="seconds")
            return Progress(f"{event.error} It is tried again at {due}.", "QUEUED", at)
        case _:
            return Progress("Waiting for a worker.", "QUEUED", at)


async def ended(call: Call[Any, Any], job_id: UUID, seconds: float) -> JobView:
    """Return the job, after waiting up to `seconds` for its end. Raises NoSuchJob."""
    now = asyncio.get_running_loop().time
    deadline = now() + seconds
    while True:
        seen = call.resources.tail.position
        job = await found(call, job_id)
        left = deadline - now()
        if job.status in ENDED or left <= 0:
            return job
        with suppress(TimeoutError):
            async with asyncio.timeout(left):
                await call.resources.follow.beyond(seen)


async def outcome(call: Call[Any, Any], job_id: UUID, position: int, seconds: float) -> None:
    """Wait up to `seconds` for the end of a job that was asked for at `position`."""
    if await call.resources.tail.reached(position, seconds):
        await ended(call, job_id, seconds)


async def found(call: Call[Any, Any], job_id: UUID) -> JobView:
    """Return the job as the read models have it. Raises NoSuchJob."""
    job = await views.job(call.resources.database, call.tenant_id, job_id)
    if job is None:
        raise NoSuchJob
    return job


def location(job_id: UUID) -> str:
    """Return where a job is found."""
    return f"/api/v1/jobs/{job_id}"
