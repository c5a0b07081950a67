"""A job: one piece of generation, from its creation to its end, whatever it makes."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final, assert_never
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from service.job.events import (
    Event,
    JobAdvanced,
    JobCancelled,
    JobCompleted,
    JobCreated,
    JobFailed,
    JobRequeued,
    JobRetryScheduled,
    JobStarted,
)
from service.log.decider import Decider
from service.refusal import NotFound, StateConflict

# Commands.


class Create(Struct, frozen=True):
    """Queue a job."""

    kind: str
    target: UUID
    requested_by: str
    priority: int = 0
    number: int | None = None
    instructions: str = ""
    budget: Decimal | None = None


class Start(Struct, frozen=True):
    """Take the job up."""

    worker: str


class Advance(Struct, frozen=True):
    """Note one step as done."""

    step: int
    of: int
    note: str


class Complete(Struct, frozen=True):
    """End the job well."""


class Fail(Struct, frozen=True):
    """Note a failed attempt; with `retry_at` the job goes back to the queue until then.

    One that was `throttled` does not count as failed.
    """

    error: str
    advice: str
    retryable: bool
    retry_at: datetime | None = None
    throttled: bool = False


class Cancel(Struct, frozen=True):
    """Stop the job."""

    reason: str = ""


class Retry(Struct, frozen=True):
    """Take an ended job up again."""


Command = Create | Start | Advance | Complete | Fail | Cancel | Retry


# State.


class Absent(Struct, frozen=True):
    """Nothing has been asked for."""


class Request(Struct, frozen=True):
    """What a job is for; the same through all its stages."""

    kind: str
    target: UUID
    requested_by: str
    priority: int
    number: int | None
    instructions: str
    budget: Decimal | None = None


class Queued(Struct, frozen=True):
    """The job waits for a worker.

    `attempts` is how often one has taken it up, `step` the furthest it has come, and `failures` how
    often it has failed since it came that far.
    """

    request: Request
    attempts: int
    failures: int = 0
    step: int = 0


class Running(Struct, frozen=True):
    """A worker has the job; the numbers are those of `Queued`."""

    request: Request
    attempts: int
    failures: int = 0
    step: int = 0


class Ended(Struct, frozen=True):
    """The job is over: completed, failed or cancelled."""

    request: Request
    attempts: int
    outcome: str


State = Absent | Queued | Running | Ended
INITIAL: Final[State] = Absent()


# Refusals.


class NoSuchJob(NotFound):
    """There is no such job here, or it belongs to somebody else."""


class JobEnded(StateConflict):
    """The job has ended already, so there is nothing to stop."""


class JobNotEnded(StateConflict):
    """The job is still queued or running, so there is nothing to retry; cancel it first."""


class JobCompletedAlready(StateConflict):
    """The job has completed, so there is nothing to retry; ask for a new one instead."""


def create(command: Create, state: State) -> Sequence[Event]:
    """Queue the job, once."""
    if not isinstance(state, Absent):
        return ()
    return (
        JobCreated(
            command.kind,
            command.target,
            command.requested_by,
            command.priority,
            command.number,
            command.instructions,
            command.budget,
        ),
    )


def start(command: Start, state: Queued | Running | Ended) -> Sequence[Event]:
    """Begin the next attempt; a worker that was lost does not end the job."""
    if isinstance(state, Ended):
        raise JobEnded
    request = state.request
    return (JobStarted(request.kind, request.target, command.worker, state.attempts + 1),)


def advance(command: Advance, state: Queued | Running | Ended) -> Sequence[Event]:
    """Note the step while the job is running."""
    if isinstance(state, Ended):
        raise JobEnded
    return (JobAdvanced(command.step, command.of, command.note),)


def complete(state: Queued | Running | Ended) -> Sequence[Event]:
    """End the job well, unless somebody ended it before."""
    if isinstance(state, Ended):
        raise JobEnded
    return (JobCompleted(state.request.kind, state.request.target),)


def fail(command: Fail, state: Queued | Running | Ended) -> Sequence[Event]:
    """Schedule the next attempt, or end the job badly."""
    if isinstance(state, Ended):
        raise JobEnded
    if command.retry_at is not None:
        at, throttled = command.retry_at, command.throttled
        return (JobRetryScheduled(at, command.error, state.attempts, throttled),)
    return (
        JobFailed(
            state.request.kind,
            state.request.target,
            command.error,
            command.advice,
            command.retryable,
            state.attempts,
        ),
    )


def cancel(command: Cancel, state: Queued | Running | Ended) -> Sequence[Event]:
    """Stop a job that has not ended; stopping it twice is once."""
    if isinstance(state, Ended):
        if state.outcome == "cancelled":
            return ()
        raise JobEnded
    return (JobCancelled(state.request.kind, state.request.target, command.reason),)


def retry(state: Queued | Running | Ended) -> Sequence[Event]:
    """Take a failed or cancelled job up again."""
    if not isinstance(state, Ended):
        raise JobNotEnded
    if state.outcome == "completed":
        raise JobCompletedAlready
    return (JobRequeued(state.request.kind, state.request.target, state.request.priority),)


def decide(command: Command, state: State) -> Sequence[Event]:
    """Return what `command` causes. Raises the refusals above."""
    if isinstance(command, Create):
        return create(command, state)
    if isinstance(state, Absent):
        raise NoSuchJob
    match command:
        case Start():
            return start(command, state)
        case Advance():
            return advance(command, state)
        case Complete():
            return complete(state)
        case Fail():
            return fail(command, state)
        case Cancel():
            return cancel(command, state)
        case Retry():
            return retry(state)
        case _:
            assert_never(command)


def evolve(state: State, event: Event) -> State:
    """Return the state after `event`."""
    if isinstance(event, JobCreated):
        return Queued(_request(event), 0)
    if isinstance(state, Absent):
        return state
    match event:
        case JobStarted():
            return Running(state.request, event.attempt, *_trials(state))
        case JobAdvanced():
            return _advanced(state, event.step)
        case JobRetryScheduled():
            failures, step = _trials(state)
            return Queued(state.request, state.attempts, failures + (not event.throttled), step)
        case JobRequeued():
            return Queued(state.request, 0)
        case JobCompleted():
            return Ended(state.request, state.attempts, "completed")
        case JobFailed():
            return Ended(state.request, state.attempts, "failed")
        case JobCancelled():
            return Ended(state.request, state.attempts, "cancelled")
        case _:
            assert_never(event)


def _request(event: JobCreated) -> Request:
    return Request(
        event.kind,
        event.target,
        event.requested_by,
        event.priority,
        event.number,
        event.instructions,
        event.budget,
    )


def _trials(state: Queued | Running | Ended) -> tuple[int, int]:
    """Return how often the job has failed since it came as far as it is, and how far that is."""
    return (0, 0) if isinstance(state, Ended) else (state.failures, state.step)


def _advanced(state: Queued | Running | Ended, step: int) -> Queued | Running | Ended:
    """Return the state a step on: who gets further has got over what failed before."""
    if isinstance(state, Ended) or step <= state.step:
        return state
    return replace(state, failures=0, step=step)


def budget_of(state: State) -> Decimal | None:
    """Return what a job's calls of language models may cost; None: anything, or no such job."""
    return None if isinstance(state, Absent) else state.request.budget


JOB: Final[Decider[Command, State, Event]] = Decider(
    "job",
    (
        JobCreated,
        JobStarted,
        JobAdvanced,
        JobCompleted,
        JobFailed,
        JobRetryScheduled,
        JobCancelled,
        JobRequeued,
    ),
    INITIAL,
    decide,
    evolve,
)
