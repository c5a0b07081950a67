from collections.abc import Callable

from service.http.call import RESOURCES
from service.http.state import State
from tests.http.conftest import Client

Bearer = Callable[..., dict[str, str]]


async def starting(api: Client) -> None:
    state: State = api.app[RESOURCES].state
    state.phase, state.reason = "starting", "The projections are being built."


async def test_before_it_is_ready_the_service_says_what_it_waits_for(
    api: Client, bearer: Bearer
) -> None:
    await starting(api)

    answer = await api.get("/api/v1/courses", headers=bearer())

    assert answer.status == 503
    assert (await answer.json())["detail"] == "The projections are being built."
    assert "Retry-After" in answer.headers
    login = {"email": "ada@example.org", "password": "seven green kettles hum"}
    assert (await api.post("/api/v1/auth/login", json=login)).status == 503
    machine = {"Authorization": f"Bearer dbk_{'A' * 64}"}
    assert (await api.get("/api/v1/courses", headers=machine)).status == 503


async def test_before_it_is_ready_the_service_is_alive_and_measured(api: Client) -> None:
    await starting(api)

    statuses = {
        path: (await api.get(path)).status for path in ("/livez", "/readyz", "/metrics", "/docs")
    }

    assert statuses == {"/livez": 200, "/readyz": 503, "/metrics": 200, "/docs": 200}
