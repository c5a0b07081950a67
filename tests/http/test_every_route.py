"""Generated from the route table: what no route may take, and what no tenant may see."""

import io
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from service.app import API, ROUTES
from service.http import openapi
from service.http.body import JSON
from service.http.example import resolved
from service.http.query import OTHERS
from service.http.route import Route, shape_of
from tests.http.conftest import Client

Bearer = Callable[..., dict[str, str]]
Json = dict[str, Any]

DOCUMENT = openapi.document(ROUTES, "0")
SOMEBODY = "0190a6f0-8f7e-7c3e-9d53-0f9a6f4b7a10"
HUGE = 10**40
WRONG: dict[str, Any] = {
    "string": {},
    "number": {},
    "integer": "one",
    "boolean": "no",
    "array": {},
    "object": [],
}


def name(value: object) -> str:
    return f"{value.method} {value.path}" if isinstance(value, Route) else str(value)


def path(route: Route, **ids: str) -> str:
    numbers = {"lesson": "1", "revision": "1", "chapter": "1", "version": "1"}
    return route.path.format_map(numbers | dict.fromkeys(PLACES, SOMEBODY) | ids)


PLACES = (
    "course", "job", "source", "stream", "projection", "view", "tenant", "service_token",
    "account", "session", "content", "textbook",
)  # fmt: skip
GUARDED = [route for route in ROUTES if route.role is not None]
WITH_BODY = [
    route for route in API if route.method != "GET" and shape_of(route.handler).media == JSON
]
WITH_QUERY = [route for route in API if route.method == "GET"]


def body_of(route: Route) -> tuple[Json, Json]:
    operation = DOCUMENT["paths"][route.path][route.method.lower()]
    content = operation["requestBody"]["content"][JSON]
    schemas = DOCUMENT["components"]["schemas"]
    return resolved(content["schema"], schemas).get("properties", {}), content["example"]


def required_of(route: Route) -> set[str]:
    """What a body must have; the other fields have a default, or are left as they are."""
    content = DOCUMENT["paths"][route.path][route.method.lower()]["requestBody"]["content"]
    schema = resolved(content[JSON]["schema"], DOCUMENT["components"]["schemas"])
    return set(schema.get("required", ()))


def types(schema: Json) -> set[str]:
    kinds = [
        of.get("type", "string" if "enum" in of else "object" if "$ref" in of else None)
        for of in schema.get("anyOf", [schema])
    ]
    return {str(kind) for of in kinds for kind in (of if isinstance(of, list) else [of])}


def unfit(route: Route) -> Iterator[tuple[str, Json]]:
    """Bodies that one field spoils; the other fields are those of the example."""
    fields, example = body_of(route)
    yield "", example | {"nobody_knows_this": 1}
    for field, schema in fields.items():
        kinds = types(schema)
        yield field, example | {field: WRONG[min(kinds - {"null"})]}
        if "integer" in kinds:
            yield field, example | {field: HUGE}
            yield field, example | {field: -HUGE}
        if "string" in kinds:
            if schema.get("maxLength", 0) < 1_000_000:
                yield field, example | {field: "x" * (1_000_000 if route.role else 5_000)}
            yield field, example | {field: "a\x00b"}
        if field in required_of(route):
            yield field, {key: value for key, value in example.items() if key != field}


@pytest.mark.parametrize("route", WITH_BODY, ids=name)
async def test_a_field_that_does_not_fit_is_pointed_at(dry: Client, route: Route) -> None:
    for field, body in unfit(route):
        response = await dry.request(route.method, path(route), json=body)
        problem = await response.json()
        assert response.status == 422, (field, str(body)[:200], problem)
        pointer = problem["errors"][0]["pointer"]
        assert pointer == "/" + (field or "nobody_knows_this")


@pytest.mark.parametrize("route", WITH_BODY, ids=name)
@pytest.mark.parametrize(
    ("data", "statuses"),
    [
        (b"{", {400}),
        (b"{} {}", {400, 422}),
        (b'{"\xff": 1}', {400}),
        (b"\xff", {400}),
        (b'"\xed\xa0\x80"', {422}),
        (b"[" * 100_000, {422}),
        (b'{"a":' * 100_000, {422}),
        (b"[]", {422}),
        (b"null", {422}),
        (b"1e999", {400, 422}),
    ],
    ids=range(10),
)
async def test_a_body_that_is_none_is_refused(
    dry: Client, route: Route, data: bytes, statuses: set[int]
) -> None:
    headers = {"Content-Type": JSON}
    response = await dry.request(route.method, path(route), data=data, headers=headers)

    small = {413} if route.role is None else set()  # little is read of those without a token
    assert response.status in statuses | small


@pytest.mark.parametrize("route", WITH_BODY, ids=name)
async def test_a_body_over_the_limit_is_refused(dry: Client, route: Route) -> None:
    headers = {"Content-Type": JSON}
    data = io.BytesIO(b" " * (shape_of(route.handler).limit + 1))
    response = await dry.request(route.method, path(route), data=data, headers=headers)

    assert response.status == 413


@pytest.mark.parametrize("route", WITH_BODY, ids=name)
async def test_a_body_of_another_type_is_refused(dry: Client, route: Route) -> None:
    headers = {"Content-Type": "text/plain"}
    response = await dry.request(route.method, path(route), data=b"{}", headers=headers)

    assert response.status == 415


def unfit_queries(route: Route) -> Iterator[str]:
    operation = DOCUMENT["paths"][route.path]["get"]
    if OTHERS not in shape_of(route.handler).query.__struct_fields__:
        yield "nobody_knows_this=1"
    yield "%00=1"
    for parameter in operation["parameters"]:
        if parameter["in"] == "query":
            spoilt = ["a%00b", "x" * 5000] if types(parameter["schema"]) & {"string"} else []
            whole = "integer" in types(parameter["schema"])
            spoilt += ["-1", "x", "", str(HUGE), "1.5"] if whole else []
            yield from (f"{parameter['name']}={value}" for value in spoilt)
            yield f"{parameter['name']}=1&{parameter['name']}=1"


@pytest.mark.parametrize("route", WITH_QUERY, ids=name)
async def test_a_parameter_that_does_not_fit_is_named(dry: Client, route: Route) -> None:
    for query in unfit_queries(route):
        response = await dry.get(f"{path(route)}?{query}")
        assert response.status == 422, (query[:100], await response.text())
        assert "parameter" in (await response.json())["errors"][0]


@pytest.mark.parametrize("route", WITH_QUERY, ids=name)
async def test_a_query_of_bad_utf8_is_refused(dry: Client, route: Route) -> None:
    assert (await dry.get(f"{path(route)}?a=%ff")).status == 400


@pytest.mark.parametrize("route", GUARDED, ids=name)
@pytest.mark.parametrize("case", ["none", "garbage", "expired", "other key"])
async def test_without_a_good_token_nothing_is_said(
    dry: Client, bearer: Bearer, route: Route, case: str
) -> None:
    headers = {
        "none": {"Authorization": ""},
        "garbage": {"Authorization": "Bearer a.b.c"},
        "expired": bearer(ttl=-60),
        "other key": {"Authorization": bearer()["Authorization"][:-4] + "AAAA"},
    }[case]
    response = await dry.request(route.method, path(route), headers=headers)

    assert response.status == 401
    assert (await response.json())["code"] == "unauthenticated"


@pytest.fixture
async def made(api: Client) -> dict[str, str]:
    """Things of one tenant, by the name of the path parameter that leads to them."""
    answer = await (await api.post("/api/v1/courses", json={"topic": "Light"})).json()
    position = answer["position"]
    assert (await api.get(f"/api/v1/jobs/{answer['job_id']}?min_position={position}")).status == 200
    return {"course": answer["id"], "job": answer["job_id"], "stream": answer["id"]}


async def test_another_tenant_finds_nothing(
    api: Client, bearer: Bearer, made: dict[str, str]
) -> None:
    for route in API:
        if "{" not in route.path:
            continue
        example = body_of(route)[1] if route in WITH_BODY else None
        address, foreign = path(route, **made), bearer("admin", tenant="another")
        response = await api.request(route.method, address, json=example, headers=foreign)
        assert response.status == 404, (address, await response.text())


async def test_another_tenant_lists_nothing(
    api: Client, bearer: Bearer, made: dict[str, str]
) -> None:
    for address in ("/api/v1/courses", "/api/v1/events"):
        own = (await (await api.get(address)).text(), made["course"])
        foreign = await api.get(address, headers=bearer("admin", tenant="another"))
        assert own[1] in own[0]
        assert made["course"] not in await foreign.text()


async def test_what_leads_nowhere_is_not_found(api: Client, bearer: Bearer) -> None:
    for route in API:
        if "{" in route.path:
            example = body_of(route)[1] if route in WITH_BODY else None
            for places in (
                {},
                dict.fromkeys((*PLACES, "lesson", "chapter"), "%00"),
                {"lesson": "9" * 99, "chapter": "9" * 99},
            ):
                response = await api.request(
                    route.method, path(route, **places), json=example, headers=bearer("admin")
                )
                assert response.status == 404, (route.path, places, await response.text())


def test_the_documented_bodies_are_those_of_the_table() -> None:
    assert {route.path for route in WITH_BODY} == {
        address
        for address, methods in DOCUMENT["paths"].items()
        if any(JSON in each.get("requestBody", {}).get("content", ()) for each in methods.values())
    }
    assert msgspec.json.encode(DOCUMENT)
