"""What happens to a job, in the words of its domain."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given as for_any
from hypothesis import strategies as st
from msgspec import Struct

from service.job.decider import (
    JOB,
    Advance,
    Cancel,
    Command,
    Complete,
    Create,
    Ended,
    Fail,
    JobCompletedAlready,
    JobEnded,
    JobNotEnded,
    NoSuchJob,
    Queued,
    Retry,
    Running,
    Start,
    State,
)
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
from service.refusal import Refusal
from tests.given import given
from tests.shapes import reachable, structs

COURSE = UUID("c0000000-0000-4000-8000-000000000001")
LATER = datetime(2026, 3, 1, 12, tzinfo=UTC)
CREATED = JobCreated("course", COURSE, "ann", 5)
STARTED = JobStarted("course", COURSE, "w1", 1)
COMPLETED = JobCompleted("course", COURSE)
FAILED = JobFailed("course", COURSE, "No sources.", "Add some.", retryable=False, attempt=1)
CANCELLED = JobCancelled("course", COURSE, "enough")
ENDINGS = [COMPLETED, FAILED, CANCELLED]


def test_a_job_is_created_with_all_that_its_worker_needs() -> None:
    given(JOB).when(Create("course", COURSE, "ann", 5)).then(CREATED)


def test_a_job_is_created_once() -> None:
    given(JOB, CREATED).when(Create("lesson", COURSE, "bob")).then()


@pytest.mark.parametrize(
    "command", [Start("w"), Advance(1, 2, "x"), Complete(), Fail("", "", True), Cancel(), Retry()]
)
def test_nothing_can_be_done_to_a_job_that_was_never_created(command: Command) -> None:
    given(JOB).when(command).refused(NoSuchJob)


def test_a_worker_starts_a_queued_job() -> None:
    given(JOB, CREATED).when(Start("w1")).then(STARTED)


def test_a_job_whose_worker_was_lost_is_started_again_as_the_next_attempt() -> None:
    given(JOB, CREATED, STARTED).when(Start("w2")).then(JobStarted("course", COURSE, "w2", 2))


def test_a_step_is_noted() -> None:
    given(JOB, CREATED, STARTED).when(Advance(1, 5, "Outline")).then(JobAdvanced(1, 5, "Outline"))


def test_a_job_completes() -> None:
    given(JOB, CREATED, STARTED).when(Complete()).then(COMPLETED)


def test_a_failure_without_another_attempt_ends_the_job_with_advice() -> None:
    failing = Fail("No sources.", "Add some.", retryable=False)

    given(JOB, CREATED, STARTED).when(failing).then(FAILED)


def test_a_failure_that_may_pass_schedules_the_next_attempt() -> None:
    failing = Fail("Rate limit.", "Wait.", retryable=True, retry_at=LATER)

    given(JOB, CREATED, STARTED).when(failing).then(JobRetryScheduled(LATER, "Rate limit.", 1))


def test_attempts_are_counted_over_scheduled_retries() -> None:
    again = (CREATED, STARTED, JobRetryScheduled(LATER, "Rate limit.", 1))

    given(JOB, *again).when(Start("w1")).then(JobStarted("course", COURSE, "w1", 2))


def test_a_throttled_attempt_waits_as_long_as_it_was_asked_to() -> None:
    throttled = Fail("Too many.", "Wait.", retryable=True, retry_at=LATER, throttled=True)
    waiting = JobRetryScheduled(LATER, "Too many.", 1, throttled=True)

    given(JOB, CREATED, STARTED).when(throttled).then(waiting)


def failures(*events: Event) -> int:
    state = JOB.fold([CREATED, STARTED, *events])
    assert isinstance(state, Running | Queued)
    return state.failures


def test_failures_are_counted_but_not_those_who_were_only_told_to_wait() -> None:
    failed = JobRetryScheduled(LATER, "Busy.", 1)
    throttled = JobRetryScheduled(LATER, "Too many.", 1, throttled=True)

    assert failures(failed, STARTED, throttled, STARTED, failed) == 2


def test_a_lost_worker_is_no_failure_of_the_job() -> None:
    assert failures(STARTED, STARTED, STARTED) == 0


def test_who_gets_further_has_got_over_what_failed_before() -> None:
    failed = JobRetryScheduled(LATER, "Busy.", 1)

    assert failures(failed, STARTED, JobAdvanced(1, 5, "Outline")) == 0
    assert failures(JobAdvanced(1, 5, "Outline"), failed, STARTED) == 1


def test_the_same_step_again_is_no_way_further() -> None:
    step, failed = JobAdvanced(1, 5, "Outline"), JobRetryScheduled(LATER, "Busy.", 1)

    assert failures(step, failed, STARTED, step) == 1


def test_a_running_job_is_cancelled() -> None:
    given(JOB, CREATED, STARTED).when(Cancel("enough")).then(CANCELLED)


def test_a_queued_job_is_cancelled() -> None:
    given(JOB, CREATED).when(Cancel("enough")).then(CANCELLED)


def test_cancelling_twice_is_once() -> None:
    given(JOB, CREATED).when(Cancel("enough"), Cancel("again")).then()


@pytest.mark.parametrize("ending", [COMPLETED, FAILED])
def test_a_job_that_ended_by_itself_cannot_be_cancelled(ending: Struct) -> None:
    given(JOB, CREATED, ending).when(Cancel()).refused(JobEnded)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    "command", [Start("w"), Advance(1, 2, "x"), Complete(), Fail("", "", True)]
)
def test_a_worker_that_comes_late_is_told_that_the_job_has_ended(
    command: Command, ending: Struct
) -> None:
    given(JOB, CREATED, STARTED, ending).when(command).refused(JobEnded)


@pytest.mark.parametrize("ending", [FAILED, CANCELLED])
def test_a_failed_or_cancelled_job_is_taken_up_again_with_its_priority(ending: Struct) -> None:
    given(JOB, CREATED, STARTED, ending).when(Retry()).then(JobRequeued("course", COURSE, 5))


def test_a_job_that_is_taken_up_again_counts_its_attempts_from_one() -> None:
    given(JOB, CREATED, STARTED, FAILED).when(Retry(), Start("w1")).then(STARTED)


def test_a_job_under_way_cannot_be_retried() -> None:
    given(JOB, CREATED, STARTED).when(Retry()).refused(JobNotEnded)


def test_a_completed_job_cannot_be_retried() -> None:
    given(JOB, CREATED, STARTED, COMPLETED).when(Retry()).refused(JobCompletedAlready)


COMMANDS = st.one_of(
    *(structs(kind) for kind in (Create, Start, Advance, Complete, Fail, Cancel, Retry))
)
EVENTS = st.one_of(*(structs(kind) for kind in JOB.events))
IDEMPOTENT = (Create, Cancel)


@for_any(reachable(JOB, COMMANDS), COMMANDS)
def test_any_command_in_any_state_is_decided_or_refused(
    events: list[Any], command: Command
) -> None:
    caused: Sequence[Struct] = ()
    with suppress(Refusal):
        caused = JOB.decide(command, JOB.fold(events))

    assert all(isinstance(event, JOB.events) for event in caused)


@for_any(reachable(JOB, COMMANDS), COMMANDS)
def test_an_idempotent_command_decided_again_adds_nothing(
    events: list[Any], command: Command
) -> None:
    state = JOB.fold(events)
    try:
        after = JOB.fold(JOB.decide(command, state), state)
    except Refusal:
        return

    if isinstance(command, IDEMPOTENT):
        assert JOB.decide(command, after) == ()


@for_any(st.lists(EVENTS))
def test_events_fold_into_a_state_in_any_order(events: list[Any]) -> None:
    assert isinstance(JOB.fold(events), State)


@for_any(reachable(JOB, COMMANDS))
def test_attempts_are_numbered_from_one_between_requeues(events: list[Any]) -> None:
    number = 0
    for event in events:
        if isinstance(event, JobRequeued):
            number = 0
        if isinstance(event, JobStarted):
            number += 1
            assert event.attempt == number


@for_any(reachable(JOB, COMMANDS))
def test_an_ended_job_stays_ended_until_it_is_requeued(events: list[Any]) -> None:
    for before, event in zip(range(len(events)), events, strict=True):
        if isinstance(JOB.fold(events[:before]), Ended):
            assert isinstance(event, JobRequeued)


def test_a_started_job_is_running() -> None:
    assert isinstance(JOB.fold([CREATED, STARTED]), Running)
