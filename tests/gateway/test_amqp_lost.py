"""RabbitMQ that is lost, stopped and back: nothing is lost, and statuses keep their order."""

import asyncio
from collections import defaultdict
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest

from service.gateway.amqp import BrokerAway, Delivery, connected
from service.gateway.subscriber import listed
from service.http.call import Resources
from service.settings import Secret
from tests.faults import child, proxied
from tests.gateway.asking import consuming, make, speaking, telling, wish
from tests.gateway.node import MISSING as NO_NODE
from tests.gateway.node import node, runs_here
from tests.gateway.rabbit import MISSING, URL, Rabbit, Where, own, prefixed, rabbit, there
from tests.gateway.test_amqp import asked_for, names
from tests.gateway.test_subscriber import RAN_OUT
from tests.waiting import until


@pytest.mark.skipif(not there(), reason=MISSING)
async def test_a_connection_that_is_cut_is_made_again_and_each_request_is_done_once(
    live: Resources,
) -> None:
    async with rabbit() as outsider, proxied(URL) as proxy:
        port = proxy.url.rpartition(":")[2].partition("/")[0]
        where = Where(Secret(f"amqp://guest:guest@127.0.0.1:{port}/"), outsider.topology)
        of = speaking(live, where)
        async with consuming(of, where), telling(of, where):
            await outsider.declared()
            await outsider.listen()
            for number in range(4):
                await outsider.ask(wish(f"a-{number}"))
                proxy.lose_replies(1)
                await outsider.ask(wish(f"b-{number}"))
                await until(of.database, partial(asked_for, of.database, 2 * number + 2))
            told = {each["request_id"] for each in await outsider.heard(8)}
        assert proxy.lost == 4

    expected = [f"{letter}-{number}" for letter in "ab" for number in range(4)]
    assert await names(of.database) == expected
    assert told <= set(expected)


@pytest.mark.skipif(not there(), reason=MISSING)
async def test_what_cannot_be_sent_any_more_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.gateway.amqp.CALL_SECONDS", 0.2)
    async with rabbit() as outsider:
        async with connected(outsider.url, outsider.topology, "test") as broker:
            taken: asyncio.Queue[Delivery] = asyncio.Queue()
            await broker.consume(outsider.topology.requests, 100, taken.put_nowait)
            await asyncio.gather(*(outsider.ask(wish(f"r-{n}")) for n in range(50)))
            held = [await taken.get() for _ in range(50)]
            underlay = await broker._channel.get_underlay_channel()  # noqa: SLF001 - no other way
            underlay.connection._writer_task.cancel()  # type: ignore[attr-defined]  # noqa: SLF001
            with pytest.raises(BrokerAway):
                await asyncio.gather(*(broker.ack(delivery) for delivery in held))
            assert broker.lost.is_set()
        await outsider.waiting(50)


@pytest.mark.skipif(not there(), reason=MISSING)
async def test_a_gateway_that_is_killed_again_and_again_does_each_request_once_and_tells_of_it(
    live: Resources, database_url: str, tmp_path: Path
) -> None:
    prefix, number = f"test-{uuid4().hex[:12]}-", 240
    arguments = ("tests.gateway.mortal", database_url, tmp_path, prefix)
    async with rabbit(topology=prefixed(prefix)) as outsider:
        for killed_after in (1, 120):
            with child(*arguments) as gateway:
                await asyncio.to_thread(gateway.wait_for, 1)
                if killed_after == 1:
                    await outsider.declared()
                    wishes = [wish(f"r-{n}") for n in range(number)] * 2
                    asking = asyncio.gather(*(outsider.ask(each) for each in wishes))
                await until(live.database, partial(asked_for, live.database, killed_after))
        await asking
        with child(*arguments):
            await live.database.execute(RAN_OUT)
            await until(live.database, partial(asked_for, live.database, number))
            told = await tell(outsider, ready=0, asked=number)
            await outsider.waiting(0)

    assert await names(live.database) == sorted(f"r-{n}" for n in range(number))
    assert {tuple(words) for words in told.values()} == {("processing",)}


@pytest.mark.skipif(not runs_here(), reason=NO_NODE)
async def test_a_server_that_stops_takes_nothing_with_it(live: Resources, tmp_path: Path) -> None:
    topology = own()
    with node(tmp_path) as server:
        where = Where(Secret(server.url), topology)
        of = speaking(live, where)
        async with consuming(of, where), telling(of, where):
            async with rabbit(server.url, topology, sweep=False) as outsider:
                await outsider.declared()
                await asyncio.gather(*(outsider.ask(wish(f"r-{n}")) for n in range(30)))
                await until(of.database, partial(asked_for, of.database, 5))
                await asyncio.to_thread(server.stop)
            made = [each["course_id"] for each in await courses(of)][:5]
            for course_id in made:
                await make(of, course_id)
            await failing(of)
            await asyncio.to_thread(server.start)
            async with rabbit(server.url, topology, sweep=False) as outsider:
                await outsider.declared()
                await outsider.ask(wish("last"))
                await until(of.database, partial(asked_for, of.database, 31))
                told = await tell(outsider, ready=len(made), asked=31)

    assert await names(of.database) == sorted(["last", *(f"r-{n}" for n in range(30))])
    assert {tuple(words) for words in told.values()} == {
        ("processing",),
        ("processing", "success"),
    }


async def courses(of: Resources) -> list[dict[str, str]]:
    """Return the courses that were asked for, oldest first."""
    rows = await of.database.fetch(
        "SELECT stream_id::text AS course_id FROM log.events WHERE type = 'course.requested'"
        " ORDER BY position"
    )
    return [dict(row) for row in rows]


async def failing(of: Resources) -> None:
    """Wait until operators see that statuses cannot be told, and health that nothing is taken."""
    async with asyncio.timeout(60):
        while "rabbitmq" not in of.state.troubles:  # noqa: ASYNC110 - no event of ours
            await asyncio.sleep(0.02)
        while not any(line.failures for line in await listed(of.database)):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def tell(outsider: Rabbit, *, ready: int, asked: int) -> dict[str, list[str]]:
    """Return what was told of each request, in the order in which it was told first.

    A status that was told again has the id it had the first time.
    """
    told: dict[str, list[str]] = defaultdict(list)
    seen: set[str | None] = set()
    await outsider.listen()
    while len(told) < asked or sum("success" in words for words in told.values()) < ready:
        [message] = await outsider.messages()
        status = outsider.read(message)
        if message.message_id not in seen:
            told[status["request_id"]].append(status["status"])
        seen.add(message.message_id)
    return told
