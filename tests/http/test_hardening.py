"""What every answer carries, whichever layer has given it, and what none gives away."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import jinja2
import pytest
from aiohttp import http_parser
from msgspec.structs import replace
from pytest_aiohttp.plugin import AiohttpClient

from service.app import ROUTES, make_app
from service.console.pages import CONSOLE
from service.database import Database
from service.http import sse, wire
from service.http.application import application
from service.http.body import Nothing
from service.http.call import Answer, Call, Resources
from service.http.metrics import Metrics
from service.http.route import Route
from service.http.sse import Message
from service.settings import load
from tests.http.conftest import ROUTES as SMALL
from tests.http.conftest import Client
from tests.http.test_every_route import path

Bearer = Callable[..., dict[str, str]]
ROOT = Path(__file__).parent.parent.parent

CAREFUL = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
STYLES = {"/docs/docs.css", "/console/console.css"}
"""All that may be kept: there are no data in it."""
SECURE = "https://daybook.example"
PAGE = "https://app.example"
LEAK = re.compile(
    r"Traceback|File \"|\.py\b|asyncpg|jinja|SELECT|INSERT|relation|syntax|SQLSTATE|KeyError"
    r"|canary",
    re.IGNORECASE,
)


def unlike(response: Any, expected: dict[str, str]) -> dict[str, str | None]:
    """The careful headers that a response lacks, or that say something else."""
    return {
        header: response.headers.get(header)
        for header, value in expected.items()
        if response.headers.getall(header, []) != [value]
    }


@pytest.fixture
async def secure(aiohttp_client: AiohttpClient, resources: Resources, bearer: Bearer) -> Client:
    """The real routes at an address of https, without a database; the API is open to one page."""
    settings = replace(resources.settings, public_url=SECURE, cors_origins=(PAGE,))
    app = make_app(replace(resources, settings=settings), Metrics(), ["api"])
    return await aiohttp_client(app, headers=bearer("admin"))


def filled(part: re.Match[str]) -> str:
    """Return something that a part of an address may be."""
    return "1" if part[1] in {"lesson", "chapter"} else "x"


async def test_every_route_answers_with_careful_headers(secure: Client) -> None:
    expected = CAREFUL | {"Strict-Transport-Security": "max-age=31536000"}
    pages = [(page.method, "/console" + re.sub(r"{(\w+)}", filled, page.path)) for page in CONSOLE]
    for method, address in [(route.method, path(route)) for route in ROUTES] + pages:
        response = await secure.request(method, address, allow_redirects=False)
        referrer = "same-origin" if address.startswith("/console") else "no-referrer"
        wrong = unlike(response, expected | {"Referrer-Policy": referrer})
        if address in STYLES:
            assert wrong == {"Cache-Control": "public, max-age=3600"}, address
        else:
            assert not wrong, (method, address, response.status)
        assert "Server" not in response.headers


@pytest.mark.parametrize(
    ("method", "address", "headers", "status"),
    [
        ("GET", "/nothing", {}, 404),
        ("GET", "/console/nothing", {}, 404),
        ("DELETE", "/docs", {}, 405),
        ("OPTIONS", "/docs", {}, 405),
        ("GET", "/livez", {"Expect": "wonders"}, 417),
        ("HEAD", "/docs", {}, 200),
    ],
)
async def test_so_does_what_the_framework_says(
    secure: Client, method: str, address: str, headers: dict[str, str], status: int
) -> None:
    response = await secure.request(method, address, headers=headers)

    assert response.status == status
    assert set(unlike(response, CAREFUL)) <= {"Referrer-Policy"}
    if response.status >= 400:
        assert response.content_type == "application/problem+json"
        assert (await response.json())["status"] == response.status


async def test_so_does_what_is_no_http(resources: Resources) -> None:
    settings = replace(resources.settings, public_url=SECURE)
    app = application(SMALL, replace(resources, settings=settings), Metrics())
    async with wire.served(app, "127.0.0.1", 0, patience=1.0) as port, asyncio.timeout(10):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"hello\r\n\r\n")
        received = await reader.read()
        writer.close()

    assert b"Strict-Transport-Security: max-age" in received
    assert b"default-src 'none'" in received


async def test_plain_http_is_told_nothing_of_tls(client: Client) -> None:
    response = await client.get("/api/v1/open", headers={"X-Forwarded-Proto": "https"})

    assert "Strict-Transport-Security" not in response.headers


async def test_a_stream_carries_them_too(client: Client) -> None:
    async with client.get("/api/v1/count") as response:
        assert not unlike(response, CAREFUL)


def test_nothing_is_built_on_what_a_client_writes_about_the_address() -> None:
    forbidden = re.compile(
        r"request\.(?:scheme|host|url|secure)\b|[\"']Host[\"']|Forwarded-(?:Host|Proto)"
    )
    found = [str(p) for p in (ROOT / "service").rglob("*.py") if forbidden.search(p.read_text())]

    assert found == []


# What goes wrong inside.


async def key_error(call: Call[Nothing, Nothing]) -> Answer[str]:
    """Miss a key."""
    return Answer({"here": ""}[call.request.query.get("canary", "canary")])


async def bad_sql(call: Call[Nothing, Nothing]) -> Answer[str]:
    """Ask for a table that is none."""
    return Answer(await call.resources.database.fetchval("SELECT canary FROM no_such_relation"))


async def bad_insert(call: Call[Nothing, Nothing]) -> Answer[str]:
    """Break a constraint."""
    sql = "INSERT INTO log.events SELECT * FROM log.events LIMIT 1"
    return Answer(await call.resources.database.execute(f"{sql}; SELECT 'canary'::integer"))


async def bad_template(call: Call[Nothing, Nothing]) -> Answer[str]:
    """Show what there is not."""
    page = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=True)
    return Answer(page.from_string("{{ canary.name }}").render())


async def bad_stream(call: Call[Nothing, Nothing]) -> Any:
    """Break off."""

    async def pages() -> AsyncIterator[Sequence[Message]]:
        yield [Message({"n": 1}, id=1)]
        await call.resources.database.fetchval("SELECT canary FROM no_such_relation")

    return await sse.serve(call.request, call.principal, call.resources.streams, pages())


BROKEN = tuple(
    Route("GET", f"/{number}", handler, role=None, streams=handler is bad_stream)
    for number, handler in enumerate((key_error, bad_sql, bad_insert, bad_template, bad_stream))
)


async def test_no_answer_tells_how_it_went_wrong(
    aiohttp_client: AiohttpClient, resources: Resources, database: Database, caplog: Any
) -> None:
    client = await aiohttp_client(
        application(BROKEN, replace(resources, database=database), Metrics())
    )
    for route in BROKEN[:-1]:
        caplog.clear()
        response = await client.get(route.path)
        text = await response.text()
        assert response.status == 500
        assert (await response.json())["trace_id"] in caplog.text
        assert "canary" in caplog.text
        assert not LEAK.search(text), text


async def test_a_stream_that_fails_is_cut_and_nothing_is_put_in_its_midst(
    aiohttp_client: AiohttpClient, resources: Resources, database: Database
) -> None:
    app = application(BROKEN, replace(resources, database=database), Metrics())
    async with wire.served(app, "127.0.0.1", 0, patience=1.0) as port, asyncio.timeout(10):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /4 HTTP/1.1\r\nHost: a\r\n\r\n")
        received = b""
        try:
            while piece := await reader.read(65536):
                received += piece
        except ConnectionError:
            pass
        writer.close()

    assert received.count(b"HTTP/1.1") == 1
    assert b'data: {"n":1}' in received
    assert not received.endswith(b"0\r\n\r\n")
    assert not LEAK.search(received.decode())


async def test_without_its_compiled_parser_nothing_is_served(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_parser, "HttpRequestParser", http_parser.HttpRequestParserPy)

    with pytest.raises(ValueError, match="AIOHTTP_NO_EXTENSIONS"):
        make_app(resources, Metrics(), ["api"])


async def test_the_documents_may_be_left_out(
    aiohttp_client: AiohttpClient, resources: Resources
) -> None:
    settings = replace(resources.settings, api_docs=False)
    client = await aiohttp_client(
        make_app(replace(resources, settings=settings), Metrics(), ["api"])
    )

    statuses = [
        (await client.get(address)).status for address in ("/docs", "/openapi.json", "/livez")
    ]
    assert statuses == [404, 404, 200]


# Pages of other origins.

ASKS = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}


async def test_a_listed_page_may_use_the_api(secure: Client) -> None:
    asked = await secure.options("/api/v1/courses", headers={"Origin": PAGE, **ASKS})
    assert asked.status == 204
    assert asked.headers["Access-Control-Allow-Origin"] == PAGE
    assert asked.headers["Access-Control-Allow-Methods"] == "GET, HEAD, POST"
    assert "Idempotency-Key" in asked.headers["Access-Control-Allow-Headers"]
    for address in ("/api/v1/courses?limit=0", "/api/v1/nothing"):
        response = await secure.get(address, headers={"Origin": PAGE})
        assert response.headers["Access-Control-Allow-Origin"] == PAGE
        assert response.headers["Vary"] == "Origin"
        assert {"ETag", "Link", "Location", "Retry-After", "Idempotency-Replayed"} <= set(
            response.headers["Access-Control-Expose-Headers"].split(", ")
        )
        assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.parametrize("origin", ["https://evil.example", "null", PAGE + ":444", PAGE + ".evil"])
async def test_no_other_page_may(secure: Client, origin: str) -> None:
    asked = await secure.options("/api/v1/courses", headers={"Origin": origin, **ASKS})
    response = await secure.get("/api/v1/courses?limit=0", headers={"Origin": origin})

    assert asked.status == 403
    assert (await asked.json())["detail"] == f"The origin {origin!r} is not one of CORS_ORIGINS."
    for answer in (asked, response):
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert answer.headers["Vary"] == "Origin"


async def test_the_console_is_for_no_page_but_its_own(secure: Client) -> None:
    for method in ("GET", "OPTIONS"):
        headers = {"Origin": PAGE, **ASKS}
        response = await secure.request(method, "/console/sign-in", headers=headers)
        assert not [header for header in response.headers if header.startswith("Access-")]


async def test_nobody_asks_ahead_where_no_page_is_listed(client: Client) -> None:
    asked = await client.options("/api/v1/loans", headers={"Origin": PAGE, **ASKS})

    assert asked.status == 405
    assert "Vary" not in asked.headers


@pytest.mark.parametrize(
    ("variable", "text", "says"),
    [
        ("CORS_ORIGINS", "*", "must name each origin"),
        ("CORS_ORIGINS", "https://*.example", "must name each origin"),
        ("CORS_ORIGINS", "https://a.example/, null", "must be a URL that starts with http"),
        ("CORS_ORIGINS", "https://a.example/x", "must be scheme and host alone"),
        ("PUBLIC_URL", "https://u:p@a.example", "must be scheme and host alone"),
        ("PUBLIC_URL", "daybook.example", "must be a URL that starts with http"),
        ("PUBLIC_URL", "https://bücher.example", "must be scheme and host alone"),
    ],
)
def test_an_origin_that_is_none_is_refused(
    tmp_path: Path, variable: str, text: str, says: str
) -> None:
    with pytest.raises(ValueError, match=f"{variable} {says}"):
        load({"DAYBOOK_HOME": str(tmp_path), variable: text}, None)


def test_origins_are_read_as_browsers_write_them(tmp_path: Path) -> None:
    said = {
        "PUBLIC_URL": "https://Daybook.Example:443/",
        "CORS_ORIGINS": "http://[::1]:80, https://A.b:8443",
    }
    found = load({"DAYBOOK_HOME": str(tmp_path), **said}, None)

    assert found.public_url == "https://daybook.example"
    assert found.cors_origins == ("http://[::1]", "https://a.b:8443")
