import re
from typing import Any

import msgspec
import pytest
from openapi_spec_validator import validate

from service.app import ROUTES
from service.http import openapi
from service.http.body import decode
from service.http.docs import kinds
from service.http.parameter import PARAMETERS
from service.http.route import Route, shape_of
from service.refusal import Unauthenticated
from tests.http.conftest import Client

DOCUMENT = openapi.document(ROUTES, "1.2.3")
BODIES = [route for route in ROUTES if route.method == "POST"]


def operation(route: Route) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["paths"][route.path][route.method.lower()]
    return found


def test_the_document_is_openapi_3_1() -> None:
    validate(DOCUMENT)

    assert DOCUMENT["openapi"] == "3.1.0"


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_every_route_is_documented(route: Route) -> None:
    documented = operation(route)

    assert documented["summary"].endswith(".")
    assert str(route.status) in documented["responses"]
    shows_who_it_is = any(issubclass(kind, Unauthenticated) for kind in route.refusals)
    assert ("401" in documented["responses"]) is (route.role is not None or shows_who_it_is)


@pytest.mark.parametrize("route", BODIES, ids=lambda route: route.path)
def test_every_example_fits_its_route(route: Route) -> None:
    shape = shape_of(route.handler)
    example = operation(route)["requestBody"]["content"][shape.media]["example"]

    decode(msgspec.json.Decoder(shape.body), msgspec.json.encode(example))


def leaves(schema: dict[str, Any]) -> list[dict[str, Any]]:
    if "$ref" in schema:
        return leaves(DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]])
    nested = [*schema.get("anyOf", []), *schema.get("properties", {}).values()]
    nested += [schema["items"]] if "items" in schema else []
    return [leaf for part in nested for leaf in leaves(part)] if nested else [schema]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_all_that_is_taken_is_bounded(route: Route) -> None:
    documented = operation(route)
    schemas = [parameter["schema"] for parameter in documented["parameters"]]
    schemas += [c["schema"] for c in documented.get("requestBody", {}).get("content", {}).values()]

    for leaf in (leaf for schema in schemas for leaf in leaves(schema)):
        if leaf.get("type") == "integer":
            assert {"minimum", "maximum"} <= leaf.keys(), leaf
        if leaf.get("type") == "string" and "enum" not in leaf and "format" not in leaf:
            assert {"maxLength", "pattern", "contentMediaType"} & leaf.keys(), leaf


def test_path_parameters_are_all_known() -> None:
    names = {name for route in ROUTES for name in re.findall(r"\{(\w+)\}", route.path)}

    assert names <= PARAMETERS.keys()


def test_every_problem_of_a_route_is_explained() -> None:
    explained = {kind["code"] for kind in kinds()}
    text = msgspec.json.encode(DOCUMENT).decode()

    assert set(re.findall(r"`([a-z-]+)`: ", text)) <= explained


async def test_the_docs_page_asks_nobody_else_for_anything(client: Client) -> None:
    for path in ("/docs", "/docs/problems"):
        response = await client.get(path, headers={"Authorization": ""})
        html = await response.text()
        assert response.status == 200, html
        assert not re.search(r"(?:src|href)=\"(?:https?:)?//", html)
        assert "<script" not in html
        assert "style=" not in html


async def test_every_link_of_the_docs_leads_somewhere(client: Client) -> None:
    pages = {path: await (await client.get(path)).text() for path in ("/docs", "/docs/problems")}
    for page, html in pages.items():
        for address, anchor in re.findall(r'href="([^"#:]*)(?:#([^"]+))?"', html):
            target = pages.get(address or page)
            assert target is not None or (await client.get(address)).status == 200
            assert not anchor or f'id="{anchor}"' in (target or ""), (page, anchor)


async def test_the_docs_page_shows_text_as_text(client: Client) -> None:
    html = await (await client.get("/docs")).text()

    assert "What to lend, and for how long." in html
    assert "&lt;…&gt;" in html or "<…>" not in html
