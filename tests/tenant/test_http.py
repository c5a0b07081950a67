"""Tenants over HTTP: created, limited, suspended and resumed, with all that hangs on them."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from service.http.call import Resources
from service.http.token import HOUSE, tenant
from service.job.lease import claim, release
from tests.analyst.logins import login, session
from tests.http.conftest import Client

Bearer = Callable[..., dict[str, str]]
PLACE = "/api/v1/tenants"
WHY = {"reason": "The bill is unpaid."}
ADA = {"email": "ada@example.org", "password": "rather-unlikely-words-8", "tenant": "school"}
LOGIN = {"identifier": ADA["email"], "password": ADA["password"], "tenant": "school"}


async def post(client: Client, path: str, body: Any, **headers: str) -> tuple[int, Any]:
    response = await client.post(path, json=body, headers=headers)
    return response.status, await response.json()


async def test_a_tenant_is_created_once_and_changed_with_a_reason(house: Client) -> None:
    asked = WHY | {"name": "evening-school"}
    status, made = await post(house, PLACE, asked, **{"Idempotency-Key": "a"})
    assert (status, made["tenant_id"]) == (201, str(tenant("evening-school")))
    assert (made["state"], made["registration"]) == ("open", "closed")
    assert await post(house, PLACE, asked, **{"Idempotency-Key": "a"}) == (201, made)
    another = asked | {"name": "another"}
    assert (await post(house, PLACE, another, **{"Idempotency-Key": "a"}))[0] == 422
    assert (await post(house, PLACE, asked))[1]["code"] == "tenant-exists"
    for wrong in ("", "Evening", "a b", "-a", "a-", "x" * 64, "ä"):
        assert (await post(house, PLACE, asked | {"name": wrong}))[0] == 422, wrong

    place = f"{PLACE}/{made['tenant_id']}"
    await post(house, f"{place}/limits", WHY | {"commands_per_second": 7})
    status, limited = await post(house, f"{place}/limits", WHY | {"generations_per_minute": 9})
    assert (limited["commands_per_second"], limited["generations_per_minute"]) == (None, 9)
    _, opened = await post(house, f"{PLACE}/evening-school/registration", WHY | {"open": True})
    assert opened["registration"] == "open"
    assert opened == await (await house.get(place)).json()
    listed = (await (await house.get(PLACE)).json())["items"]
    assert [each["name"] for each in listed] == ["default", "evening-school"]


async def test_the_house_is_always_there(house: Client) -> None:
    shown = await (await house.get(f"{PLACE}/default")).json()
    assert (shown["tenant_id"], shown["registration"]) == (str(HOUSE), "open")
    assert (await post(house, f"{PLACE}/default/suspend", WHY))[1]["code"] == "house-stays"
    assert (await post(house, f"{PLACE}/{HOUSE}/limits", WHY | {"commands_per_second": 900}))[
        0
    ] == 200
    for place in ("nobody", str(uuid4())):
        assert (await post(house, f"{PLACE}/{place}/suspend", WHY))[1]["code"] == "no-such-tenant"


async def test_nothing_of_a_suspended_tenant_is_served_until_it_is_resumed(
    house: Client, bearer: Bearer, live: Resources, database_url: str
) -> None:
    user, analyst = bearer("user", tenant="school"), bearer("analyst", tenant="school")
    await post(house, PLACE, WHY | {"name": "school"})
    await post(house, f"{PLACE}/school/registration", WHY | {"open": True})
    assert (await post(house, "/api/v1/auth/register", ADA))[0] == 201
    machine = {"name": "m", "scopes": ["*"]}
    token = (await post(house, "/api/v1/service-tokens", machine, **bearer("admin")))[1]["token"]
    bearers = [user, analyst, {"Authorization": f"Bearer {token}"}]
    _, asked = await post(house, "/api/v1/courses", {"topic": "Light"}, **user)
    assert await live.tail.reached(asked["position"], 5)

    async with login(live.database, database_url, tenant("school")) as ann, session(ann) as reader:
        for suspended in (False, True, False):
            done = "suspend" if suspended else "resume"
            assert (await post(house, f"{PLACE}/school/{done}", WHY))[0] == 200
            statuses = {(await house.get("/api/v1/courses", headers=one)).status for one in bearers}
            statuses.add((await post(house, "/api/v1/auth/login", LOGIN))[0])
            assert statuses == ({403} if suspended else {200})
            bob = ADA | {"email": f"bob-{suspended}@example.org"}
            _, answer = await post(house, "/api/v1/auth/register", bob)
            assert (answer.get("code") == "tenant-suspended") is suspended
            rows = await reader.fetchval("SELECT count(*) FROM courses")
            assert rows == (0 if suspended else 1)
            assert await waiting(live) is suspended
        assert (await house.get("/api/v1/courses")).status == 200


async def waiting(live: Resources) -> bool:
    """Tell whether the job waits; a worker that can take it gives it back."""
    taken = await claim(live.database, "w", [uuid4()], ["course"])
    await release(live.database, [one.lease for one in taken])
    return not taken


async def test_a_tenants_own_limit_holds_for_its_commands(house: Client, bearer: Bearer) -> None:
    await post(house, PLACE, WHY | {"name": "school"})
    await post(house, f"{PLACE}/school/limits", WHY | {"commands_per_second": 1})
    user = bearer("user", tenant="school")
    asked = [post(house, "/api/v1/courses", {"topic": "Light"}, **user) for _ in range(6)]
    statuses = sorted(status for status, _ in await asyncio.gather(*asked))

    assert (statuses[0], statuses[-1]) == (202, 429)
