"""What is answered where a job was asked for: what it makes, and where to follow it."""

from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from service.http.call import Answer, Call, receipt_headers
from service.http.header import prefer_wait
from service.job import http as job
from service.log.commit import Receipt


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
