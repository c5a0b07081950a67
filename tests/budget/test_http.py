"""Budgets over HTTP: seen by all of a tenant, set by its administrators, or by the house."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from service.budget.purse import BudgetExhausted, Purse
from service.http.call import Resources
from service.http.token import tenant
from tests.budget.purses import reservation
from tests.http.conftest import NOW, Client

Bearer = Callable[..., dict[str, str]]
BUDGET = "/api/v1/budget"
SCHOOL = tenant("school")


async def shown(client: Client, path: str = BUDGET, **headers: str) -> dict[str, Any]:
    response = await client.get(path, headers=headers)
    assert response.status == 200, await response.text()
    return dict(await response.json())


async def put(client: Client, body: Any, path: str = BUDGET, **headers: str) -> tuple[int, Any]:
    response = await client.put(path, json=body, headers=headers)
    return response.status, await response.json()


def purse(live: Resources) -> Purse:
    return Purse(live.log, lambda: NOW)


async def test_without_a_budget_there_is_none(api: Client) -> None:
    assert await shown(api) == {
        "limit": None,
        "period": "total",
        "spent": "0",
        "reserved": "0",
        "left": None,
        "starts_on": None,
        "ends_on": None,
        "set_by_house": False,
        "version": 0,
    }


async def test_a_budget_is_set_and_says_what_is_spent_set_aside_and_left(
    api: Client, live: Resources, bearer: Bearer
) -> None:
    admin = bearer("admin")
    status, made = await put(api, {"limit": "25.00", "period": "month"}, **admin)
    assert (status, made["version"]) == (200, 1)
    settled, held = (reservation(2, tenant=SCHOOL) for _ in range(2))
    for of in (settled, held):
        await purse(live).reserve(of)
    await purse(live).settle(settled, of.amount)

    found = await shown(api)
    assert (found["limit"], found["period"]) == ("25.00", "month")
    assert (found["spent"], found["reserved"], found["left"]) == ("2", "2", "21.00")
    assert (found["starts_on"], found["ends_on"]) == ("2026-06-01", "2026-06-30")
    assert await shown(api, **bearer("user", tenant="another")) != found


async def test_a_user_sees_the_budget_and_an_administrator_sets_it(
    api: Client, bearer: Bearer
) -> None:
    status, problem = await put(api, {"limit": 1})
    assert (status, problem["code"]) == (403, "forbidden")
    assert (await put(api, {"limit": 1}, **bearer("admin")))[0] == 200
    assert (await shown(api))["limit"] == "1"


async def test_a_budget_is_changed_by_whoever_has_seen_it(api: Client, bearer: Bearer) -> None:
    admin = bearer("admin")
    await put(api, {"limit": 5}, **admin)
    tag = (await api.get(BUDGET)).headers["ETag"]
    stale = await put(api, {"limit": 6}, **admin, **{"If-Match": '"0"'})
    fresh = await put(api, {"limit": 6}, **admin, **{"If-Match": tag})
    again = await put(api, {"limit": 6}, **admin)
    ended = await put(api, {"limit": None}, **admin)

    assert [stale[0], fresh[0], again[0], ended[0]] == [412, 200, 200, 200]
    assert [each[1]["version"] for each in (fresh, again, ended)] == [2, 2, 3]
    assert (await shown(api))["left"] is None


async def test_a_request_that_is_sent_twice_is_done_once(api: Client, bearer: Bearer) -> None:
    admin, key = bearer("admin"), {"Idempotency-Key": "a"}
    first = await put(api, {"limit": 5}, **admin, **key)
    await put(api, {"limit": 7}, **admin)

    assert await put(api, {"limit": 5}, **admin, **key) == first
    assert (await put(api, {"limit": 6}, **admin, **key))[0] == 422
    assert (await shown(api))["limit"] == "7"
    await put(api, {"limit": 5}, **admin)
    assert await put(api, {"limit": 5}, **admin, **key) == first


async def test_what_is_no_sum_of_money_is_refused(api: Client, bearer: Bearer) -> None:
    for wrong in (-1, "NaN", "Infinity", "1e400", "0.0000000000001", 10**10):
        status, problem = await put(api, {"limit": wrong}, **bearer("admin"))
        assert (status, problem["code"]) == (422, "bad-budget"), wrong
        course = {"topic": "Light", "budget": wrong}
        asked = await api.post("/api/v1/courses", json=course)
        assert (await asked.json())["code"] == "bad-budget", wrong
    unfits: tuple[Any, ...] = ("a lot", True, [])
    for unfit in unfits:
        assert (await put(api, {"limit": unfit}, **bearer("admin")))[0] == 422, unfit
    assert (await put(api, {"limit": 1, "period": "week"}, **bearer("admin")))[0] == 422


async def test_the_house_sets_a_tenants_budget_and_the_tenant_cannot_change_it(
    house: Client, live: Resources, bearer: Bearer, member: Callable[[str], dict[str, str]]
) -> None:
    path, why = "/api/v1/tenants/school/budget", {"reason": "a new school"}
    assert (await put(house, {"limit": 9}, path))[1]["code"] == "no-such-tenant"
    await house.post("/api/v1/tenants", json={"name": "school", **why})

    assert (await put(house, {"limit": 9, "period": "day"}, path))[0] == 200
    found = await shown(house, path)
    assert (found["limit"], found["set_by_house"]) == ("9", True)
    whose = "SELECT tenant_id FROM log.events WHERE type = 'budget.set'"
    assert await live.database.fetchval(whose) == SCHOOL
    assert await shown(house, **bearer("user")) == found
    refused = await put(house, {"limit": 1000}, **member("admin"))
    assert (refused[0], refused[1]["code"]) == (403, "budget-of-the-house")
    assert (await put(house, {"limit": None}, path))[0] == 200
    assert (await put(house, {"limit": 1000}, **member("admin")))[0] == 200
    assert (await put(house, {"limit": 1}, path, **member("admin")))[0] == 403


async def test_what_was_spent_before_a_budget_was_set_counts(
    api: Client, live: Resources, bearer: Bearer, spent: Callable[[str], Any]
) -> None:
    await spent("3.5")
    await put(api, {"limit": 5, "period": "month"}, **bearer("admin"))

    assert (await shown(api))["left"] == "1.5"


async def test_a_course_is_asked_for_with_a_budget_which_may_be_raised(
    api: Client, live: Resources, bearer: Bearer
) -> None:
    asked = await api.post("/api/v1/courses", json={"topic": "Light", "budget": "0.50"})
    job = (await asked.json())["job_id"]
    path = f"/api/v1/jobs/{job}/budget"
    one, dear = purse(live), reservation("0.6", job=UUID(job), tenant=SCHOOL)
    assert (await shown(api, path))["left"] == "0.50"
    refused = [type(each) for each in [await failing(one, dear)]]
    assert refused == [BudgetExhausted]

    assert (await put(api, {"limit": "0.75"}, path))[0] == 200
    assert await failing(one, dear) is None
    assert (await shown(api, path))["left"] == "0.15"
    assert (await put(api, {"limit": None}, path))[0] == 200
    assert await failing(one, reservation(9, job=UUID(job), tenant=SCHOOL)) is None


async def test_the_budget_that_a_job_was_given_can_be_ended_before_it_is_used(
    api: Client, live: Resources
) -> None:
    asked = await api.post("/api/v1/courses", json={"topic": "Light", "budget": "0.50"})
    job = (await asked.json())["job_id"]
    assert (await put(api, {"limit": None}, f"/api/v1/jobs/{job}/budget"))[0] == 200

    assert await failing(purse(live), reservation(9, job=UUID(job), tenant=SCHOOL)) is None


async def failing(one: Purse, of: Any) -> Exception | None:
    """Return why a reservation does not pass, None where it does."""
    try:
        await one.reserve(of)
    except BudgetExhausted as exhausted:
        return exhausted
    return None


async def test_a_job_that_is_not_there_has_no_budget(api: Client, bearer: Bearer) -> None:
    asked = await api.post("/api/v1/courses", json={"topic": "Light"})
    own = f"/api/v1/jobs/{(await asked.json())['job_id']}/budget"
    foreign = bearer("admin", tenant="another")
    for path, headers in ((f"/api/v1/jobs/{uuid4()}/budget", {}), (own, foreign)):
        assert (await api.get(path, headers=headers)).status == 404
        assert (await put(api, {"limit": 1}, path, **headers))[0] == 404


async def test_who_set_a_budget_is_in_the_audit(
    api: Client, live: Resources, bearer: Bearer
) -> None:
    admin = bearer("admin")
    _, made = await put(api, {"limit": 5}, **admin)
    query = {"action": "budget.set", "min_position": made["position"]}
    [act] = (await (await api.get("/api/v1/audit", params=query, headers=admin)).json())["items"]

    assert (act["actor"], act["stream_id"]) == ("ada", made["id"])
