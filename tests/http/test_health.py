"""Alive, ready, measured."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families
from pytest_aiohttp.plugin import AiohttpClient

from service.app import make_app
from service.database import Database
from service.http.call import Resources
from service.http.health import ProjectionView, projector_check
from service.http.metrics import Metrics
from service.http.state import State
from service.log.append import GroupAppender
from tests.http.conftest import Client
from tests.log.batches import commit, write

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
    async with asyncio.timeout(10):
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


FRESH = ProjectionView("job", "live", 9, 9, 0, "job_1", None, 0.0, 0.5, -1.0, 0)
WORDS = {
    "at work": (FRESH, "pass"),
    "working off a backlog": (replace(FRESH, lag=9_000, age=60.0), "pass"),
    "resting as long as it said": (replace(FRESH, heartbeat_age=90.0, overdue=-5.0), "pass"),
    "frozen while nothing waits": (replace(FRESH, overdue=2.6), "warn"),
    "frozen while an event waits": (replace(FRESH, overdue=2.6, lag=1, age=3.0), "fail"),
    "never seen": (replace(FRESH, overdue=None, heartbeat_age=None, lag=1), "fail"),
    "catching up": (replace(FRESH, state="behind", lag=5), "warn"),
    "stopped": (replace(FRESH, state="stopped", lag=5, error="division by zero"), "warn"),
    "with a parked stream": (replace(FRESH, parked=1), "warn"),
    "beyond a restored log": (replace(FRESH, lag=-3), "fail"),
}


@pytest.mark.parametrize("case", WORDS)
def test_the_projector_is_judged_by_what_it_promised(case: str) -> None:
    row, verdict = WORDS[case]

    assert projector_check([row]).status == verdict


@pytest.fixture
async def unfolded(
    aiohttp_client: AiohttpClient, live: Resources, projecting: asyncio.Task[None]
) -> Client:
    """The application on a real database whose projector has just died."""
    projecting.cancel()
    await asyncio.wait({projecting})
    await live.database.execute("UPDATE ops.tail SET due_at = now() - interval '3 s'")
    return await aiohttp_client(make_app(live, Metrics(), ["api"]))


async def test_a_dead_projector_is_noticed_and_stale_reads_are_not_called_ready(
    unfolded: Client, appender: GroupAppender
) -> None:
    quiet, found = await checks(unfolded)
    await appender.append(commit(write(uuid4(), 0)))
    stale, stale_found = await checks(unfolded)

    assert (quiet, found["projector"]) == (200, "warn")
    assert (stale, stale_found["projector"]) == (503, "fail")
