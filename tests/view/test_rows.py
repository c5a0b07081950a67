"""A view's rows over HTTP: pages in any order, typed filters, and nobody else's rows."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from psycopg import sql

from service.http.call import Resources
from tests.http.conftest import Client
from tests.view.conftest import SCHOOL, Fill, rows

COURSES = "/api/v1/views/v_course_summary"
NASTY = "a'b\"c;-- %I %s $1 \\ \N{SNOWMAN}"
VALUES = ("'; DROP SCHEMA read CASCADE; --", "\\", "\\'", "%s %I %L", "$1", "''", '"', "E'\\x'")


async def visited(desk: Client, address: str) -> list[dict[str, Any]]:
    """Return the rows of all pages."""
    found: list[dict[str, Any]] = []
    following: str | None = address
    while following:
        page = await (await desk.get(following)).json()
        found += page["items"]
        following = page["next"]
    return found


ORDERS = (
    ("", "id"),
    ("-id", "id DESC"),
    ("title", "title, id"),
    ("error_message", "error_message, id"),
    ("-error_message", "error_message DESC, id"),
    ("-created_at,error_message", "created_at DESC, error_message, id"),
    ("error_message,-created_at,-id", "error_message, created_at DESC, id DESC"),
    ("generated_at,-archived_at", "generated_at, archived_at DESC, id"),
)


async def test_pages_hold_every_row_once_and_in_order(
    desk: Client, live: Resources, fill: Fill
) -> None:
    await fill(47)

    for sort, order in ORDERS:
        found = await visited(desk, f"{COURSES}?limit=8&columns=id&sort={sort}")
        wanted = await rows(live.database, f"true ORDER BY {order}")
        assert [row["id"] for row in found] == wanted, sort


FILTERS = (
    ("status=READY", "status = 'READY'"),
    ("status.eq=READY&total_lessons.gte=3", "status = 'READY' AND total_lessons >= 3"),
    ("total_lessons.gt=3&total_lessons.lt=6", "total_lessons IN (4, 5)"),
    ("total_lessons.lte=1", "total_lessons < 2"),
    ("error_message.ne=Error 1", "error_message IS DISTINCT FROM 'Error 1'"),
    ("error_message.is=null", "error_message IS NULL"),
    ("error_message.is=notnull", "error_message IS NOT NULL"),
    ("created_at.lt=2026-01-02T00:00:02Z", "created_at < '2026-01-02 00:00:02+00'"),
    ("created_at.gte=2026-01-03T01:00:00%2B01:00", "created_at >= '2026-01-03 00:00+00'"),
    ("title.like=%251_", "title LIKE '%1_'"),
    ("title.ilike=tITLE 1", "title = 'Title 1'"),
    ("status.in=READY,FAILED", "status <> 'QUEUED'"),
    ("total_lessons.in=1,2", "total_lessons IN (1, 2)"),
    ("tenant_id=00000000-0000-0000-0000-000000000001", "false"),
)


async def test_a_filter_says_what_sql_says(desk: Client, live: Resources, fill: Fill) -> None:
    await fill(40)

    for query, condition in FILTERS:
        found = await visited(desk, f"{COURSES}?limit=9&columns=id&{query}")
        assert {row["id"] for row in found} == set(await rows(live.database, condition)), query


UNFIT = (
    ("outline=1", "outline"),
    ("status.is=READY", "status.is"),
    ("status.near=READY", "status.near"),
    (".eq=READY", ".eq"),
    ("total_lessons=three", "total_lessons"),
    ("total_lessons.gt=99999999999", "total_lessons.gt"),
    ("total_lessons.in=1,x", "total_lessons.in"),
    ("created_at.lt=2026-02-30", "created_at.lt"),
    ("id.gt=7", "id.gt"),
    ("title.like=a%5C%5C%5C", "title.like"),
    ("status.in=", "status.in"),
    ("columns=id,secret", "columns"),
    ("sort=--id", "sort"),
    ("sort=-secret", "sort"),
    ("format=xlsx", "format"),
    ("format=csv&cursor=x", "cursor"),
)


async def test_what_does_not_fit_the_view_is_named(desk: Client, live: Resources) -> None:
    for query, parameter in UNFIT:
        response = await desk.get(f"{COURSES}?{query}")
        assert response.status == 422, (query, await response.text())
        fault = (await response.json())["errors"][0]
        assert fault["parameter"] == parameter, query
        assert fault["detail"].endswith((".", "'xlsx'")), query


async def test_no_type_takes_what_it_cannot_read_for_an_error_of_ours(desk: Client) -> None:
    for view in await (await desk.get("/api/v1/views")).json():
        for column in view["columns"]:
            for query in (f"{column['name']}.gt='", f'{column["name"]}.in=[{{,"&sort=-position'):
                response = await desk.get(f"/api/v1/views/{view['name']}?{query}")
                assert response.status in {200, 422}, (view["name"], query, await response.text())


async def test_names_and_values_are_never_taken_for_sql(desk: Client, live: Resources) -> None:
    name = '"' + NASTY.replace('"', '""') + '"'
    values = ", ".join(f"('{SCHOOL}'::uuid, {n}, $v${v}$v$)" for n, v in enumerate(VALUES))
    made = f"CREATE VIEW read.{name} (tenant_id, {name}, title) AS VALUES {values}"
    await live.database.execute(made)
    await live.database.execute(f"COMMENT ON VIEW read.{name} IS 'Key: title.'")
    address, column = f"/api/v1/views/{quote(NASTY, safe='')}", quote(NASTY, safe="")

    for n, value in enumerate(VALUES):
        for query in (
            f"title={quote(value)}",
            f"title.in={quote(value)}",
            f"{column}={n}&sort=-{column}&columns=title,{column}",
        ):
            page = await (await desk.get(f"{address}?{query}")).json()
            assert [row["title"] for row in page["items"]] == [value], (query, page)
    found = await visited(desk, f"{address}?limit=1")
    assert sorted(row["title"] for row in found) == sorted(VALUES)
    csv = await (await desk.get(f"{address}?format=csv")).text()
    assert csv.startswith('tenant_id,"a\'b""c;')


async def test_no_view_shows_another_tenants_rows(
    desk: Client, live: Resources, bearer: Callable[..., dict[str, str]]
) -> None:
    made = await (await desk.post("/api/v1/courses", json={"topic": "Light"})).json()
    asked = f"min_position={made['position']}&tenant_id={SCHOOL}"
    shown = 0
    for view in await (await desk.get("/api/v1/views")).json():
        if "tenant_id" in {column["name"] for column in view["columns"]}:
            address = f"/api/v1/views/{view['name']}?{asked}"
            shown += len((await (await desk.get(address)).json())["items"])
            foreign = await desk.get(address, headers=bearer("admin", tenant="another"))
            assert (await foreign.json())["items"] == []
    assert shown > 3


async def test_a_view_without_tenants_is_shown_as_it_is(desk: Client, live: Resources) -> None:
    page = await (await desk.get("/api/v1/views/freshness?columns=name,state")).json()

    assert {"name": "course", "state": "live"} in page["items"]


async def test_only_analysts_see_views(desk: Client, bearer: Callable[..., dict[str, str]]) -> None:
    for address in ("/api/v1/views", COURSES):
        assert (await desk.get(address, headers=bearer("user"))).status == 403


async def test_a_view_that_names_no_key_has_no_pages(desk: Client, live: Resources) -> None:
    await live.database.execute("CREATE VIEW read.loose AS SELECT 1 AS one")
    response = await desk.get("/api/v1/views/loose")

    assert response.status == 422
    assert "which columns identify a row" in (await response.json())["detail"]


async def test_an_unknown_view_is_not_found(desk: Client, live: Resources) -> None:
    for name in ("nothing", "pg_class", "courses%22", "read.courses", "COURSES"):
        assert (await desk.get(f"/api/v1/views/{name}")).status == 404


async def test_a_page_too_long_is_cut_short_and_goes_on(
    desk: Client, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.view.http.BUDGET", 1000)
    await fill(20)
    first = await (await desk.get(f"{COURSES}?limit=20")).json()

    assert 0 < len(first["items"]) < 20
    assert len(await visited(desk, f"{COURSES}?limit=20")) == 20


async def test_a_place_too_long_for_an_address_is_refused(
    desk: Client, live: Resources, fill: Fill, schema: str
) -> None:
    await fill(3)
    lengthen = sql.SQL("UPDATE {}.courses SET title = repeat('x', 4000)")
    await live.database.execute(lengthen.format(sql.Identifier(schema)).as_string())
    response = await desk.get(f"{COURSES}?limit=1&sort=title")

    assert response.status == 422
    assert (await response.json())["errors"][0]["parameter"] == "sort"
    assert len(await (await desk.get(f"{COURSES}?format=ndjson&sort=title")).text()) > 12_000


async def test_the_catalogue_says_what_each_view_is(desk: Client, live: Resources) -> None:
    views = {view["name"]: view for view in await (await desk.get("/api/v1/views")).json()}

    courses = views["v_course_summary"]
    assert courses["key"] == ["id"]
    assert courses["comment"].startswith("One row per course")
    assert "Key:" not in courses["comment"]
    assert courses["columns"][0] == {"name": "id", "type": "uuid", "comment": None}
    assert {"freshness", "generation_jobs", "v_failures"} <= views.keys()
    assert all(view["key"] for view in views.values())
