"""Every append ends: with a receipt, a refusal, or Unavailable within its deadline."""

import asyncio
import time
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from service.database import Database
from service.log.append import GroupAppender
from service.log.commit import Receipt
from service.refusal import Unavailable
from tests.faults import Proxy, proxied, until
from tests.log.batches import commit, write
from tests.log.checks import assert_whole

CALL = 0.3
DEADLINE = 0.5


@pytest.fixture
async def proxy(database_url: str) -> AsyncIterator[Proxy]:
    async with proxied(database_url) as proxy:
        yield proxy


@pytest.fixture
def through(proxy: Proxy) -> Database:
    return Database(proxy.url)


@pytest.fixture
async def appender(through: Database) -> AsyncIterator[GroupAppender]:
    appender = GroupAppender(through.connect, batch=4, waiting=60, call_timeout=CALL)
    await appender.append(commit(write(uuid4(), 0)))
    yield appender
    await appender.close()


async def attempts(appender: GroupAppender, count: int) -> list[Receipt | BaseException]:
    asked = (appender.append(commit(write(uuid4(), 0)), timeout=DEADLINE) for _ in range(count))
    return await asyncio.gather(*asked, return_exceptions=True)


async def test_on_a_frozen_database_every_caller_hears_within_its_deadline_and_a_call(
    appender: GroupAppender, proxy: Proxy
) -> None:
    proxy.freeze()
    started = time.monotonic()

    answers = await attempts(appender, 60)

    assert all(isinstance(answer, Unavailable) for answer in answers)
    # Fifteen calls one after another take longer: those in the queue expire with it.
    assert time.monotonic() - started < 15 * CALL - 1


async def test_a_thawed_database_takes_appends_again(
    appender: GroupAppender, proxy: Proxy, database: Database
) -> None:
    proxy.freeze()
    await attempts(appender, 20)
    proxy.thaw()

    receipt = await appender.append(commit(write(uuid4(), 0)))

    stored = await assert_whole(database)
    assert receipt.position in {event["position"] for event in stored}


async def test_more_than_the_queue_holds_is_refused_at_once(
    appender: GroupAppender, proxy: Proxy
) -> None:
    proxy.freeze()

    refused = [a for a in await attempts(appender, 100) if "More is waiting" in str(a)]

    assert len(refused) >= 100 - 60 - 2 * 4


async def test_closing_settles_every_caller(appender: GroupAppender, database: Database) -> None:
    asked = [asyncio.create_task(appender.append(commit(write(uuid4(), 0)))) for _ in range(55)]
    await asyncio.sleep(0)

    await appender.close()

    assert all(task.done() for task in asked)
    assert all(isinstance(task.result(), Receipt) for task in asked)
    await assert_whole(database, events=56)


async def test_closing_on_a_frozen_database_settles_every_caller_too(
    appender: GroupAppender, proxy: Proxy
) -> None:
    proxy.freeze()
    asked = [asyncio.create_task(attempts(appender, 5)) for _ in range(5)]
    await asyncio.sleep(0)

    await appender.close()

    await until(lambda: all(task.done() for task in asked))
    assert all(isinstance(answer, Unavailable) for task in asked for answer in task.result())


async def test_a_closed_appender_takes_nothing(appender: GroupAppender) -> None:
    await appender.close()
    await appender.close()

    with pytest.raises(Unavailable):
        await appender.append(commit(write(uuid4(), 0)))


async def test_a_caller_that_gives_up_does_not_disturb_the_others(
    appender: GroupAppender, database: Database
) -> None:
    asked = [asyncio.create_task(appender.append(commit(write(uuid4(), 0)))) for _ in range(30)]
    await asyncio.sleep(0)
    for task in asked[::2]:
        task.cancel()

    answers = await asyncio.gather(*asked, return_exceptions=True)

    assert all(isinstance(answer, Receipt) for answer in answers[1::2])
    await assert_whole(database)


async def test_a_lost_reply_is_resolved_by_the_key(
    appender: GroupAppender, proxy: Proxy, database: Database
) -> None:
    streams = [uuid4() for _ in range(3)]
    proxy.lose_replies(1)

    receipts = await asyncio.gather(
        *(appender.append(commit(write(stream, 0))) for stream in streams)
    )

    assert proxy.lost == 1
    assert any(receipt.duplicate for receipt in receipts)
    assert [receipt.versions for receipt in receipts] == [((stream, 1),) for stream in streams]
    await assert_whole(database, events=4)
