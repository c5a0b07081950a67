"""What is answered where a job was asked for: what it makes, and where to follow it."""

from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from service.http.call import Answer, Call, receipt_headers
from service.http.header import prefer_wait
from service.job import http as job
from service.job.decider import JOB, Cancel, Create, Retry
from service.log.commit import Receipt
from service.log.handle import Write


class Regenerate(Struct, frozen=True, forbid_unknown_fields=True):
    """What to do differently this time."""

    instructions: Annotated[str, Meta(max_length=2000, examples=["More examples."])] = ""


class Requested(Struct, frozen=True):
    """What was asked for: `job_id` makes what is wanted of `id`.

    `version` is that of the stream that the request was written to; `position` is null while
    it waits on the disk, since the database is away.
    """

    id: UUID
    job_id: UUID
    version: int
    position: int | None


async def accepted(
    call: Call[Any, Any], receipt: Receipt, requested: Requested
) -> Answer[Requested]:
    """Answer with what a job is now making, after waiting for it if the caller prefers that."""
    headers = receipt_headers(receipt, requested.version, job.location(requested.job_id))
    seconds = prefer_wait(call.request.headers.get("Prefer"))
    if seconds and receipt.position:
        await job.outcome(call, requested.job_id, receipt.position, seconds)
        headers["Preference-Applied"] = f"wait={seconds}"
    return Answer(requested, headers)


async def queued(call: Call[Any, Any], wanted: Create) -> Answer[Requested]:
    """Queue a job of its own for something that is there, and answer with it."""
    of, job_id = call.resources, call.resources.new_id()
    events = JOB.decide(wanted, JOB.initial)
    receipt = await of.log.append(call.context, Write(JOB, job_id, 0, events))
    return await written(call, receipt, wanted.target)


async def steered(
    call: Call[Any, Any], target: UUID, job_id: UUID, wanted: Cancel | Retry
) -> Answer[Requested]:
    """Decide a command on the job that makes `target`, and answer with it."""
    receipt = await call.resources.log.handle(JOB, job_id, wanted, call.context)
    return await written(call, receipt, target)


async def answered(call: Call[Any, Any], target: UUID) -> Answer[Requested] | None:
    """Return what the same request was answered with before, if it was: whatever came since.

    To be asked for before anything is looked at that may have changed. Raises KeyReused.
    """
    receipt = await call.resources.log.receipt(call.context)
    return None if receipt is None else await written(call, receipt, target)


async def written(call: Call[Any, Any], receipt: Receipt, target: UUID) -> Answer[Requested]:
    """Answer where the job's stream alone was written."""
    ((job_id, version),) = receipt.versions
    return await accepted(call, receipt, Requested(target, job_id, version, receipt.position))
