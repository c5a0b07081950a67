"""Requests by RabbitMQ and what is told of them, on a real server, next to the same over HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import aio_pika
import pytest
from msgspec.structs import replace
from pytest_aiohttp.plugin import AiohttpClient

from service.app import make_app
from service.database import Database
from service.gateway.amqp import Broker, BrokerAway, Delivery
from service.gateway.status import TYPES, Statuses, course_of
from service.http.call import Resources
from service.http.metrics import Metrics
from service.http.standing import Standing
from service.http.token import tenant
from service.job.decider import JOB, Cancel, Retry
from service.limit import Limits
from service.log.append import GroupAppender
from service.log.event import Recorded, read_range
from service.log.handle import Log
from service.rate import Rate, Rates
from service.tenant import desk
from tests.faults import proxied
from tests.gateway.asking import SCHOOL, consuming, context, fail, make, speaking, telling, wish
from tests.gateway.rabbit import MISSING, Rabbit, rabbit, there
from tests.http.conftest import Client
from tests.tenant.conftest import act
from tests.waiting import until

pytestmark = pytest.mark.skipif(not there(), reason=MISSING)

Bearer = Callable[..., dict[str, str]]
Acks = Callable[[int], Awaitable[None]]
COURSES = "/api/v1/courses"


@pytest.fixture
async def broker() -> AsyncIterator[Rabbit]:
    async with rabbit() as found:
        yield found


@pytest.fixture
def of(live: Resources, broker: Rabbit) -> Resources:
    return speaking(live, broker)


@pytest.fixture
async def api(aiohttp_client: AiohttpClient, of: Resources, bearer: Bearer) -> Client:
    return await aiohttp_client(make_app(of, Metrics(), ["api"]), headers=bearer())


@pytest.fixture
def acks(monkeypatch: pytest.MonkeyPatch) -> Acks:
    """Waits until so many messages are acknowledged."""
    given: list[Delivery] = []
    ack = Broker.ack

    async def noted(self: Broker, delivery: Delivery) -> None:
        await ack(self, delivery)
        given.append(delivery)

    async def come(number: int) -> None:
        async with asyncio.timeout(60):
            while len(given) < number:  # noqa: ASYNC110 - the server's side of it is no event
                await asyncio.sleep(0.01)

    monkeypatch.setattr(Broker, "ack", noted)
    return come


async def requested(database: Database) -> list[dict[str, Any]]:
    """What was asked for, with the metadata beside it."""
    events = await read_range(database, SCHOOL, 0, types=("course.requested",), limit=10_000)
    return [json.loads(e.data) | {"meta": json.loads(e.metadata)} for e in events]


async def names(database: Database) -> list[str]:
    """What the requests are called whose courses were asked for, sorted."""
    return sorted(each["meta"]["request_id"] for each in await requested(database))


async def test_a_request_becomes_a_course_and_is_told_of_to_its_end(
    of: Resources, broker: Rabbit, acks: Acks
) -> None:
    async with consuming(of, broker), telling(of, broker):
        await broker.listen()
        await broker.ask(wish("r-1"))
        [begun] = await broker.heard()
        await make(of, begun["course_id"])
        [done] = await broker.heard()
        await acks(1)

    [asked] = await requested(of.database)
    assert (asked["topic"], asked["user_id"], asked["num_lessons"]) == ("Light", "u-1", 1)
    assert (asked["meta"]["request_id"], asked["meta"]["actor"]) == ("r-1", "amqp")
    assert (begun["request_id"], begun["status"], begun["course_title"]) == (
        "r-1",
        "processing",
        "Light",
    )
    assert done | {"timestamp": ""} == {
        "request_id": "r-1",
        "status": "success",
        "message": "The course is ready.",
        "course_id": begun["course_id"],
        "course_title": "All about light",
        "total_lessons": 1,
        "timestamp": "",
    }
    assert await broker.left(broker.topology.requests) == 0


async def test_a_failure_a_retry_and_a_cancellation_are_told_in_their_order(
    of: Resources, broker: Rabbit
) -> None:
    async with consuming(of, broker), telling(of, broker):
        await broker.listen()
        await broker.ask(wish("r-1"))
        [begun] = await broker.heard()
        course_id = begun["course_id"]
        [asked] = await requested(of.database)
        job_id = context(asked["job_id"]).correlation_id
        await fail(of, course_id)
        await of.log.handle(JOB, job_id, Cancel("enough"), context(course_id))
        await of.log.handle(JOB, job_id, Retry(), context(course_id))
        await make(of, course_id)
        told = [begun, *await broker.heard(4)]

    assert [(each["status"], each["message"]) for each in told] == [
        ("processing", "The course is being generated."),
        ("error", "No sources."),
        ("error", "The generation was cancelled. enough"),
        ("processing", "The course is being generated."),
        ("success", "The course is ready."),
    ]


AMISS = [
    (b"", "/topic"),
    (b"\xff\xfe", "not valid JSON"),
    (b'{"topic": "\xff"}', "UTF-8"),
    (b"{", "not valid JSON"),
    (b"[1]", "Expected `object`"),
    (b'{"topic": ' + b"[" * 5_000, "Expected `str`"),
    (json.dumps({"topic": "Light"}).encode(), "user_id"),
    (json.dumps({"topic": "Light", "user_id": " "}).encode(), "user_id"),
    (json.dumps({"topic": "Light", "user_id": 7}).encode(), "/user_id"),
    (json.dumps({"user_id": "u"}).encode(), "/topic"),
    (json.dumps({"user_id": "u", "topic": ""}).encode(), "/topic"),
    (json.dumps({"user_id": "u", "topic": "?"}).encode(), "A topic needs"),
    (json.dumps({"user_id": "u", "topic": "a\x00b"}).encode(), "U+0000"),
    (json.dumps({"user_id": "u", "topic": "L", "num_lessons": 51}).encode(), "/num_lessons"),
    (json.dumps({"user_id": "u", "topic": "L", "lessons": 5}).encode(), "/lessons"),
    (json.dumps({"user_id": "u", "topic": "L", "request_id": "é"}).encode(), "request_id"),
    (json.dumps({"user_id": "u", "topic": "L", "request_id": 7}).encode(), "/request_id"),
    (json.dumps({"user_id": "u", "topic": "L", "source_filter": "x" * 2**21}).encode(), "larger"),
]


async def test_what_is_no_request_is_told_at_once_and_kept_as_a_dead_letter(
    of: Resources, broker: Rabbit, acks: Acks
) -> None:
    async with consuming(of, broker):
        await broker.listen()
        for body, _ in AMISS:
            await broker.ask(body, message_id="m-1")
        await broker.ask(wish("good"))
        told = await broker.heard(len(AMISS))
        dead = await broker.dead(len(AMISS))
        await until(of.database, lambda: asked_for(of.database, 1))
        await acks(len(AMISS) + 1)

    assert {each["status"] for each in told} == {"error"}
    reasons = {letter.body: letter.headers["x-daybook-reason"] for letter in dead}
    assert [reasons[b] for b, reason in AMISS if reason not in str(reasons[b])] == []
    assert sorted(each["message"] for each in told) == sorted(map(str, reasons.values()))
    assert await broker.left(broker.topology.requests) == 0


async def asked_for(database: Database, number: int) -> bool:
    return len(await requested(database)) >= number


async def test_what_is_not_stored_yet_goes_back_to_the_queue_when_the_process_ends(
    of: Resources, broker: Rabbit
) -> None:
    nowhere = Database("postgresql://nobody@127.0.0.1:1/none")
    await nowhere.open()
    appender = GroupAppender(nowhere.connect, circuit=nowhere.circuit)
    log = Log(nowhere, appender)
    standing = Standing(log, nowhere, of.limits, of.now)
    async with consuming(replace(of, database=nowhere, log=log, standing=standing), broker):
        for number in range(3):
            await broker.ask(wish(f"r-{number}"))
        await troubled(of)
    await appender.close()
    await nowhere.close()

    await broker.waiting(3)


@pytest.mark.parametrize(
    ("body", "message_id", "called"),
    [
        ({"request_id": "r-1", "topic": "Light"}, "m-1", "r-1"),
        ({"topic": "Light"}, "m-1", "m-1"),
        ({"request_id": 7}, "m-1", "m-1"),
        (b"junk", "m-1", "m-1"),
    ],
)
async def test_an_error_names_its_request_if_that_can_be_found_out(
    of: Resources, broker: Rabbit, body: Any, message_id: str, called: str
) -> None:
    async with consuming(of, broker):
        await broker.listen()
        await broker.ask(body, message_id=message_id)
        [message] = await broker.messages()

    assert json.loads(message.body)["request_id"] == message.correlation_id == called


async def test_however_often_it_is_delivered_a_request_is_one_course(
    of: Resources, broker: Rabbit
) -> None:
    async with consuming(of, broker), telling(of, broker):
        await broker.listen()
        for _ in range(3):
            await broker.ask(wish("r-1"))
            await broker.ask(wish(), message_id="m-2")
        await broker.ask(wish("r-3"))
        told = await broker.heard(3)
        await until(of.database, lambda: asked_for(of.database, 3))

    assert sorted(each["request_id"] for each in told) == ["m-2", "r-1", "r-3"]
    assert len(await requested(of.database)) == 3
    assert broker.nothing_heard()


async def test_a_request_is_the_same_over_http_whichever_comes_first(
    of: Resources, broker: Rabbit, api: Client
) -> None:
    async with consuming(of, broker), telling(of, broker):
        await broker.listen()
        body = wish()
        first = await api.post(COURSES, json=body, headers={"Idempotency-Key": "r-1"})
        over_http = await first.json()
        await broker.ask(wish("r-1"))
        await broker.ask(wish("r-2"))
        told = {each["request_id"]: each["course_id"] for each in await broker.heard(2)}
        second = await api.post(COURSES, json=body, headers={"Idempotency-Key": "r-2"})
        again = await second.json()
        other = await api.post(
            COURSES, json=body | {"topic": "Sound"}, headers={"Idempotency-Key": "r-2"}
        )

    assert told == {"r-1": over_http["id"], "r-2": again["id"]}
    assert second.headers["Idempotency-Replayed"] == "true"
    assert other.status == 422
    assert len(await requested(of.database)) == 2


async def test_a_name_that_was_used_for_another_request_is_refused(
    of: Resources, broker: Rabbit
) -> None:
    async with consuming(of, broker):
        await broker.listen()
        await broker.ask(wish("r-1"))
        await until(of.database, lambda: asked_for(of.database, 1))
        await broker.ask(wish("r-1", topic="Sound"))
        [told] = await broker.heard()
        await broker.ask(wish("r-1", user_id="u-2"))  # somebody else's r-1
        await until(of.database, lambda: asked_for(of.database, 2))

    assert (told["status"], told["request_id"]) == ("error", "r-1")
    assert "was used for another request" in told["message"]
    assert [each["user_id"] for each in await requested(of.database)] == ["u-1", "u-2"]


async def test_other_tenants_and_requests_without_a_name_are_not_told_of(
    of: Resources, broker: Rabbit, api: Client, bearer: Bearer
) -> None:
    another = bearer(tenant="another") | {"Idempotency-Key": "r-1"}
    async with consuming(of, broker), telling(of, broker):
        await broker.listen()
        await api.post(COURSES, json=wish(), headers=another)
        await api.post(COURSES, json=wish())
        await broker.ask(wish("last"))
        [told] = await broker.heard()

    assert told["request_id"] == "last"
    assert broker.nothing_heard()
    others = await read_range(of.database, tenant("another"), 0, types=("course.requested",))
    assert [event.type for event in others if "r-1" not in event.metadata] == ["course.requested"]


async def test_a_status_has_the_same_name_however_often_it_is_told(
    of: Resources, broker: Rabbit
) -> None:
    async with consuming(of, broker):
        await broker.listen()
        await broker.ask(wish("r-1"))
        await until(of.database, lambda: asked_for(of.database, 1))
    events = await told_of(of)
    statuses = Statuses(of, broker.url, broker.topology)
    for _ in range(2):
        await statuses.handle(events)
    await statuses.subscriber.close()  # type: ignore[misc]
    one, other = await broker.messages(2)

    assert (one.message_id, one.body) == (other.message_id, other.body)
    assert one.headers == other.headers == {"x-daybook-position": events[0].position}
    assert one.delivery_mode == aio_pika.DeliveryMode.PERSISTENT


async def troubled(of: Resources) -> None:
    """Wait until the consumer says that it takes nothing."""
    async with asyncio.timeout(60):
        while "rabbitmq" not in of.state.troubles:  # noqa: ASYNC110 - no event of ours
            await asyncio.sleep(0.02)


async def told_of(of: Resources) -> list[Recorded]:
    """Return the events that statuses tell of, once the views have them."""
    await settled(of)
    return await read_range(of.database, SCHOOL, 0, types=TYPES)


async def settled(of: Resources) -> None:
    """Wait until the views stand where the log does."""
    head = await of.database.fetchval("SELECT position FROM log.head")
    assert await of.tail.reached(head, 30)


async def test_what_was_confirmed_is_not_told_again_because_something_else_was_not(
    of: Resources, broker: Rabbit, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with consuming(of, broker):
        await broker.listen()
        for name in ("r-1", "r-2", "r-3"):
            await broker.ask(wish(name))
        await until(of.database, lambda: asked_for(of.database, 3))
    events = await told_of(of)
    statuses = Statuses(of, broker.url, broker.topology)
    publish = Broker.publish

    async def failing(self: Broker, *arguments: Any, **named: Any) -> None:
        if named["correlation_id"] == "r-2":
            raise BrokerAway("It was not confirmed.")
        await publish(self, *arguments, **named)

    monkeypatch.setattr(Broker, "publish", failing)
    with pytest.raises(BrokerAway):
        await statuses.handle(events)
    monkeypatch.setattr(Broker, "publish", publish)
    await statuses.handle(events)
    told = await broker.heard(3)
    await statuses.subscriber.close()  # type: ignore[misc]

    assert [each["request_id"] for each in told][2:] == ["r-2"]
    assert broker.nothing_heard()


async def test_what_is_newer_waits_until_what_is_older_is_confirmed(
    of: Resources, broker: Rabbit, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with consuming(of, broker):
        await broker.listen()
        await broker.ask(wish("r-1"))
        await until(of.database, lambda: asked_for(of.database, 1))
    await fail(of, str((await told_of(of))[0].stream_id))
    statuses = Statuses(of, broker.url, broker.topology)
    events = await told_of(of)
    publish, begun = Broker.publish, asyncio.Event()

    async def failing(self: Broker, *arguments: Any, **named: Any) -> None:
        if not begun.is_set():
            begun.set()
            raise BrokerAway("It was not confirmed.")
        await publish(self, *arguments, **named)

    monkeypatch.setattr(Broker, "publish", failing)
    with pytest.raises(BrokerAway):
        await statuses.handle(events)
    await statuses.handle(events)
    told = await broker.heard(2)
    await statuses.subscriber.close()  # type: ignore[misc]

    assert [each["status"] for each in told] == ["processing", "error"]
    assert broker.nothing_heard()


@pytest.mark.parametrize(("kind", "told"), [("course", True), ("lesson", False)])
def test_only_jobs_that_make_a_whole_course_are_told_of(kind: str, *, told: bool) -> None:
    target = uuid4()
    data = json.dumps({"kind": kind, "target": str(target), "reason": ""})
    cancelled = Recorded(
        1, uuid4(), 1, "job", "job.cancelled", SCHOOL, data, None, "{}", datetime.now(UTC)
    )

    assert course_of(cancelled) == (target if told else None)


async def test_nothing_is_taken_while_the_database_is_away_and_all_of_it_afterwards(
    of: Resources, broker: Rabbit, database_url: str, acks: Acks
) -> None:
    async with proxied(database_url) as proxy:
        database = Database(proxy.url)
        await database.open()
        appender = GroupAppender(database.connect, circuit=database.circuit)
        log = Log(database, appender)
        standing = Standing(log, database, of.limits, of.now)
        behind = replace(of, database=database, log=log, standing=standing)
        async with consuming(behind, broker):
            await broker.ask(wish("r-0"))
            await until(of.database, lambda: asked_for(of.database, 1))
            proxy.lose_replies(1_000_000)
            for number in range(1, 6):
                await broker.ask(wish(f"r-{number}"))
            await troubled(of)
            await broker.ask(wish("r-6"))
            await broker.waiting(1)
            assert "r-6" not in await names(of.database)
            proxy.lose_replies(0)
            await until(of.database, lambda: asked_for(of.database, 7))
            await acks(7)
        await appender.close()
        await database.close()

    assert of.state.troubles == {}
    assert await broker.left(broker.topology.requests) == 0
    assert await names(of.database) == [f"r-{number}" for number in range(7)]


async def test_a_suspended_tenants_requests_wait_in_the_queue(
    of: Resources, broker: Rabbit, monkeypatch: pytest.MonkeyPatch, acks: Acks
) -> None:
    monkeypatch.setattr("service.gateway.consumer.SUSPENDED_SECONDS", 0.01)
    await desk.create(of.database, "school", act("create"))
    await desk.suspend(of.database, SCHOOL, act("suspend"))
    async with consuming(of, broker):
        await broker.ask(wish("r-1"))
        await troubled(of)
        await broker.ask(wish("r-2"))
        await broker.waiting(1)
        assert "suspended" in of.state.troubles["rabbitmq"]
        assert await requested(of.database) == []
        await desk.resume(of.database, SCHOOL, act("resume"))
        of.standing.changed(SCHOOL)
        await until(of.database, lambda: asked_for(of.database, 2))
        await acks(2)

    assert of.state.troubles == {}


async def test_a_tenants_limit_slows_requests_down_and_loses_none(
    of: Resources, broker: Rabbit, acks: Acks
) -> None:
    limits = Limits(Rates(generations=Rate(20, 1, 1)))
    standing = Standing(of.log, of.database, limits, of.now)
    async with consuming(replace(of, limits=limits, standing=standing), broker):
        for number in range(5):
            await broker.ask(wish(f"r-{number}"))
        await until(of.database, lambda: asked_for(of.database, 5))
        await acks(5)

    assert await broker.left(broker.topology.dead) == 0


async def test_queues_that_are_there_already_are_taken_as_they_are(
    of: Resources, broker: Rabbit
) -> None:
    connection = await aio_pika.connect(broker.url.reveal())
    channel = await connection.channel()
    await channel.declare_queue(broker.topology.requests, durable=True)  # as the old service had it
    await connection.close()

    async with consuming(of, broker):
        await broker.listen()
        await broker.ask(b"junk")
        assert (await broker.heard())[0]["status"] == "error"
        assert len(await broker.dead()) == 1


async def test_many_at_once_are_each_done_once(of: Resources, broker: Rabbit, acks: Acks) -> None:
    names = [f"r-{number}" for number in range(300)]
    async with consuming(of, broker), telling(of, broker):
        await broker.listen()
        await asyncio.gather(*(broker.ask(wish(name)) for name in names for _ in range(2)))
        begun = await broker.heard(300)
        await asyncio.gather(*(make(of, each["course_id"]) for each in begun))
        done = await broker.heard(300)
        await acks(600)

    assert sorted(each["request_id"] for each in begun) == sorted(names)
    assert {each["status"] for each in begun} == {"processing"}
    assert sorted(each["request_id"] for each in done) == sorted(names)
    assert {each["status"] for each in done} == {"success"}
    assert len(await requested(of.database)) == 300
    assert broker.nothing_heard()
    assert await broker.left(broker.topology.requests) == 0
