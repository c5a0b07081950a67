"""Commands against the log: decided on what it says, and again where somebody was faster."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from service.course.commands import ArchiveCourse, RequestCourse
from service.course.decider import COURSE
from service.database import Database
from service.job.decider import (
    JOB,
    Advance,
    Cancel,
    Complete,
    Create,
    JobEnded,
    NoSuchJob,
    Queued,
    Running,
    Start,
)
from service.job.events import (
    JobCompleted,
    JobCreated,
    JobStarted,
)
from service.log.append import GroupAppender
from service.log.commit import Conflict, KeyReused, Receipt, StaleVersion
from service.log.event import PAGE, read_stream
from service.log.handle import DECISIONS, Context, Log, Write
from service.refusal import NotFound
from tests.log.checks import assert_whole

TENANT, FOREIGN, TARGET = uuid4(), uuid4(), uuid4()
CREATE = Create("course", TARGET, "ann")


def context(key: UUID | None = None, fingerprint: bytes = b"", tenant: UUID = TENANT) -> Context:
    return Context(tenant, "ann", uuid4(), key, fingerprint)


@pytest.fixture
async def other(database: Database) -> AsyncIterator[Log]:
    """The log as a second process sees it."""
    appender = GroupAppender(database.connect)
    yield Log(database, appender)
    await appender.close()


async def types(database: Database, stream: UUID) -> list[str]:
    return [event.type for event in await read_stream(database, stream)]


async def test_a_command_becomes_events(log: Log, database: Database) -> None:
    job = uuid4()

    first = await log.handle(JOB, job, CREATE, context())
    second = await log.handle(JOB, job, Start("w"), context())

    assert (first, second) == (Receipt(1, ((job, 1),)), Receipt(2, ((job, 2),)))
    assert await types(database, job) == ["job.created", "job.started"]


async def test_a_command_that_changes_nothing_answers_with_what_stands(log: Log) -> None:
    job = uuid4()
    await log.handle(JOB, job, CREATE, context())

    assert (await log.handle(JOB, job, CREATE, context())).versions == ((job, 1),)


async def test_a_command_is_decided_again_where_another_process_was_faster(
    log: Log, other: Log, database: Database
) -> None:
    job = uuid4()
    await log.handle(JOB, job, CREATE, context())
    await other.handle(JOB, job, Start("w1"), context())

    receipt = await log.handle(JOB, job, Start("w2"), context())

    assert receipt.versions == ((job, 3),)
    state = (await log.load(JOB, job, TENANT)).state
    assert isinstance(state, Running)
    assert state.attempts == 2


async def test_a_refusal_is_only_given_on_what_the_log_says_now(log: Log, other: Log) -> None:
    job = uuid4()
    with pytest.raises(NoSuchJob):
        await log.handle(JOB, job, Start("w"), context())
    await other.handle(JOB, job, CREATE, context())

    receipt = await log.handle(JOB, job, Start("w"), context())

    assert receipt.versions == ((job, 2),)


async def test_a_yes_from_memory_is_taken_back_where_the_log_says_no(log: Log, other: Log) -> None:
    job = uuid4()
    await log.handle(JOB, job, CREATE, context())
    await other.handle(JOB, job, Complete(), context())

    with pytest.raises(JobEnded):
        await log.handle(JOB, job, Start("w"), context())


async def test_what_is_not_there_pushes_nothing_out_of_memory(
    log: Log, database: Database, appender: GroupAppender
) -> None:
    job, small = uuid4(), Log(database, appender, remembered=1)
    await log.handle(JOB, job, CREATE, context())
    await small.load(JOB, job, TENANT)

    assert not (await small.load(JOB, uuid4(), TENANT)).version
    assert small.version(job) == 1


async def test_concurrent_commands_on_one_stream_all_come_through(
    log: Log, other: Log, database: Database
) -> None:
    job = uuid4()
    await log.handle(JOB, job, CREATE, context())

    await asyncio.gather(
        *(
            each.handle(JOB, job, Advance(n, 5, "x"), context())
            for n in range(4)
            for each in (log, other)
        )
    )

    assert await types(database, job) == ["job.created"] + ["job.advanced"] * 8
    await assert_whole(database)


async def test_a_command_that_never_wins_ends_with_the_conflict(
    database: Database, appender: GroupAppender
) -> None:
    class Overtaken(Log):
        """A log on which somebody is faster each time."""

        async def append(self, context: Context, *writes: Write, **kept: Any) -> Receipt:
            before = Write(JOB, writes[0].stream_id, writes[0].expected_version, [faster])
            await super().append(context, before)
            tried.append(writes)
            return await super().append(context, *writes, **kept)

    tried: list[tuple[Write, ...]] = []
    log, job = Overtaken(database, appender), uuid4()
    faster = JobStarted("course", TARGET, "w", 1)

    with pytest.raises(Conflict):
        await log.handle(JOB, job, CREATE, context())

    assert 0 < len(tried) <= DECISIONS


async def test_if_match_lets_a_command_through_at_its_version(log: Log) -> None:
    job = uuid4()
    await log.handle(JOB, job, CREATE, context())

    receipt = await log.handle(JOB, job, Start("w"), context(), expected_version=1)

    assert receipt.versions == ((job, 2),)


async def test_if_match_makes_a_conflict_final(log: Log, other: Log, database: Database) -> None:
    job = uuid4()
    await log.handle(JOB, job, CREATE, context())
    await other.handle(JOB, job, Start("w"), context())

    with pytest.raises(StaleVersion) as refused:
        await log.handle(JOB, job, Cancel(), context(), expected_version=1)

    assert refused.value.facts == {"current_version": 2}
    assert await types(database, job) == ["job.created", "job.started"]


async def test_if_match_names_the_version_the_log_has_not_the_one_remembered(
    log: Log, other: Log
) -> None:
    job = uuid4()
    await log.handle(JOB, job, CREATE, context())
    await other.handle(JOB, job, Start("w"), context())

    receipt = await log.handle(JOB, job, Cancel(), context(), expected_version=2)

    assert receipt.versions == ((job, 3),)


async def test_the_same_key_is_answered_with_the_first_receipt(log: Log, other: Log) -> None:
    job, key = uuid4(), uuid4()
    first = await log.handle(JOB, job, CREATE, context(key))
    await log.handle(JOB, job, Start("w"), context())

    again = [await each.handle(JOB, uuid4(), CREATE, context(key)) for each in (log, other)]

    assert again == [Receipt(1, first.versions, duplicate=True)] * 2


async def test_the_same_key_is_answered_where_the_command_would_be_refused_by_now(
    log: Log, other: Log
) -> None:
    job, key = uuid4(), uuid4()
    await log.handle(JOB, job, CREATE, context())
    first = await log.handle(JOB, job, Start("w"), context(key))
    await log.handle(JOB, job, Complete(), context())

    again = [await each.handle(JOB, job, Start("w"), context(key)) for each in (log, other)]

    assert again == [Receipt(2, first.versions, duplicate=True)] * 2


async def test_the_same_key_is_answered_where_the_command_would_change_nothing_by_now(
    log: Log,
) -> None:
    job, key = uuid4(), uuid4()
    first = await log.handle(JOB, job, CREATE, context(key))

    again = await log.handle(JOB, job, CREATE, context(key))

    assert again == Receipt(1, first.versions, duplicate=True)


async def test_the_same_key_is_answered_where_if_match_would_be_stale_by_now(log: Log) -> None:
    job, key = uuid4(), uuid4()
    await log.handle(JOB, job, CREATE, context())
    first = await log.handle(JOB, job, Start("w"), context(key), expected_version=1)

    again = await log.handle(JOB, job, Start("w"), context(key), expected_version=1)

    assert again == Receipt(2, first.versions, duplicate=True)


@pytest.mark.parametrize("command", [CREATE, Start("w"), Cancel()])
async def test_a_key_of_another_request_is_refused(command: Any, log: Log) -> None:
    job, key = uuid4(), uuid4()
    await log.handle(JOB, job, CREATE, context(key, b"one"))
    await log.handle(JOB, job, Complete(), context())

    with pytest.raises(KeyReused):
        await log.handle(JOB, job, command, context(key, b"another"))


async def test_a_key_whose_command_was_refused_is_free(log: Log) -> None:
    job, key = uuid4(), uuid4()
    with pytest.raises(NoSuchJob):
        await log.handle(JOB, job, Start("w"), context(key))
    await log.handle(JOB, job, CREATE, context())

    assert not (await log.handle(JOB, job, Start("w"), context(key))).duplicate


@pytest.mark.parametrize("looked_first", [False, True])
async def test_another_tenants_stream_is_not_there(
    looked_first: bool,  # noqa: FBT001 - a case
    log: Log,
    other: Log,
    database: Database,
) -> None:
    job = uuid4()
    if looked_first:
        await log.load(JOB, job, TENANT)
    await log.handle(JOB, job, CREATE, context())

    for each in (log, other):
        with pytest.raises(NotFound):
            await each.handle(JOB, job, Start("w"), context(tenant=FOREIGN))
        with pytest.raises(NotFound):
            await each.load(JOB, job, FOREIGN)
    assert await types(database, job) == ["job.created"]


async def test_a_stream_of_another_category_is_not_there(log: Log, other: Log) -> None:
    job = uuid4()
    await log.handle(JOB, job, CREATE, context())

    for each in (log, other):
        with pytest.raises(NotFound):
            await each.handle(COURSE, job, ArchiveCourse(), context())


async def test_a_stream_looked_for_in_vain_may_become_one_of_another_category(log: Log) -> None:
    course = uuid4()
    await log.load(JOB, course, TENANT)

    await log.handle(COURSE, course, RequestCourse("Light", "ann", uuid4()), context())
    await log.handle(COURSE, course, ArchiveCourse(), context())

    assert (await log.load(COURSE, course, TENANT)).state.archived


async def test_several_streams_are_written_whole_and_remembered(log: Log, other: Log) -> None:
    a, b = uuid4(), uuid4()
    created = JobCreated("course", TARGET, "ann")
    completed = JobCompleted("course", TARGET)

    receipt = await log.append(
        context(), Write(JOB, a, 0, [created, completed]), Write(JOB, b, 0, [created])
    )

    assert receipt == Receipt(3, ((a, 2), (b, 1)))
    for each in (log, other):
        assert isinstance((await each.load(JOB, b, TENANT, fresh=False)).state, Queued)
        assert (await each.load(JOB, a, TENANT, fresh=False)).version == 2


async def test_a_forgotten_state_is_read_again(database: Database, appender: GroupAppender) -> None:
    log = Log(database, appender, remembered=2)
    jobs = [uuid4() for _ in range(5)]
    for job in jobs:
        await log.handle(JOB, job, CREATE, context())

    receipts = [await log.handle(JOB, job, Start("w"), context()) for job in jobs]

    assert [receipt.versions for receipt in receipts] == [((job, 2),) for job in jobs]


async def test_heavy_states_push_out_what_was_not_used_for_longest(
    log: Log, database: Database, appender: GroupAppender
) -> None:
    small, mine = Log(database, appender, heaviest=900), [uuid4() for _ in range(4)]
    for job in mine[:2]:
        await small.handle(JOB, job, CREATE, context())
    long = Create("course", TARGET, "ann", instructions="x" * 500)
    await log.handle(JOB, mine[2], long, context())
    assert [small.version(job) for job in mine] == [1, 1, 0, 0]

    await small.load(JOB, mine[2], TENANT)
    assert [small.version(job) for job in mine] == [0, 1, 1, 0]
    for _ in range(9):  # what is read again weighs no more than once
        await small.load(JOB, mine[2], TENANT)
    assert [small.version(job) for job in mine] == [0, 1, 1, 0]

    await small.handle(JOB, mine[3], replace(long, instructions="x" * 900), context())
    assert [small.version(job) for job in mine] == [0, 0, 0, 1]
    await small.handle(JOB, mine[0], CREATE, context())
    await small.handle(JOB, mine[1], Start("w"), context())
    assert [small.version(job) for job in mine] == [1, 2, 0, 0]


async def test_a_stream_longer_than_a_page_is_read_whole(log: Log, other: Log) -> None:
    job, steps = uuid4(), PAGE + 5
    created = JobCreated("course", TARGET, "ann")
    await log.append(context(), Write(JOB, job, 0, [created]))
    for version in range(1, steps, 100):
        await log.append(
            context(), Write(JOB, job, version, [JobStarted("x", TARGET, "w", version)] * 100)
        )

    assert (await other.load(JOB, job, TENANT)).version > PAGE
    assert (await log.load(JOB, job, TENANT)).version == (
        await other.load(JOB, job, TENANT)
    ).version
