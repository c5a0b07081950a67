"""Subscribers: each event at least once, in order, by one process, from where the last one was."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from uuid import uuid4

import pytest

from service.database import Database
from service.gateway import subscriber as engine
from service.gateway.subscriber import Follower, NoSuchSubscriber, Subscriber, listed, replay
from service.log.event import Recorded
from service.projection.tail import Tail
from service.refusal import Unavailable
from tests.gateway.conftest import Grow
from tests.gateway.following import Failed, follow

RAN_OUT = "UPDATE ops.subscribers SET held_until = '-infinity'"
HELD = "SELECT held_until > clock_timestamp() FROM ops.subscribers"
DUE = "UPDATE ops.subscribers SET retry_at = '-infinity'"


class Seen:
    """A handler that keeps the positions it was given, and does as it is told."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.error: Exception | None = None

    @property
    def positions(self) -> list[int]:
        return [position for batch in self.batches for position in batch]

    async def handle(self, events: Sequence[Recorded]) -> None:
        self.begun.set()
        await self.go_on.wait()
        if self.error is not None:
            raise self.error
        self.batches.append([event.position for event in events])


@pytest.fixture
def seen() -> Seen:
    return Seen()


def wants(seen: Seen, *types: str) -> Subscriber:
    return Subscriber("test", types or ("thing.done",), seen.handle)


async def position(database: Database) -> int:
    [line] = await listed(database)
    return line.position


async def test_it_is_given_what_it_wants_in_log_order_and_once(
    database: Database, grow: Grow, seen: Seen
) -> None:
    before = await grow("thing.done", 2)
    await grow("other.done", 3)
    last = await grow("thing.made")

    await follow(database, wants(seen, "thing.done", "thing.made"))
    await follow(database, wants(seen, "thing.done", "thing.made"))

    assert seen.positions == [before - 1, before, last]


async def test_it_goes_no_further_than_the_views_do(
    database: Database, grow: Grow, seen: Seen
) -> None:
    first = await grow("thing.done")
    await grow("thing.done", fold=False)

    await follow(database, wants(seen))

    assert seen.positions == [first]


async def test_what_it_has_not_wanted_is_not_looked_through_again(
    database: Database, grow: Grow, seen: Seen
) -> None:
    last = await grow("other.done", 3)

    await follow(database, wants(seen))

    assert await position(database) == last


async def test_a_failure_holds_back_what_is_newer_and_is_visible_until_it_is_over(
    database: Database, grow: Grow, seen: Seen
) -> None:
    first = await grow("thing.done", 2) - 1
    seen.error = OSError("the disk is full, password=hunter2")
    with pytest.raises(Failed, match="the disk is full"):
        await follow(database, wants(seen))
    [line] = await listed(database)
    assert (line.failures, line.error) == (1, "the disk is full, password=***")
    assert (line.position, line.behind) == (0, line.upto)
    assert line.retry_at is not None

    seen.error = None
    with pytest.raises(Failed):  # its time has not come
        await follow(database, wants(seen))
    assert seen.positions == []
    newest = await grow("thing.done")
    await database.execute(DUE)
    await follow(database, wants(seen))

    assert seen.positions == [first, first + 1, newest]
    [line] = await listed(database)
    assert (line.failures, line.error, line.retry_at) == (0, None, None)


async def test_each_failure_doubles_the_pause(database: Database, grow: Grow, seen: Seen) -> None:
    await grow("thing.done")
    seen.error = OSError("no")
    rests = []
    for _ in range(9):
        with pytest.raises(Failed):
            await follow(database, wants(seen))
        [line] = await listed(database)
        assert line.retry_at is not None
        assert line.failed_at is not None
        rests.append(round((line.retry_at - line.failed_at).total_seconds(), 1))
        await database.execute(DUE)

    assert rests == [0.5, 1, 2, 4, 8, 10, 10, 10, 10]


async def test_a_database_that_is_away_is_no_failure_of_the_handler(
    database: Database, grow: Grow, seen: Seen
) -> None:
    await grow("thing.done")
    seen.error = Unavailable()

    with pytest.raises(Unavailable):
        await follow(database, wants(seen))

    [line] = await listed(database)
    assert line.failures == 0


async def test_while_one_process_runs_it_no_other_does(
    database: Database, grow: Grow, seen: Seen
) -> None:
    await grow("thing.done")
    one, other = (Follower(database, wants(seen), uuid4()) for _ in range(2))

    assert await one.step() == "idle"
    newest = await grow("thing.done")
    assert await other.step() == "elsewhere"
    await one.release()
    assert await other.step() == "idle"

    assert seen.batches == [[newest - 1], [newest]]


async def test_who_was_stopped_past_his_lease_moves_nothing(
    database: Database, grow: Grow, seen: Seen
) -> None:
    last = await grow("thing.done", 3)
    stopped, fresh = Seen(), Follower(database, wants(seen), uuid4())
    stopped.go_on.clear()
    zombie = asyncio.create_task(Follower(database, wants(stopped), uuid4()).step())
    await stopped.begun.wait()
    await database.execute(RAN_OUT)

    assert await fresh.step() == "idle"
    newest = await grow("thing.done")
    stopped.go_on.set()

    assert await zombie == "elsewhere"
    assert await position(database) == last
    assert await fresh.step() == "idle"
    assert seen.positions == [last - 2, last - 1, last, newest]


async def test_who_was_stopped_past_his_lease_does_not_speak_for_who_is_at_it_now(
    database: Database, grow: Grow, seen: Seen
) -> None:
    last, stopped = await grow("thing.done"), Seen()
    for each in (stopped, seen):
        each.go_on.clear()
    zombie = asyncio.create_task(Follower(database, wants(stopped), uuid4()).step())
    await stopped.begun.wait()
    await database.execute(RAN_OUT)
    fresh = asyncio.create_task(Follower(database, wants(seen), uuid4()).step())
    await seen.begun.wait()
    stopped.go_on.set()

    assert await zombie == "elsewhere"
    assert await position(database) == 0
    seen.go_on.set()
    assert await fresh == "idle"
    assert await position(database) == last


async def test_a_handler_that_takes_its_time_keeps_the_lease(
    database: Database, grow: Grow, seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BEAT", 0.01)
    await grow("thing.done")
    seen.go_on.clear()
    slow = asyncio.create_task(Follower(database, wants(seen), uuid4()).step())
    await seen.begun.wait()
    await database.execute(RAN_OUT)
    async with asyncio.timeout(30):
        while not await database.fetchval(HELD):  # noqa: ASYNC110 - a row is no event
            await asyncio.sleep(0.01)
    assert await Follower(database, wants(seen), uuid4()).step() == "elsewhere"
    seen.go_on.set()

    assert await slow == "idle"


async def test_a_handler_is_ended_once_another_process_has_the_lease(
    database: Database, grow: Grow, seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BEAT", 0.01)
    await grow("thing.done")
    seen.go_on.clear()
    slow = asyncio.create_task(Follower(database, wants(seen), uuid4()).step())
    await seen.begun.wait()
    await database.execute("UPDATE ops.subscribers SET token = gen_random_uuid()")

    assert await slow == "elsewhere"
    assert seen.batches == []
    assert await position(database) == 0


async def test_it_can_be_told_to_handle_things_once_more_also_while_it_is_at_work(
    database: Database, grow: Grow, seen: Seen
) -> None:
    last = await grow("thing.done", 3)
    follower = Follower(database, wants(seen), uuid4())
    assert await follower.step() == "idle"
    await replay(database, "test", last - 1)
    assert await follower.step() == "idle"
    assert seen.batches == [[last - 2, last - 1, last], [last]]

    await grow("thing.done")
    seen.go_on.clear()
    seen.begun.clear()
    at_work = asyncio.create_task(follower.step())
    await seen.begun.wait()
    await replay(database, "test", 0)
    seen.go_on.set()

    assert await at_work == "elsewhere"
    assert await position(database) == 0


@pytest.mark.parametrize(("name", "after"), [("nobody", 0), ("test", 1_000_000)])
async def test_it_cannot_be_put_where_nothing_is(
    database: Database, grow: Grow, seen: Seen, name: str, after: int
) -> None:
    await grow("thing.done")
    await follow(database, wants(seen))

    with pytest.raises(NoSuchSubscriber):
        await replay(database, name, after)


@pytest.mark.parametrize("amiss", ["position = 1000000", "log_id = gen_random_uuid()"])
async def test_a_checkpoint_of_another_log_is_refused_until_somebody_says_where_to_go_on(
    database: Database, grow: Grow, seen: Seen, amiss: str
) -> None:
    last = await grow("thing.done")
    await follow(database, wants(seen))
    await database.execute(f"UPDATE ops.subscribers SET {amiss}")  # noqa: S608 - our own text
    await grow("thing.done")

    with pytest.raises(Failed, match=r"run.py gateway replay test --from POSITION"):
        await follow(database, wants(seen))
    assert seen.positions == [last]
    await replay(database, "test", last)
    await follow(database, wants(seen))

    assert seen.positions == [last, last + 1]


async def test_a_batch_is_bounded_in_number_and_in_size(
    database: Database, grow: Grow, seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BATCH", 3)
    last = await grow("thing.done", 4)
    await follow(database, wants(seen))
    assert [len(batch) for batch in seen.batches] == [3, 1]

    monkeypatch.setattr(engine, "BUDGET", 100)
    await grow("thing.done", 2, data='{"text": "' + "x" * 60 + '"}')
    await grow("thing.done", 2, data='{"text": "' + "x" * 200 + '"}')
    await follow(database, wants(seen))

    assert [len(batch) for batch in seen.batches[2:]] == [2, 1, 1]
    assert seen.positions == list(range(last - 3, last + 5))


async def test_it_looks_through_a_long_log_in_spans(
    database: Database, grow: Grow, seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "SPAN", 2)
    await grow("other.done", 5)
    last = await grow("thing.done")
    follower = Follower(database, wants(seen), uuid4())

    steps = [await follower.step() for _ in range(3)]

    assert steps[:2] == ["more", "more"]
    assert await position(database) <= last
    await follow_on(follower)
    assert seen.positions == [last]


async def test_it_runs_as_the_tail_moves_and_lets_go_when_it_is_stopped(
    database: Database, tail: Tail, grow: Grow, seen: Seen
) -> None:
    running = asyncio.create_task(engine.run(database, tail, wants(seen), lambda: 60))
    for _ in range(3):
        seen.begun.clear()
        await grow("thing.done")
        async with asyncio.timeout(30):
            await seen.begun.wait()
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running

    [line] = await listed(database)
    assert line.worker is None


async def follow_on(follower: Follower) -> None:
    while await follower.step() == "more":
        pass
