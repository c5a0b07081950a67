"""Downloads: the whole result in CSV and NDJSON, whatever its length, or a line that breaks."""

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from psycopg import sql

from service.http import download, wire
from service.http.call import Resources
from service.http.download import Download
from service.view import rows
from tests.http.conftest import ADA, Client
from tests.view.conftest import Fill
from tests.view.test_rows import COURSES, visited

ODD = ("=1+1", "+1", "-1", "@x", "\tx", "", "a,b", 'a"b', "a\r\nb", "ok", "\N{SNOWMAN} é", " =x")


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of a few rows, so that a small table takes many."""
    monkeypatch.setattr(rows, "BUDGET", 2_000)


async def test_a_download_holds_every_row_once_in_either_format(
    desk: Client, fill: Fill, small_pages: None
) -> None:
    await fill(300)
    for query in ("", "&sort=-error_message,created_at", "&status=READY&columns=title,id"):
        wanted = await visited(desk, f"{COURSES}?limit=1000{query}")
        lines = await desk.get(f"{COURSES}?format=ndjson{query}")
        table = await desk.get(f"{COURSES}?{query}", headers={"Accept": "text/csv"})

        assert lines.headers["Content-Type"] == "application/x-ndjson"
        assert [json.loads(line) for line in (await lines.text()).splitlines()] == wanted
        found = list(csv.DictReader(io.StringIO(await table.text(), newline="")))
        assert found == [
            {name: "" if value is None else str(value) for name, value in row.items()}
            for row in wanted
        ]


async def test_csv_is_as_rfc_4180_has_it_and_no_text_becomes_a_formula(
    desk: Client, live: Resources, fill: Fill, schema: str
) -> None:
    await fill(len(ODD))
    spoil = sql.SQL(
        "UPDATE {}.courses AS c"
        "   SET title = o.title, outline_json = '[\"=x\"]', error_message = NULL"
        "  FROM unnest($1::text[]) WITH ORDINALITY AS o (title, n)"
        " WHERE c.id = md5('course ' || o.n)::uuid"
    )
    await live.database.execute(spoil.format(sql.Identifier(schema)).as_string(), ODD)
    address = "/api/v1/views/courses?columns=title,outline_json,error_message,total_lessons"
    response = await desk.get(f"{address}&format=csv&sort=title")
    text = (await response.read()).decode()
    table = list(csv.reader(io.StringIO(text, newline="")))

    assert response.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    assert response.headers["Content-Disposition"] == 'attachment; filename="courses.csv"'
    assert text.startswith("title,outline_json,error_message,total_lessons\r\n")
    assert {row[0] for row in table[1:]} == {
        f"'{title}" if title[:1] in {"=", "+", "-", "@", "\t"} else title for title in ODD
    }
    assert {tuple(row[1:3]) for row in table[1:]} == {('["=x"]', "")}
    assert '\r\n"","[""=x""]",,' in text
    exact = await (await desk.get(f"{address}&format=ndjson")).text()
    assert {json.loads(line)["title"] for line in exact.splitlines()} == set(ODD)


async def test_nothing_is_a_table_with_names_alone(desk: Client) -> None:
    table = await (await desk.get(f"{COURSES}?format=csv&columns=id,title")).text()
    lines = await (await desk.get(f"{COURSES}?format=ndjson")).text()

    assert (table, lines) == ("id,title\r\n", "")


async def test_a_download_may_be_limited_and_says_how_fresh_it_is(
    desk: Client, live: Resources, fill: Fill
) -> None:
    made = await (await desk.post("/api/v1/courses", json={"topic": "Light"})).json()
    await fill(30)
    query = f"format=ndjson&limit=7&min_position={made['position']}"
    response = await desk.get(f"{COURSES}?{query}")

    assert len((await response.text()).splitlines()) == 7
    assert int(response.headers["X-Projection-Position"]) >= made["position"]


async def test_what_does_not_fit_is_refused_before_the_first_byte(desk: Client) -> None:
    assert (await desk.get(f"{COURSES}?format=csv&sort=nothing")).status == 422
    assert (await desk.get("/api/v1/views/nothing?format=csv")).status == 404


async def test_a_download_that_cannot_go_on_breaks_off(
    desk: Client, live: Resources, fill: Fill, small_pages: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(300)
    read = rows.read

    async def spoilt(*given: Any, **more: Any) -> rows.Part:
        if more["after"] is not None:
            await live.database.execute("DROP VIEW IF EXISTS read.v_course_summary")
        return await read(*given, **more)

    monkeypatch.setattr(rows, "read", spoilt)
    response = await desk.get(f"{COURSES}?format=csv")

    assert response.status == 200
    with pytest.raises(aiohttp.ClientPayloadError):
        await response.read()
    assert len(live.streams) == 0


async def test_when_the_client_has_gone_nothing_more_is_read(
    desk: Client, live: Resources, fill: Fill, small_pages: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(300)
    read, asked, gone = rows.read, [0], asyncio.Event()

    async def counted(*given: Any, **more: Any) -> rows.Part:
        asked[0] += 1
        if asked[0] > 1:
            await gone.wait()
        return await read(*given, **more)

    monkeypatch.setattr(rows, "read", counted)
    response = await desk.get(f"{COURSES}?format=csv")
    await response.content.readany()
    response.close()
    while live.streams:
        gone.set()
        await desk.get("/livez")

    assert asked[0] <= 3


async def test_a_reader_who_stops_is_sent_away(resources: Resources) -> None:
    ended = asyncio.Event()

    async def pour(request: web.Request) -> web.StreamResponse:
        made = Download("text/csv", flood(), {})
        try:
            return await download.send(request, ADA, resources.streams, made, {}, lagging=0.1)
        finally:
            ended.set()

    async def flood() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 1_000_000

    app = web.Application()
    app.router.add_get("/", pour)
    async with wire.served(app, "127.0.0.1", 0, patience=1.0) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        async with asyncio.timeout(20):
            await ended.wait()
            try:
                received = await reader.read()
            except ConnectionError:
                received = b""
        writer.close()
    assert not received.endswith(b"0\r\n\r\n")
    assert len(resources.streams) == 0
