"""Reading one's own writes, and how fresh a read is."""

from collections.abc import Awaitable, Callable
from uuid import uuid4

import pytest
from msgspec.structs import replace
from pytest_aiohttp.plugin import AiohttpClient

from service.app import make_app
from service.database import Database
from service.http import bind
from service.http.call import Resources
from service.http.metrics import Metrics
from service.log.event import beyond
from service.log.handle import Log
from service.projection.tail import Tail
from tests.http.conftest import Client

Bearer = Callable[..., dict[str, str]]


@pytest.fixture
async def behind(
    *,
    aiohttp_client: AiohttpClient,
    resources: Resources,
    database: Database,
    log: Log,
    tail: Tail,
    bearer: Bearer,
    projected: Callable[[], Awaitable[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> Client:
    """The application with a projector that only works when it is told to."""
    monkeypatch.setattr(bind, "READ_WAIT", 0.05)
    resources = replace(resources, database=database, log=log, tail=tail, new_id=uuid4)
    return await aiohttp_client(make_app(resources, Metrics(), ["api"]), headers=bearer())


async def test_a_read_ahead_of_the_read_models_is_told_to_come_back(behind: Client) -> None:
    await behind.post("/api/v1/courses", json={"topic": "Light"})
    response = await behind.get("/api/v1/courses?min_position=2")
    problem = await response.json()

    assert response.status == 503
    assert response.headers["Retry-After"] == "1"
    assert (problem["code"], problem["position"], problem["lag"]) == ("projection-behind", 0, 2)


async def test_a_read_sees_the_write_whose_position_it_names(
    behind: Client, projected: Callable[[], Awaitable[None]]
) -> None:
    answer = await (await behind.post("/api/v1/courses", json={"topic": "Light"})).json()
    await projected()
    response = await behind.get(f"/api/v1/courses?min_position={answer['position']}")

    assert [course["id"] for course in (await response.json())["items"]] == [answer["id"]]
    assert response.headers["X-Projection-Position"] == str(answer["position"])


async def test_a_position_beyond_the_log_is_another_logs(behind: Client) -> None:
    await behind.post("/api/v1/courses", json={"topic": "Light"})
    response = await behind.get("/api/v1/courses?min_position=3")
    fault = (await response.json())["errors"][0]

    assert response.status == 422
    assert fault == {"parameter": "min_position", "detail": beyond(2)}
