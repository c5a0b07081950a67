"""Alive, ready, measured."""

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families
from pytest_aiohttp.plugin import AiohttpClient

from service.app import make_app
from service.database import Database
from service.http.call import Resources
from service.http.metrics import Metrics
from service.http.state import State
from tests.http.conftest import Client

NOWHERE = "postgresql://nobody:canary@127.0.0.1:1/none"


@pytest.fixture
async def stranded(aiohttp_client: AiohttpClient, resources: Resources) -> Client:
    """The application without its database."""
    database = Database(NOWHERE)
    await database.open()
    ready = State("ready", "The service is ready.")
    resources = replace(resources, database=database, state=ready)
    return await aiohttp_client(make_app(resources, Metrics(), ["api"]))


async def checks(client: Client) -> tuple[int, dict[str, Any]]:
    response = await client.get("/readyz")
    health = await response.json()
    return response.status, {check["name"]: check["status"] for check in health["checks"]}


async def test_a_service_that_has_all_it_needs_is_ready(api: Client) -> None:
    passed = dict.fromkeys(("service", "database", "projector"), "pass")

    assert await checks(api) == (200, passed)


async def test_a_draining_service_is_not_ready_but_alive(api: Client, live: Resources) -> None:
    live.state.draining()

    status, found = await checks(api)
    assert (status, found["service"]) == (503, "fail")
    assert (await api.get("/livez")).status == 200


async def test_without_its_database_a_service_is_alive_and_not_ready(stranded: Client) -> None:
    async with asyncio.timeout(5):
        assert (await stranded.get("/livez")).status == 200
        status, found = await checks(stranded)

    assert (status, found["database"]) == (503, "fail")


async def test_without_its_database_a_request_is_told_to_come_back(
    stranded: Client, bearer: Any
) -> None:
    response = await stranded.get("/api/v1/courses", headers=bearer())

    assert response.status == 503
    assert int(response.headers["Retry-After"]) > 0
    assert "canary" not in await response.text()


async def test_measurements_name_no_tenant_and_no_stream(api: Client) -> None:
    done = await (await api.post("/api/v1/courses", json={"topic": "Light"})).json()
    await api.get(f"/api/v1/courses/{done['id']}?min_position={done['position']}")
    text = await (await api.get("/metrics", headers={"Authorization": ""})).text()
    found = {
        (sample.name, sample.labels.get("route")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }

    assert found["daybook_http_request_seconds_count", "/api/v1/courses/{course}"] == 1
    assert found["daybook_log_head_position", None] == 2
    assert found["daybook_jobs", None] == 1
    assert done["id"] not in text


async def test_every_projection_says_how_far_it_is(api: Client) -> None:
    done = await (await api.post("/api/v1/courses", json={"topic": "Light"})).json()
    response = await api.get(f"/api/v1/projections?min_position={done['position']}")

    for projection in await response.json():
        assert (projection["state"], projection["lag"]) == ("live", 0)
        assert projection["position"] == projection["head"] == 2
