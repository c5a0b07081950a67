"""What log.append answers, commit by commit, whatever it is given."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from service.database import Database
from service.log.append import GroupAppender
from service.log.claim import claimed
from service.log.codec import Encoded
from service.log.commit import Commit, Conflict, Fenced, KeyReused, Lease, Receipt, StreamWrite
from service.refusal import Refusal
from tests.log.batches import TENANT, append, commit, one, write
from tests.log.checks import assert_whole, everything


@pytest.fixture
async def connection(database: Database) -> AsyncIterator[asyncpg.Connection]:
    connection = await database.connect()
    yield connection
    await connection.close()


async def outcomes(
    appender: GroupAppender, *commits: Commit
) -> list[Receipt | type[BaseException]]:
    """Append all at once, as one batch after the first; a refusal is told by its class."""
    answers = await asyncio.gather(
        *(appender.append(commit) for commit in commits), return_exceptions=True
    )
    return [type(a) if isinstance(a, BaseException) else a for a in answers]


async def test_a_fresh_commit_takes_the_next_positions(appender: GroupAppender) -> None:
    a, b = uuid4(), uuid4()

    assert await appender.append(commit(write(a, 0, 2))) == Receipt(2, ((a, 2),))
    assert await appender.append(commit(write(b, 0), write(a, 2))) == Receipt(4, ((b, 1), (a, 3)))


async def test_a_whole_batch_of_fresh_commits_goes_in_at_once(
    connection: asyncpg.Connection,
) -> None:
    answer = await append(connection, one(uuid4(), 1, 2), one(uuid4(), 1))

    assert answer == (0, None, None, None)
    await assert_whole(connection, events=3)


async def test_each_commit_of_a_mixed_batch_has_its_own_outcome(
    connection: asyncpg.Connection,
) -> None:
    old, new, other = uuid4(), uuid4(), uuid4()
    stored = one(old, 1, 2)
    await append(connection, stored)

    answer = await append(
        connection,
        one(new, 1, 2),
        stored,
        one(old, 1),
        one(other, 1, key=stored.key, fingerprint=b"another"),
        one(old, 3),
    )

    assert answer.outcomes == ["appended", "duplicate", "conflict", "reused", "appended"]
    assert answer.positions == [3, 1, None, 1, 5]
    assert answer.actual == [None, None, 2, None, None]
    await assert_whole(connection, events=5)


async def test_a_bad_commit_does_not_hold_back_the_others(
    appender: GroupAppender, database: Database
) -> None:
    taken, fresh = uuid4(), [uuid4() for _ in range(20)]
    await appender.append(commit(write(taken, 0)))

    answers = await outcomes(
        appender,
        *(commit(write(stream, 0)) for stream in fresh[:10]),
        commit(write(taken, 0)),
        *(commit(write(stream, 0)) for stream in fresh[10:]),
    )

    assert answers.pop(10) is Conflict
    assert all(isinstance(answer, Receipt) for answer in answers)
    await assert_whole(database, events=21)


async def test_commits_on_one_stream_may_follow_one_another_in_one_batch(
    connection: asyncpg.Connection,
) -> None:
    stream = uuid4()

    answer = await append(connection, one(stream, 1), one(stream, 2, 3), one(stream, 4))

    assert answer.outcomes is None
    await assert_whole(connection, events=4)


async def test_commits_that_follow_a_refused_one_are_refused_with_it(
    connection: asyncpg.Connection,
) -> None:
    stream = uuid4()

    answer = await append(connection, one(stream, 2), one(stream, 3), one(stream, 1))

    assert answer.outcomes == ["conflict", "conflict", "appended"]
    assert answer.actual == [0, 0, None]


async def test_of_two_commits_at_one_version_in_one_batch_the_first_wins(
    connection: asyncpg.Connection,
) -> None:
    stream = uuid4()

    answer = await append(connection, one(stream, 1), one(stream, 1))

    assert answer.outcomes == ["appended", "conflict"]
    assert answer.actual == [None, 1]


async def test_the_same_commit_twice_in_one_batch_is_stored_once(
    connection: asyncpg.Connection,
) -> None:
    asked = one(uuid4(), 1)

    answer = await append(connection, asked, asked)

    assert answer.outcomes == ["appended", "duplicate"]
    assert answer.positions == [1, 1]


@pytest.mark.parametrize(
    "versions", [(2,), (1, 3), (1, 1), (2, 1), (1, 2, 4), (0,), (0, 1), (-1, 0, 1), (3, 2, 1)]
)
@pytest.mark.parametrize("beside", [0, 1], ids=["alone", "after a conflict"])
async def test_versions_with_a_hole_are_refused_and_leave_nothing(
    versions: tuple[int, ...], beside: int, connection: asyncpg.Connection
) -> None:
    stream, taken = uuid4(), uuid4()
    await append(connection, one(taken, 1))

    try:
        answer = await append(connection, *[one(taken, 1)] * beside, one(stream, *versions))
    except asyncpg.CheckViolationError:
        pass  # no version is below 1, whatever a batch says
    else:
        assert answer.outcomes is not None
        assert answer.outcomes[-1] == "conflict"
    await assert_whole(connection, events=1)


async def test_a_commit_without_events_is_refused(connection: asyncpg.Connection) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await append(connection, one(uuid4()))

    await assert_whole(connection, events=0)


async def test_a_commit_over_several_streams_is_stored_whole_or_not_at_all(
    appender: GroupAppender, database: Database
) -> None:
    fresh, taken = uuid4(), uuid4()
    await appender.append(commit(write(taken, 0)))

    with pytest.raises(Conflict) as refused:
        await appender.append(commit(write(fresh, 0, 2), write(taken, 0), write(uuid4(), 0)))

    assert refused.value.facts == {"current_version": 1}
    await assert_whole(database, events=1)


async def test_a_retry_is_answered_with_the_stored_receipt(appender: GroupAppender) -> None:
    a, b = uuid4(), uuid4()
    asked = commit(write(b, 0, 2), write(a, 0), write(b, 2))
    first = await appender.append(asked)
    await appender.append(commit(write(a, 1)))

    again = await appender.append(asked)

    assert first == Receipt(4, ((b, 2), (a, 1), (b, 3)))
    assert again == Receipt(4, ((b, 3), (a, 1)), duplicate=True)


async def test_a_retry_that_decided_on_other_streams_is_answered_with_the_first(
    appender: GroupAppender,
) -> None:
    key, first, second = uuid4(), uuid4(), uuid4()
    await appender.append(commit(write(first, 0), key=key))

    again = await appender.append(commit(write(second, 0), key=key))

    assert again == Receipt(1, ((first, 1),), duplicate=True)


async def test_a_key_with_another_fingerprint_is_refused(
    appender: GroupAppender, database: Database
) -> None:
    key = uuid4()
    await appender.append(commit(write(uuid4(), 0), key=key))

    with pytest.raises(KeyReused):
        await appender.append(commit(write(uuid4(), 0), key=key, fingerprint=b"another"))

    await assert_whole(database, events=1)


async def test_of_fifty_claims_of_one_name_exactly_one_is_granted(
    appender: GroupAppender, database: Database
) -> None:
    claim = claimed(TENANT, "email", "ann@example.org")
    second = GroupAppender(database.connect)
    claims = [commit(write(uuid4(), 0), write(claim, 0)) for _ in range(50)]

    answers = [
        *await asyncio.gather(outcomes(appender, *claims[::2]), outcomes(second, *claims[1::2]))
    ]
    await second.close()

    granted = [a for each in answers for a in each if isinstance(a, Receipt)]
    assert len(granted) == 1
    await assert_whole(database, events=2)


async def leased(appender: GroupAppender, database: Database) -> Lease:
    """Create a job and claim it."""
    job, token = uuid4(), uuid4()
    data = f'{{"kind":"course","target":"{uuid4()}","requested_by":"ann"}}'
    await appender.append(commit(write(job, 0, data=data, type="job.created", category="job")))
    await database.execute("UPDATE job.queue SET token = $1::uuid", token)
    return Lease(job, token)


async def test_a_worker_that_holds_its_lease_can_write(
    appender: GroupAppender, database: Database
) -> None:
    lease = await leased(appender, database)

    receipt = await appender.append(commit(write(uuid4(), 0), lease=lease))

    assert receipt.position == 2


async def test_a_worker_that_lost_its_lease_cannot_write_and_others_can(
    appender: GroupAppender, database: Database
) -> None:
    lease = await leased(appender, database)
    lost = Lease(lease.job_id, uuid4())
    asked = [commit(write(uuid4(), 0), lease=each) for each in (lease, lost, None, lost, lease)]

    answers = await outcomes(appender, *asked)

    assert [a for a in answers if not isinstance(a, Receipt)] == [Fenced, Fenced]
    await assert_whole(database, events=4)


async def test_a_fenced_workers_retry_of_what_was_stored_is_a_duplicate(
    appender: GroupAppender, database: Database
) -> None:
    lease = await leased(appender, database)
    asked = commit(write(uuid4(), 0), lease=lease)
    first = await appender.append(asked)
    await database.execute("UPDATE job.queue SET token = NULL")

    again = await appender.append(asked)

    assert (again.position, again.duplicate) == (first.position, True)


async def test_time_never_goes_backwards_along_the_log(
    appender: GroupAppender, database: Database
) -> None:
    await appender.append(commit(write(uuid4(), 0)))
    ahead = await database.queries.fetchval(
        "UPDATE log.head SET recorded_at = now() + interval '1 hour' RETURNING recorded_at"
    )

    await outcomes(appender, *(commit(write(uuid4(), 0)) for _ in range(5)))

    times = [event["recorded_at"] for event in await everything(database)]
    assert times == sorted(times)
    assert times[1] >= ahead


async def test_events_are_stored_as_they_were_given(
    appender: GroupAppender, database: Database
) -> None:
    stream, subject = uuid4(), uuid4()
    event = Encoded("person.joined", '{"a": 1.5, "b": "ü☕"}', subject, '{"email": "a@b.c"}')

    await appender.append(commit(StreamWrite(stream, "person", 0, (event,))))

    [row] = await database.fetch("SELECT * FROM log.events JOIN log.private USING (position)")
    stored = (row["stream_id"], row["tenant_id"], row["version"], row["category"], row["type"])
    assert stored == (stream, TENANT, 1, "person", "person.joined")
    assert row["subject_id"] == subject
    assert '"ü☕"' in await database.fetchval("SELECT data::text FROM log.events")


@pytest.mark.parametrize(
    "data", ['{"a": "\\u0000"}', "no json", '{"a": "\\ud800"}', "\ud800 cannot be sent"]
)
async def test_a_commit_that_cannot_be_stored_fails_alone(
    data: str, appender: GroupAppender, database: Database
) -> None:
    asked = [commit(write(uuid4(), 0)) for _ in range(40)]
    asked.insert(17, commit(write(uuid4(), 0, data=data)))

    answers = await outcomes(appender, *asked)

    failed = answers.pop(17)
    assert isinstance(failed, type)
    assert issubclass(failed, asyncpg.DataError)
    assert not issubclass(failed, Refusal)
    assert all(isinstance(answer, Receipt) for answer in answers)
    await assert_whole(database, events=40)


def test_a_claims_id_follows_from_its_value() -> None:
    ann = claimed(TENANT, "email", "ann@example.org")

    assert ann == claimed(TENANT, "email", "ann@example.org")
    assert ann not in {
        claimed(TENANT, "email", "bob"),
        claimed(uuid4(), "email", "ann@example.org"),
    }
