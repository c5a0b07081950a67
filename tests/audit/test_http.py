"""The audit over HTTP: what was refused is in it, and each tenant sees its own."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4, uuid5

from service.audit.events import LoginFailed
from service.http import token
from service.http.call import Resources
from service.http.token import tenant
from service.rate import Rate
from tests.http.conftest import KEYS, NOW, Client

Bearer = Callable[..., dict[str, str]]
AUDIT = "/api/v1/audit"
COURSES = "/api/v1/courses"
NOWHERE = f"{COURSES}/{uuid4()}"


async def settled(live: Resources) -> int:
    """Have all that was noted stored; return the position after it."""
    await live.audit.flush(live.log, live.database)
    return int(await live.database.fetchval("SELECT position FROM log.head"))


async def read(api: Client, live: Resources, admin: dict[str, str], **query: Any) -> Any:
    query["min_position"] = await settled(live)
    response = await api.get(AUDIT, params=query, headers=admin)
    assert response.status == 200, await response.text()
    return await response.json()


async def asked(api: Client, **headers: str) -> dict[str, Any]:
    response = await api.post(COURSES, json={"topic": "Light"}, headers=headers)
    assert response.status == 202, await response.text()
    return dict(await response.json())


async def refused(api: Client, live: Resources, course: dict[str, Any]) -> list[int]:
    """Have commands refused in all ways; return their statuses."""
    path = f"{COURSES}/{course['id']}"
    sent = [
        await api.post("/api/v1/projections/course/pause", json={"reason": "why"}),
        await api.post(f"{NOWHERE}/archive"),
        await api.post(f"{path}/retry"),
        await api.post(f"{path}/rename", json={"title": 7}),
        await api.post(f"{path}/rename", json={"title": "x"}, headers={"If-Match": '"99"'}),
        await api.delete(f"/api/v1/sources/{uuid4()}"),
    ]
    live.limits.of_tenant(tenant("school"), commands=Rate(1, 3600, 1))
    sent += [await api.post(f"{path}/retry") for _ in range(3)]
    return [response.status for response in sent]


async def test_whatever_is_refused_is_told_with_caller_route_and_code(
    api: Client, live: Resources, bearer: Bearer
) -> None:
    course = await asked(api, **{"User-Agent": "textbook/2"})
    statuses = await refused(api, live, course)
    await api.post(f"{NOWHERE}/archive", headers={"Authorization": "Bearer nobody"})
    await api.get(NOWHERE)
    told = await read(api, live, bearer("admin"))

    assert statuses == [403, 404, 409, 422, 412, 404, 409, 429, 429]
    lines = [
        (act["status"], act["code"], act["route"], act["times"])
        for act in reversed(told["items"])
        if act["outcome"] == "refused"
    ]
    path = "POST /api/v1/courses/{course}"
    assert lines == [
        (403, "forbidden", "POST /api/v1/projections/{projection}/pause", 1),
        (404, "no-such-course", f"{path}/archive", 1),
        (409, "job-not-ended", f"{path}/retry", 2),
        (422, "invalid", f"{path}/rename", 1),
        (412, "stale-version", f"{path}/rename", 1),
        (404, "no-such-source", "DELETE /api/v1/sources/{source}", 1),
        (429, "too-many", f"{path}/retry", 2),
    ]
    assert {act["actor"] for act in told["items"]} == {"ada"}
    assert {act["address"] for act in told["items"]} == {"127.0.0.1"}
    assert {act["agent"] for act in told["items"]} == {"textbook/2"}
    done = [act for act in told["items"] if act["outcome"] == "ok"]
    assert [(act["action"], act["stream_id"]) for act in done] == [
        ("course.requested", course["id"])
    ]
    assert {act["origin"] for act in told["items"]} == {done[0]["origin"]}


async def test_acts_are_found_by_who_what_when_and_in_whose_tenant(
    api: Client, live: Resources, bearer: Bearer
) -> None:
    courses = [await asked(api) for _ in range(3)]
    await asked(api, **bearer("user", tenant="club"))
    account = uuid4()
    live.audit.note(tenant("school"), LoginFailed(account, "wrong-password"), None)
    admin = bearer("admin")

    async def found(headers: dict[str, str] = admin, **query: Any) -> list[str]:
        items = (await read(api, live, headers, **query))["items"]
        return [item["stream_id"] for item in items]

    ids = [course["id"] for course in reversed(courses)]
    assert await found() == [str(account), *ids]
    assert await found(actor="ada", action="course.requested") == ids
    assert await found(actor="eve") == []
    assert await found(stream=ids[1]) == [ids[1]]
    assert await found(outcome="failed") == await found(stream=str(account)) == [str(account)]
    times = [act["at"] for act in (await read(api, live, admin, outcome="ok"))["items"]]
    assert await found(outcome="ok", since=times[1]) == ids[:2]
    assert await found(until=times[1]) == ids[2:]
    for wrong in ("0.5", "1751284800", "2026-06-30", "noon"):
        assert (await api.get(AUDIT, params={"until": wrong}, headers=admin)).status == 422, wrong
    first = await read(api, live, admin, limit=2)
    rest = await (await api.get(first["next"], headers=admin)).json()
    assert [act["stream_id"] for act in first["items"] + rest["items"]] == [str(account), *ids]

    other = bearer("admin", tenant="club")
    [theirs] = await found(other)
    assert theirs not in ids
    assert await found(tenant="club") == [theirs]
    principal = token.Principal(tenant("club"), "ada", "admin")
    bound = {"Authorization": f"Bearer {token.mint(KEYS, principal, timedelta(hours=1), NOW)}"}
    assert await found(bound, tenant="club") == [theirs]
    response = await api.get(AUDIT, params={"tenant": "school"}, headers=bound)
    assert (response.status, (await response.json())["code"]) == (403, "not-of-the-house")
    response = await api.get(AUDIT, headers=bearer("operator"))
    assert response.status == 403


async def test_an_address_is_shown_until_its_person_is_erased(
    api: Client, live: Resources, bearer: Bearer
) -> None:
    await asked(api)
    person = uuid5(tenant("school"), "ada")
    [before] = (await read(api, live, bearer("admin")))["items"]
    await live.database.execute("DELETE FROM log.private WHERE subject_id = $1", person)
    [after] = (await read(api, live, bearer("admin")))["items"]

    assert (before["address"], bool(before["agent"])) == ("127.0.0.1", True)
    assert (after["address"], after["agent"], after["actor"]) == (None, None, "ada")
