"""What happens to a job. Tags and field names are on disk for good."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from msgspec import Struct


class JobCreated(Struct, frozen=True, tag="job.created", tag_field="type"):
    """Somebody asked for something to be generated; `target` is the stream it is for.

    `budget` is what its calls of language models may cost, in US dollars; None: anything.
    """

    kind: str
    target: UUID
    requested_by: str
    priority: int = 0
    number: int | None = None
    instructions: str = ""
    budget: Decimal | None = None


class JobStarted(Struct, frozen=True, tag="job.started", tag_field="type"):
    """A worker took the job up."""

    kind: str
    target: UUID
    worker: str
    attempt: int


class JobAdvanced(Struct, frozen=True, tag="job.advanced", tag_field="type"):
    """One step of `of` is done; `note` says which, in words."""

    step: int
    of: int
    note: str


class JobCompleted(Struct, frozen=True, tag="job.completed", tag_field="type"):
    """All that was asked for has been generated."""

    kind: str
    target: UUID


class JobFailed(Struct, frozen=True, tag="job.failed", tag_field="type"):
    """The job ended without what was asked for; `advice` says what to do."""

    kind: str
    target: UUID
    error: str
    advice: str
    retryable: bool
    attempt: int


class JobRetryScheduled(
    Struct, frozen=True, tag="job.retry-scheduled", tag_field="type", omit_defaults=True
):
    """An attempt failed for a reason that may pass; the next one is due at `at`.

    `throttled`: the provider asked to be left alone until then, and nothing is wrong.
    """

    at: datetime
    error: str
    attempt: int
    throttled: bool = False


class JobCancelled(Struct, frozen=True, tag="job.cancelled", tag_field="type"):
    """Somebody stopped the job; what was made until then stays."""

    kind: str
    target: UUID
    reason: str = ""


class JobRequeued(Struct, frozen=True, tag="job.requeued", tag_field="type"):
    """Somebody asked for an ended job to be taken up again; what was made is kept."""

    kind: str
    target: UUID
    priority: int = 0


Event = (
    JobCreated
    | JobStarted
    | JobAdvanced
    | JobCompleted
    | JobFailed
    | JobRetryScheduled
    | JobCancelled
    | JobRequeued
)
