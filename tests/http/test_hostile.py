"""What hostile clients send: bytes to confuse, to fill and to wear out; nobody else may notice."""

import asyncio
import gzip
import random
import re
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, suppress
from ipaddress import ip_network
from typing import Any, Final

import msgspec
import pytest
from aiohttp import web
from msgspec.structs import replace

from service.http import body, wire
from service.http.address import Proxies
from service.http.application import application
from service.http.call import Resources
from service.http.connection import Connection
from service.http.crowd import Crowd, Room
from service.http.metrics import Metrics
from service.http.sse import Streams
from service.http.watch import Patience
from service.refusal import Invalid, Malformed, TooLarge, TooMany
from tests.http.conftest import ADA, ROUTES, Client, Loan

HASTE: Final = Patience(idle=0.3, kept=0.3, head=0.3, stall=0.3, grace=0.3, pace=4_000, every=0.02)
BEARER: Final = "BEARER"
"""Stands for the header line that lets a request in."""
GET: Final = "GET /api/v1/shelf HTTP/1.1\r\nHost: a\r\nBEARER"
POST: Final = "POST /api/v1/loans HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nBEARER"
SCAN: Final = (
    "POST /api/v1/scans HTTP/1.1\r\nHost: a\r\n"
    "Content-Type: multipart/form-data; boundary=x\r\nBEARER"
)
CHUNKED: Final = POST + "Transfer-Encoding: chunked\r\n"
GOOD: Final = b"GET /api/v1/open HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


def post(body: bytes, headers: str = "") -> bytes:
    """A POST with this body."""
    return f"{POST}Content-Length: {len(body)}\r\n{headers}\r\n".encode() + body


def deep(opening: bytes, closing: bytes) -> bytes:
    """JSON nested as deep as it fits."""
    times = 1980 // len(opening + closing)
    return b'{"copy":' + opening * times + closing * times + b"}"


BOMB: Final = gzip.compress(b'{"copy":"' + b" " * 20_000_000 + b'"}')[:1_990]
"""Twenty megabytes in two kilobytes, the end of them missing: nobody is to come that far."""

HOSTILE: Final = {
    "no host": (b"GET / HTTP/1.1\r\n\r\n", {400}),
    "two hosts": (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", {400}),
    "length and chunks": (
        (CHUNKED + "Content-Length: 5\r\n\r\n0\r\n\r\n").encode(),
        {400},
    ),
    "two lengths": (
        (POST + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}").encode(),
        {400},
    ),
    "a list of lengths": ((POST + "Content-Length: 2, 2\r\n\r\n{}").encode(), {400}),
    "a signed length": ((POST + "Content-Length: +2\r\n\r\n{}").encode(), {400}),
    "a length beyond measure": (
        (POST + "Content-Length: 99999999999999999999999\r\n\r\n{}").encode(),
        {400},
    ),
    "a length too long": ((POST + "Content-Length: 2001\r\n\r\n{}").encode(), {413}),
    "another coding": ((POST + "Transfer-Encoding: gzip\r\n\r\n{}").encode(), {400}),
    "chunks not last": ((POST + "Transfer-Encoding: chunked, gzip\r\n\r\n").encode(), {400}),
    "chunks by another name": ((POST + "Transfer-Encoding: xchunked\r\n\r\n").encode(), {400}),
    "bare line feeds": (b"GET /api/v1/open HTTP/1.1\nHost: a\n\n", {400}),
    "a bare return": (b"GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", {400}),
    "a space before the colon": (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", {400}),
    "a folded line": (b"GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n", {400}),
    "a line without a name": (b"GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", {400}),
    "a chunk beyond measure": ((CHUNKED + "\r\nFFFFFFFFFFFFFFFFFF\r\n").encode(), {400}),
    "a chunk of less than nothing": ((CHUNKED + "\r\n-1\r\n").encode(), {400}),
    "a chunk in another notation": ((CHUNKED + "\r\n0x2\r\n{}\r\n0\r\n\r\n").encode(), {400}),
    "a chunk longer than it says": ((CHUNKED + "\r\n1\r\n{}\r\n0\r\n\r\n").encode(), {400}),
    "a chunk by line feeds": ((CHUNKED + "\r\n2\n{}\n0\n\n").encode(), {400}),
    "a chunk too large": (
        (CHUNKED + "\r\n7D1\r\n" + "x" * 2001 + "\r\n0\r\n\r\n").encode(),
        {413},
    ),
    "an endless trailer": (
        (CHUNKED + "\r\n2\r\n{}\r\n0\r\n" + "X: y\r\n" * 5000).encode(),
        {400, 422, 431},
    ),
    "a long trailer": (
        (CHUNKED + "\r\n2\r\n{}\r\n0\r\nX: " + "y" * 9000 + "\r\n\r\n").encode(),
        {400, 422, 431},
    ),
    "a broken target": (b"GET http://[::1/ HTTP/1.1\r\nHost: a\r\n\r\n", {400}),
    "a target of no form": (b"GET x HTTP/1.1\r\nHost: a\r\n\r\n", {400, 404}),
    "a connect": (b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", {400, 404, 405}),
    "a star": (b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", {400, 404, 405}),
    "two slashes": (b"GET //evil.example/ HTTP/1.1\r\nHost: a\r\n\r\n", {404}),
    "a way up": (b"GET /docs/../../../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n", {404}),
    "a way up in disguise": (b"GET /docs/%2e%2e%2fetc/passwd HTTP/1.1\r\nHost: a\r\n\r\n", {404}),
    "a nul in the target": (b"GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", {400}),
    "a nul in the path": ((GET.replace("shelf", "shelf/%00") + "\r\n").encode(), {404}),
    "a nul in the query": (
        (GET.replace("shelf", "shelf?colour=%00") + "\r\n").encode(),
        {400, 422},
    ),
    "a nul in the header": (b"GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n", {400}),
    "bytes that are no text in the path": ((GET.replace("shelf", "%ff") + "\r\n").encode(), {404}),
    "bytes that are no text in the query": (
        (GET.replace("shelf", "shelf?colour=%ff%fe&limit=%ff") + "\r\n").encode(),
        {400, 422},
    ),
    "bytes that are no text in the header": (
        b"GET /api/v1/shelf HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \xff\xfe\r\n\r\n",
        {400, 401},
    ),
    "bytes that are no text in the body": (post(b'{"copy":"\xff\xfe"}'), {400}),
    "half a surrogate": (post(b'{"copy":"\\ud800"}'), {400, 422}),
    "a nul in the body": (post(b'{"copy":"\\u0000"}'), {422}),
    "lists in lists": (post(deep(b"[", b"]")), {400, 422}),
    "objects in objects": (post(deep(b'{"":', b"}")), {400, 422}),
    "a number of many digits": (post(b'{"copy":"a","days":' + b"9" * 1900 + b"}"), {400, 422}),
    "a number beyond measure": (post(b'{"copy":"a","days":1e999999999}'), {400, 422}),
    "no number": (post(b'{"copy":"a","days":NaN}'), {400}),
    "a field twice": (post(b'{"copy":"a","copy":' + b"[" * 50 + b"}"), {400, 422}),
    "a long text": (post(b'{"copy":"' + b"x" * 1900 + b'"}'), {422}),
    "a bomb": (post(BOMB, "Content-Encoding: gzip\r\n"), {413}),
    "a bomb of another kind": (
        post(zlib.compress(b" " * 1_000_000), "Content-Encoding: deflate\r\n"),
        {413},
    ),
    "half an encoding": (
        post(gzip.compress(b'{"copy":"a"}')[:-9], "Content-Encoding: gzip\r\n"),
        {400},
    ),
    "no such encoding": (post(b"{}", "Content-Encoding: br\r\n"), {415}),
    "an encoding twice": (post(b"{}", "Content-Encoding: gzip, gzip\r\n"), {415}),
    "an encoding that is none": (post(b"{}", "Content-Encoding: gzip\r\n"), {400}),
    "an encoded form": (
        (SCAN + "Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx").encode(),
        {415},
    ),
    "a form of many parts": (
        (SCAN + "Content-Length: 3000\r\n\r\n").encode()
        + b"".join(
            b'--x\r\nContent-Disposition: form-data; name="%d"\r\n\r\n\r\n' % n for n in range(70)
        )[:3000],
        {400, 422},
    ),
    "a part with a long header": (
        (SCAN + "Content-Length: 3900\r\n\r\n--x\r\nX: " + "y" * 3892).encode(),
        {400},
    ),
    "a part that is badly described": (
        (
            SCAN + "Content-Length: 46\r\n\r\n--x\r\nContent-Disposition: form-data; name\r\n\r\n"
        ).encode(),
        {400},
    ),
    "a part that is described by nothing": (
        (SCAN + "Content-Length: 33\r\n\r\n--x\r\nContent-Disposition: \0\r\n\r\n").encode(),
        {400},
    ),
    "a form without an end": (
        (SCAN + "Content-Length: 5\r\n\r\n--x\r\n").encode(),
        {400, 422},
    ),
    "a wish": (b"GET /api/v1/open HTTP/1.1\r\nHost: a\r\nExpect: money\r\n\r\n", {417}),
    "a wish that is no text": (
        b"GET /api/v1/open HTTP/1.1\r\nHost: a\r\nExpect: \xffmoney\r\n\r\n",
        {400},
    ),
    "a later version": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400}),
    "a locked line": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", {400}),
    "a line too long": (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 9000 + b"\r\n\r\n", {431}),
    "a target too long": (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", {431}),
    "too many lines": (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 101 + b"\r\n", {431}),
    "a head too large": (
        b"GET / HTTP/1.1\r\nHost: a\r\n" + (b"X: " + b"y" * 8000 + b"\r\n") * 9,
        {431},
    ),
}


async def flood(_request: web.Request) -> web.Response:
    """Answer with more than any buffer holds."""
    return web.Response(body=bytes(64 << 20))


@pytest.fixture
def app(resources: Resources) -> web.Application:
    """Routes of every kind, and one whose answer is more than any buffer holds."""
    made = application(ROUTES, resources, Metrics())
    made.router.add_get("/flood", flood)
    return made


@pytest.fixture
def flooded(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Set as soon as a connection is gone."""
    lost, gone = asyncio.Event(), Connection.connection_lost

    def tell(connection: Connection, error: BaseException | None) -> None:
        gone(connection, error)
        lost.set()

    monkeypatch.setattr(Connection, "connection_lost", tell)
    return lost


@pytest.fixture
async def port(app: web.Application) -> AsyncIterator[int]:
    async with wire.served(app, "127.0.0.1", 0, patience=1.0, clients=HASTE) as port:
        yield port


@pytest.fixture
def let_in(bearer: Callable[..., dict[str, str]]) -> Callable[[bytes], bytes]:
    """Puts the header line that lets a request in where a request asks for it."""
    line = f"Authorization: {bearer()['Authorization']}\r\n".encode()
    return lambda data: data.replace(BEARER.encode(), line)


async def exchange(port: int, data: bytes, drips: bytes = b"") -> bytes:
    """Send `data`, then `drips` byte by byte; return what comes until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    received = bytearray()
    coming = asyncio.ensure_future(collect(reader, received))
    writer.write(data)
    try:
        async with asyncio.timeout(10):
            for byte in drips:
                if (await asyncio.wait({coming}, timeout=0.005))[0]:
                    break
                writer.write(bytes([byte]))
            await coming
    finally:
        coming.cancel()
        writer.transport.abort()
    return bytes(received)


async def collect(reader: asyncio.StreamReader, received: bytearray) -> None:
    """Add what comes to `received` until the server closes, however it does."""
    with suppress(ConnectionError):
        while chunk := await reader.read(1 << 16):
            received += chunk


def statuses(received: bytes) -> list[int]:
    """The statuses of all the answers."""
    return [int(found) for found in re.findall(rb"HTTP/1\.[01] (\d+) ", received)]


async def test_what_is_hostile_is_refused_in_a_problem_document(
    port: int, let_in: Callable[[bytes], bytes]
) -> None:
    sent = {name: exchange(port, let_in(data)) for name, (data, _) in HOSTILE.items()}
    received = dict(zip(sent, await asyncio.gather(*sent.values()), strict=True))
    found = {name: set(statuses(answer)) for name, answer in received.items()}

    assert not {name: of for name, of in found.items() if not of or not of <= HOSTILE[name][1]}
    assert all(b"application/problem+json" in answer for answer in received.values())
    assert statuses(await exchange(port, GOOD)) == [200]


@pytest.mark.parametrize("kind", [Any, dict[str, Any], Loan])
def test_what_is_nested_or_long_beyond_measure_is_refused_by_every_decoder(kind: Any) -> None:
    decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(kind)
    for data in (b"[" * 100_000, b'{"":' * 100_000, b'{"x":' + b"[" * 100_000 + b"]" * 100_000):
        with pytest.raises((Malformed, Invalid)):
            body.decode(decoder, data)
    with suppress(Malformed, Invalid):
        body.decode(decoder, b'{"x":' + b"9" * 1_000_000 + b"}")


def test_no_more_of_a_bomb_is_made_than_is_taken() -> None:
    bomb = gzip.compress(bytes(16 << 20))
    tracemalloc.start()
    with pytest.raises(TooLarge):
        body.expanded(bomb, 1_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 1 << 20


def test_those_turned_away_are_told_of_now_and_then(caplog: pytest.LogCaptureFixture) -> None:
    crowd = Crowd(Room())
    for now in (100.0, 101.0, 109.0, 110.0, 300.0):
        crowd.turned_away("who spoke no HTTP")
        crowd.tell(now)

    told = [record.getMessage() for record in caplog.records]
    counts = [int(text.partition(": ")[2].partition(" who")[0]) for text in told]
    assert counts == [1, 3, 1]


async def test_the_host_that_a_target_names_is_believed_by_nobody(
    port: int, let_in: Callable[[bytes], bytes]
) -> None:
    target = GET.replace("/api", "http://evil.example/api") + "Connection: close\r\n\r\n"
    received = await exchange(port, let_in(target.encode()))

    assert statuses(received) == [200]
    assert b'rel="next"' in received
    assert b"evil" not in received


def half(body: bytes, start: str = POST) -> bytes:
    return f"{start}Content-Length: 1900\r\n\r\n".encode() + body


PART: Final = b'--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nab'
OPEN: Final = b"GET /api/v1/open HTTP/1.1\r\nHost: a\r\n\r\n"
SLOW: Final = {
    "silence": (b"", b"", []),
    "half a line": (b"GET /api", b"", [408]),
    "half a head": (b"GET / HTTP/1.1\r\nHost: a\r\nX:", b"", [408]),
    "a dripping head": (b"GET / HTTP/1.1\r\nHost: a\r\nX: ", b"y" * 5000, [408]),
    "nothing but line breaks": (b"", b"\r\n" * 2000, [408]),
    "silence after a request": (OPEN, b"", [200]),
    "a dripping head after a request": (OPEN, b"GET / HTTP/1.1\r\nX: " + b"y" * 5000, [200, 408]),
    "half a body": (half(b'{"copy"'), b"", [408]),
    "a dripping body": (half(b'{"copy":"'), b"x" * 1800, [408]),
    "half a body after a request": (OPEN + half(b"{"), b"", [200, 408]),
    "half a chunk": ((CHUNKED + "\r\n7F\r\n{").encode(), b"", [408]),
    "a dripping name of a chunk": ((CHUNKED + "\r\n1;").encode(), b"x" * 5000, [408]),
    "half a form": (half(PART, SCAN), b"", [408]),
    "a dripping form": (half(PART, SCAN), b"x" * 1800, [408]),
    "half a header of a part": (half(PART[:20], SCAN), b"", [408]),
    "half a body for a stranger": (half(b"{").replace(b"BEARER", b""), b"", [401]),
    "a dripping body for a stranger": (half(b"{").replace(b"BEARER", b""), b"x" * 5000, [401]),
}


async def test_slow_clients_are_let_go_and_nobody_waits_for_them(
    port: int, let_in: Callable[[bytes], bytes]
) -> None:
    sent = {name: exchange(port, let_in(data), drips) for name, (data, drips, _) in SLOW.items()}
    slow = asyncio.gather(*sent.values())
    assert statuses(await exchange(port, GOOD)) == [200]

    found = {name: statuses(of) for name, of in zip(sent, await slow, strict=True)}
    assert found == {name: expected for name, (_, _, expected) in SLOW.items()}


async def test_a_client_that_does_not_take_its_answer_is_cut_off(
    port: int, flooded: asyncio.Event
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
    writer.write(b"GET /flood HTTP/1.1\r\nHost: a\r\n\r\n")
    async with asyncio.timeout(10):
        await flooded.wait()
        with pytest.raises(ConnectionResetError):
            await reader.read(-1)
    writer.transport.abort()


async def test_a_slow_line_that_goes_on_is_waited_for(
    port: int, let_in: Callable[[bytes], bytes]
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = SCAN + "Content-Length: 3990\r\nConnection: close\r\n\r\n"
    writer.write(let_in(head.encode()) + PART)
    end = b"\r\n--x--\r\n"
    left = 3990 - len(PART) - len(end)
    coming = asyncio.ensure_future(reader.read())
    while left:  # twice as fast as it must be, and longer than any one wait
        await asyncio.wait({coming}, timeout=0.02)
        piece = min(left, 160)
        writer.write(b"x" * piece)
        left -= piece
    writer.write(end)

    async with asyncio.timeout(10):
        assert statuses(await coming) == [201]
    writer.close()


async def test_so_much_may_arrive_at_once_and_what_is_small_always(
    app: web.Application, let_in: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body, "SMALL", 100)
    monkeypatch.setattr(body, "ARRIVING_MAX", 1_500)
    form = PART + b"x" * 900 + b"\r\n--x--\r\n"
    last = "Connection: close\r\n"
    scan = f"{SCAN}{last}Content-Length: {len(form)}\r\n\r\n".encode() + form
    loan = half(b'{"copy":"' + b"x" * 1_200, POST + last)
    async with wire.served(app, "127.0.0.1", 0, patience=1.0) as port, asyncio.timeout(20):
        first = asyncio.create_task(exchange(port, let_in(loan)))
        while body.ARRIVING.total < 1_100:  # noqa: ASYNC110 - bytes that come are no event of ours
            await asyncio.sleep(0)
        beyond = await exchange(port, let_in(scan))
        assert statuses(await exchange(port, let_in(post(b'{"copy":"a"}', last)))) == [201]
        assert statuses(beyond) == [503]
        assert b"Retry-After: 10" in beyond

        first.cancel()
        while body.ARRIVING.total:  # noqa: ASYNC110
            await asyncio.sleep(0)
        assert statuses(await exchange(port, let_in(scan))) == [201]


async def test_a_stranger_is_listened_to_for_a_short_while_only(dry: Client) -> None:
    response = await dry.post("/api/v1/auth/login", json={"password": "x" * 20_000})

    assert response.status == 413


async def test_pipelined_requests_are_all_answered(port: int) -> None:
    received = await exchange(port, OPEN * 300 + GOOD)

    assert statuses(received) == [200] * 301


async def test_there_is_room_for_so_many(app: web.Application) -> None:
    room = Room(most=10, each=3)
    async with wire.served(app, "127.0.0.1", 0, 1.0, room=room, clients=HASTE) as port:
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        answers = [await exchange(port, GOOD) for _ in range(5)]
        assert answers == [b""] * 5

        async with asyncio.timeout(10):
            for reader, writer in held:
                assert await reader.read() == b""
                writer.close()
        assert statuses(await exchange(port, GOOD)) == [200]


def test_a_proxy_that_is_trusted_speaks_for_many_and_a_line_for_one() -> None:
    crowd = Crowd(Room(most=6, each=2), Proxies([ip_network("10.0.0.0/8")]).trusts)

    assert [crowd.enter(f"2001:db8::{n}") for n in range(3)] == ["2001:db8::"] * 2 + [None]
    assert [crowd.enter("10.0.0.1") for _ in range(5)] == ["10.0.0.1"] * 4 + [None]
    states = [crowd.dense]
    for _ in range(4):
        crowd.leave("10.0.0.1")
    assert [*states, crowd.dense] == [True, False]
    assert crowd.enter("192.0.2.1") == "192.0.2.1"


async def test_a_flood_of_rubbish_is_one_line_in_the_log(
    port: int, let_in: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    stranger = CHUNKED.replace(BEARER, "").encode()  # refused before its body is found broken
    rubbish = [b"rubbish\r\n\r\n", let_in(CHUNKED.encode()) + b"\r\nrubbish\r\n"]
    await asyncio.gather(
        *(exchange(port, data) for data in rubbish * 20),
        *(exchange(port, stranger + b"\r\n", b"zz\r\n") for _ in range(20)),
    )

    assert "Traceback" not in caplog.text
    told = [record for record in caplog.records if record.name == "service.http.crowd"]
    others = [record for record in caplog.records if record not in told]
    assert len(told) <= 1
    assert not [record for record in others if record.levelname in {"WARNING", "ERROR"}]


async def test_nothing_that_anybody_makes_up_breaks_it(
    port: int, let_in: Callable[[bytes], bytes]
) -> None:
    seed = random.randrange(1 << 32)
    dice = random.Random(seed)
    good = [let_in(data) for data in (post(b'{"copy":"a"}'), half(PART, SCAN), OPEN, GOOD)]
    good += [let_in(data) for data, _ in HOSTILE.values() if len(data) < 3000]
    tokens = [b"\r\n", b"\r", b"\n", b"\0", b":", b" ", b"%", b"\xff", b"HTTP/1.1", b"chunked"]

    async def attempt(data: bytes) -> None:
        received = await exchange(port, data)
        assert all(status < 500 for status in statuses(received)), (seed, data, received)

    def mutated() -> bytes:
        data = bytearray(dice.choice(good))
        for _ in range(dice.randint(1, 6)):
            start = dice.randrange(len(data) + 1)
            piece = dice.choice([*tokens, dice.randbytes(dice.randint(0, 9)), dice.choice(good)])
            data[start : start + dice.choice((0, 0, 1, len(piece)))] = piece[:400]
        return bytes(data)

    for _ in range(4):
        await asyncio.gather(*(attempt(mutated()) for _ in range(120)))
    assert statuses(await exchange(port, GOOD)) == [200]


def test_there_are_so_many_streams_in_all_however_many_ask() -> None:
    streams = Streams(limit=2, most=3)
    with ExitStack() as held:
        for name in "abc":
            held.enter_context(streams.place(replace(ADA, subject=name)))
        with pytest.raises(TooMany) as refusal, streams.place(ADA):
            pass
        assert refusal.value.facts["retry_after"] == 30
    with streams.place(ADA):
        assert len(streams) == 1


async def test_a_body_that_comes_before_anybody_reads_is_no_head(
    port: int, let_in: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of an event loop that reads twice before it lets the handler begin."""
    made: list[Connection] = []
    begin = Connection.connection_made

    def tell(connection: Connection, transport: asyncio.BaseTransport) -> None:
        begin(connection, transport)
        made.append(connection)

    monkeypatch.setattr(Connection, "connection_made", tell)
    monkeypatch.setattr("service.http.connection.HEAD_MAX", 600)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while not (made and made[0]._waiter):  # noqa: SLF001, ASYNC110 - no event tells of it
        await asyncio.sleep(0)
    request = let_in(post(b'{"copy":"x"' + b" " * 1_500 + b"}", "Connection: close\r\n"))
    head, _, body = request.partition(b"\r\n\r\n")
    for part in (head + b"\r\n\r\n", body[:700], body[700:]):
        made[0].data_received(part)

    assert statuses(await reader.read()) == [201]
    writer.close()
