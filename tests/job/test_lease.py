import asyncio
from uuid import UUID, uuid4

import pytest
from uuid_utils.compat import uuid7

from service.database import Database
from service.job.decider import JOB, Cancel, Complete, Create, Start, State
from service.job.lease import Claim, Kept, claim, extend, next_in, release
from service.log.commit import Fenced, Lease
from service.log.handle import Context, Log, Write

ALICE, BOB = UUID(int=1), UUID(int=2)


def by(tenant: UUID) -> Context:
    return Context(tenant, "tester", uuid7())


async def queue(log: Log, tenant: UUID = ALICE, priority: int = 0, kind: str = "noop") -> UUID:
    job = uuid7()
    await log.handle(JOB, job, Create(kind, uuid7(), "tester", priority), by(tenant))
    return job


async def take(database: Database, most: int = 1, seconds: float = 30.0) -> list[Claim]:
    return await claim(database, "w1", [uuid4() for _ in range(most)], ["noop"], seconds)


async def heard(database: Database, ago: float = 0.0) -> None:
    """Have a worker been heard so many seconds ago, and one all the time before."""
    await database.execute(
        "UPDATE job.pulse SET resumed_at = '-infinity',"
        " heard_at = clock_timestamp() - make_interval(secs => $1)",
        ago,
    )


async def write(log: Log, tenant: UUID, lease: Lease) -> None:
    loaded = await log.load(JOB, lease.job_id, tenant)
    events = JOB.decide(Start("w1"), loaded.state)
    await log.append(by(tenant), Write(JOB, lease.job_id, loaded.version, events), lease=lease)


async def test_a_job_is_claimed_by_one_worker_only(log: Log, database: Database) -> None:
    job = await queue(log)

    first, second = await take(database), await take(database)

    assert [one.job_id for one in first] == [job]
    assert second == []


async def test_the_higher_priority_goes_first_then_the_older(log: Log, database: Database) -> None:
    old, new, urgent = await queue(log), await queue(log), await queue(log, priority=5)

    claimed = [(await take(database))[0].job_id for _ in range(3)]

    assert claimed == [urgent, old, new]


async def test_a_crowd_of_one_tenant_does_not_hold_back_another(
    log: Log, database: Database
) -> None:
    for _ in range(20):
        await queue(log, ALICE)
    await queue(log, BOB)

    tenants = [one.tenant_id for one in await take(database, most=4)]

    assert tenants.count(BOB) == 1


async def test_a_tenant_that_has_much_running_waits_for_one_that_has_nothing(
    log: Log, database: Database
) -> None:
    for _ in range(4):
        await queue(log, ALICE)
    await take(database, most=2)
    await queue(log, BOB)

    assert [one.tenant_id for one in await take(database)] == [BOB]


async def test_ten_thousand_jobs_of_one_tenant_do_not_hold_back_the_one_of_another(
    log: Log, database: Database
) -> None:
    created = JOB.decide(Create("noop", uuid7(), "tester"), JOB.initial)
    for _ in range(10):
        await log.append(by(ALICE), *(Write(JOB, uuid7(), 0, created) for _ in range(1_000)))
    crowd = await take(database, most=32)
    await queue(log, BOB)

    [next_one] = await take(database)

    assert {one.tenant_id for one in crowd} == {ALICE}
    assert next_one.tenant_id == BOB


async def test_kinds_that_a_worker_cannot_do_are_left(log: Log, database: Database) -> None:
    await queue(log, kind="video")

    assert await take(database) == []


async def test_a_lease_that_has_run_out_is_claimed_by_the_next(
    log: Log, database: Database
) -> None:
    job = await queue(log)
    [lost] = await take(database, seconds=0.0)
    await heard(database)

    [taken] = await take(database)

    assert taken.job_id == job
    assert taken.lease.token != lost.lease.token


async def test_a_worker_that_lost_its_lease_cannot_write(log: Log, database: Database) -> None:
    await queue(log)
    [lost] = await take(database, seconds=0.0)
    await heard(database)
    [taken] = await take(database)

    with pytest.raises(Fenced):
        await write(log, ALICE, lost.lease)
    await write(log, ALICE, taken.lease)


async def test_after_a_silence_of_all_each_keeps_its_jobs_until_it_could_be_heard(
    log: Log, database: Database
) -> None:
    await queue(log)
    [held] = await take(database, seconds=0.0)
    await heard(database, ago=60.0)
    other = await queue(log)

    taken = await take(database, most=2)

    assert [one.job_id for one in taken] == [other]
    kept = await extend(database, [held.lease])
    assert kept == Kept(frozenset({held.lease.token}), frozenset())


async def test_who_is_still_not_heard_of_after_the_silence_loses_its_job(
    log: Log, database: Database
) -> None:
    job = await queue(log)
    await take(database, seconds=0.0)
    await heard(database, ago=60.0)

    assert await take(database, seconds=0.5) == []
    async with asyncio.timeout(60):
        while not (taken := await take(database, seconds=0.5)):
            pass

    assert [one.job_id for one in taken] == [job]


async def test_the_next_job_is_waited_for_until_its_time_or_its_lease_is_over(
    log: Log, database: Database
) -> None:
    assert await next_in(database, ["noop"]) is None

    await queue(log)
    await take(database, seconds=500.0)

    assert 0 < (await next_in(database, ["noop"]) or 0) <= 500.0
    assert await next_in(database, ["video"]) is None


async def test_a_cancelled_job_leaves_the_queue_and_its_worker_cannot_write(
    log: Log, database: Database
) -> None:
    job = await queue(log)
    [held] = await take(database)

    await log.handle(JOB, job, Cancel(), by(ALICE))

    with pytest.raises(Fenced):
        await log.append(
            by(ALICE), Write(JOB, job, 2, JOB.decide(Complete(), _running(job))), lease=held.lease
        )
    assert await extend(database, [held.lease]) == Kept(frozenset(), frozenset())


async def test_extending_tells_which_leases_are_still_held(log: Log, database: Database) -> None:
    kept = await queue(log)
    [held] = await take(database)
    foreign = Lease(kept, uuid4())

    told = await extend(database, [held.lease, foreign])

    assert told == Kept(frozenset({held.lease.token}), frozenset({foreign.token}))


async def test_a_released_job_is_free_at_once(log: Log, database: Database) -> None:
    job = await queue(log)
    [held] = await take(database)

    await release(database, [held.lease])

    assert [one.job_id for one in await take(database)] == [job]


def _running(job: UUID) -> State:
    created = JOB.decide(Create("noop", job, "tester"), JOB.initial)
    return JOB.fold((*created, *JOB.decide(Start("w1"), JOB.fold(created))))
