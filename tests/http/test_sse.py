import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest
from aiohttp import web

from service.http import sse, wire
from service.http.call import Resources
from service.http.sse import Message
from tests.http.conftest import ADA, Client


async def read_until(response: Any, text: str) -> str:
    received = ""
    async with asyncio.timeout(60):
        while text not in received:
            chunk = await response.content.readany()
            if not chunk:
                break
            received += chunk.decode()
    return received


async def test_a_stream_sends_positions_and_what_to_do_when_cut(client: Client) -> None:
    async with client.get("/api/v1/count") as response:
        received = await read_until(response, '{"n":2}')

    assert response.headers["Content-Type"] == "text/event-stream"
    assert response.headers["X-Accel-Buffering"] == "no"
    assert received.startswith("retry: 3000\n\n")
    assert 'id: 1\nevent: count\ndata: {"n":0}\n\n' in received


async def test_a_silent_stream_shows_that_it_is_open(client: Client) -> None:
    async with client.get("/api/v1/count") as response:
        assert ": still here\n\n" in await read_until(response, ": still here\n\n")


async def test_a_stream_goes_on_from_the_last_event(client: Client) -> None:
    async with client.get("/api/v1/count", headers={"Last-Event-ID": "41"}) as response:
        assert "id: 42\n" in await read_until(response, "id: 44\n")


@pytest.mark.parametrize("header", ["x", "-1", "9" * 30, "²"])
async def test_a_last_event_of_another_stream_is_refused(client: Client, header: str) -> None:
    response = await client.get("/api/v1/count", headers={"Last-Event-ID": header})

    assert response.status == 400


async def test_a_draining_service_says_goodbye(client: Client, resources: Resources) -> None:
    async with client.get("/api/v1/count") as response:
        await read_until(response, '{"n":2}')
        resources.streams.draining.set()
        received = await read_until(response, "event: bye\n")

        assert "event: bye\n" in received
        assert await response.content.read() is not None


async def test_a_principal_has_so_many_streams(
    client: Client, resources: Resources, bearer: Callable[..., dict[str, str]]
) -> None:
    async with client.get("/api/v1/count"), client.get("/api/v1/count"):
        third = await client.get("/api/v1/count")
        assert third.status == 429
        assert "Retry-After" in third.headers
        async with client.get("/api/v1/count", headers=bearer(tenant="another")) as other:
            assert other.status == 200


async def test_a_stream_that_ends_gives_its_place_back(
    client: Client, resources: Resources
) -> None:
    async with client.get("/api/v1/count") as response:
        assert len(resources.streams) == 1
        resources.streams.draining.set()
        await read_until(response, "no stream says this")

    assert len(resources.streams) == 0


def test_a_message_is_one_data_line() -> None:
    message = Message({"text": "a\nb\r\n"}, id=3, event="x")

    assert message.encode() == b'id: 3\nevent: x\ndata: {"text":"a\\nb\\r\\n"}\n\n'


async def test_a_client_that_does_not_read_is_sent_away(resources: Resources) -> None:
    gone = asyncio.Event()

    async def flood() -> AsyncIterator[Sequence[Message]]:
        try:
            while True:
                yield [Message("x" * 100_000)]
        finally:
            gone.set()

    async def pour(request: web.Request) -> web.StreamResponse:
        return await sse.serve(request, ADA, resources.streams, flood(), lagging=0.1)

    app = web.Application()
    app.router.add_get("/", pour)
    async with wire.served(app, "127.0.0.1", 0, patience=1.0) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        async with asyncio.timeout(20):
            await gone.wait()
            assert b"event: lagging" in await reader.read()
        writer.close()
