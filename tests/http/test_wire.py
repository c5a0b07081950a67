"""What happens below the application: bytes that are no HTTP, and slow ones."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from service.http import wire
from service.http.application import application
from service.http.call import Resources
from service.http.metrics import Metrics
from tests.http.conftest import ROUTES


@pytest.fixture
async def port(resources: Resources) -> AsyncIterator[int]:
    async with wire.served(
        application(ROUTES, resources, Metrics()), "127.0.0.1", 0, patience=1.0
    ) as port:
        yield port


async def exchange(port: int, data: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    async with asyncio.timeout(30):
        received = await reader.read()
    writer.close()
    return received


@pytest.mark.parametrize(
    "data",
    [
        b"hello\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nbad header\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
    ],
    ids=range(6),
)
async def test_what_is_no_http_gets_a_problem_document(port: int, data: bytes) -> None:
    received = await exchange(port, data)

    assert b" 400 Bad Request\r\n" in received
    assert b"Content-Type: application/problem+json" in received
    assert b'"code":"malformed"' in received
    assert b"nosniff" in received


async def test_no_traceback_is_logged_for_what_strangers_send(
    port: int, caplog: pytest.LogCaptureFixture
) -> None:
    await exchange(port, b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")

    assert "Traceback" not in caplog.text


async def test_the_access_log_leaves_the_query_out(
    port: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    await exchange(
        port, b"GET /nothing?token=canary HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    )

    assert "GET /nothing 404" in caplog.text
    assert "canary" not in caplog.text
