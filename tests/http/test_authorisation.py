"""Who may call what: every route of the table, by every kind of caller, in every place."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec import Struct

from service.app import API
from service.http import token
from service.http.route import Route
from tests.http.conftest import KEYS, NOW, Client
from tests.http.test_every_route import WITH_BODY, body_of, path

Bearer = Callable[..., dict[str, str]]


class Caller(Struct, frozen=True):
    """Somebody with a role in a tenant, perhaps one of those who run the service."""

    role: str
    tenant: str = "school"
    house: bool = False

    @property
    def headers(self) -> dict[str, str]:
        principal = token.Principal(token.tenant(self.tenant), "ada", self.role, house=self.house)
        minted = token.mint(KEYS, principal, timedelta(hours=1), NOW)
        return {"Authorization": f"Bearer {minted}"}


CALLERS = [Caller(role, house=house) for role in token.ROLES for house in (False, True)]
FOREIGN = [Caller(role, "another") for role in token.ROLES]


def may(route: Route, caller: Caller) -> bool:
    """Whether the table lets `caller` in; written apart from the code that decides it."""
    if route.role is None:
        return True
    allowed = token.ROLES[token.ROLES.index(route.role) :]
    return caller.role in allowed and (caller.house or not route.house)


def example(route: Route) -> Any:
    return body_of(route)[1] if route in WITH_BODY else None


async def test_each_route_lets_in_whom_the_table_says(dry: Client) -> None:
    seen: Counter[str] = Counter()
    for route in API:
        for caller in CALLERS:
            response = await dry.request(
                route.method, path(route), json=example(route), headers=caller.headers
            )
            answer = await response.json()
            let_in = answer.get("code") not in {"unauthenticated", "forbidden"}
            assert let_in == may(route, caller), (route.method, route.path, caller)
            seen["let in" if let_in else "refused"] += 1
    assert len(API) * len(CALLERS) == seen.total()
    assert min(seen.values()) > len(API)


ASKED = {"/api/v1/search": {"q": "text"}}
"""What a list must be asked for."""
PASSWORD = "seven green kettles hum"


class Belongings(Struct, frozen=True):
    """What one tenant has: by path parameter, and texts that only its own people may read."""

    tenant: str
    ids: dict[str, str]
    words: tuple[str, ...]


async def furnished(api: Client, tenant: str) -> Belongings:
    """Give a tenant a course and its job, a textbook, a source, a person, a service token."""
    admin = Caller("admin", tenant, house=True).headers

    async def post(address: str, **body: Any) -> dict[str, Any]:
        headers = admin if "/auth/" not in address else {}
        response = await api.post(f"/api/v1{address}", json=body, headers=headers)
        assert response.status < 300, await response.text()
        answer: dict[str, Any] = await response.json()
        return answer

    await post("/tenants", name=tenant, reason="a new school")
    await post(f"/tenants/{tenant}/registration", open=True, reason="for all pupils")
    email = f"ada@{tenant}.example"
    account = await post("/auth/register", email=email, password=PASSWORD, tenant=tenant)
    tokens = await post("/auth/login", identifier=email, password=PASSWORD, tenant=tenant)
    session = token.verify(KEYS, tokens["access_token"], NOW).session_id
    source = await post("/sources", path=f"{tenant}.md", text=f"# {tenant}\n\nA text of {tenant}.")
    course = await post("/courses", topic=f"The {tenant} itself")
    textbook = await post("/textbooks", title=f"All of {tenant}", subject=tenant)
    issued = await post("/service-tokens", name=f"{tenant}-machine", scopes=["*:read"])
    ids = {
        "course": course["id"],
        "textbook": textbook["id"],
        "stream": course["id"],
        "job": course["job_id"],
        "source": source["id"],
        "account": account["id"],
        "session": str(session),
        "service_token": issued["id"],
    }
    await api.get(f"/api/v1/courses?min_position={issued['position']}", headers=admin)
    return Belongings(tenant, ids, (*ids.values(), email, f"{tenant}-machine", f"{tenant}.md"))


@pytest.fixture
async def schools(api: Client) -> tuple[Belongings, Belongings]:
    return await furnished(api, "school"), await furnished(api, "another")


def leads_to(route: Route, belongings: Belongings) -> bool:
    return any(f"{{{name}}}" in route.path for name in belongings.ids)


def reached(route: Route) -> int:
    """Return what reading answers of a course or textbook of which nothing has been made yet."""
    if {"{lesson}", "{chapter}"} & set(route.path.split("/")):
        return 404
    return 409 if route.path.endswith("/{textbook}/export") else 200


async def test_nobody_reaches_what_is_another_tenants(
    api: Client, schools: tuple[Belongings, Belongings]
) -> None:
    own, _ = schools
    seen: Counter[int] = Counter()
    for route in API:
        if not leads_to(route, own):
            continue
        for caller in FOREIGN:
            response = await api.request(
                route.method, path(route, **own.ids), json=example(route), headers=caller.headers
            )
            expected = 404 if may(route, caller) else 403
            text = await response.text()
            assert response.status == expected, (route.method, route.path, caller, text)
            seen[expected] += 1
    assert seen[404] > seen[403] > 0
    for route in API:  # the same addresses are good for its own people
        if leads_to(route, own) and route.method == "GET" and "erasures" not in route.path:
            headers = Caller("admin").headers | {"Accept": "application/json"}
            response = await api.get(path(route, **own.ids), headers=headers)
            assert response.status == reached(route), route.path
            response.close()


async def test_no_list_and_no_view_shows_what_is_another_tenants(
    api: Client, schools: tuple[Belongings, Belongings]
) -> None:
    [views] = [route for route in API if route.path == "/api/v1/views/{view}"]
    listed = await api.get("/api/v1/views", headers=Caller("admin").headers)
    names = [view["name"] for view in await listed.json()]
    addresses = [path(views, view=name) for name in names] + [
        route.path for route in API if route.method == "GET" and "{" not in route.path
    ]
    shown: Counter[str] = Counter()
    for address in addresses:
        for own, other in (schools, schools[::-1]):
            for role in token.ROLES:
                headers = Caller(role, own.tenant).headers
                response = await api.get(address, headers=headers, params=ASKED.get(address))
                text = await response.text()
                assert response.status in {200, 403, 404}, (address, role, text)
                assert not [word for word in other.words if word in text], (address, role)
                shown[address] += any(word in text for word in own.words)
    assert len([address for address in addresses if shown[address]]) > 20


async def test_what_is_about_people_is_in_no_feed_but_an_administrators(
    api: Client, schools: tuple[Belongings, Belongings]
) -> None:
    own, _ = schools
    for role in token.ROLES:
        headers = Caller(role).headers
        feed = await (await api.get("/api/v1/events?limit=1000", headers=headers)).json()
        categories = {event["type"].split(".")[0] for event in feed}
        stream = await api.get(f"/api/v1/streams/{own.ids['account']}", headers=headers)
        assert ("session" in categories) == (role == "admin")
        assert "course" in categories
        assert stream.status == (200 if role == "admin" else 404)
