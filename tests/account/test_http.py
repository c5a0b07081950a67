"""One's own account over HTTP, and those of a tenant for its administrators."""

from collections.abc import Callable

import jwt

from service.http.token import tenant
from tests.account.conftest import GOOD, OTHER, Site


async def test_a_profile_changes_in_what_is_given(site: Site, operator: str) -> None:
    await site.register("ada", name="Ada")
    token = (await site.log_in())["access_token"]
    wanted = {
        "experience_level": "beginner", "preferred_language": "pt-BR",
        "interests": ["stars", "Latin"], "learning_goals": ["read Ovid"],
    }  # fmt: skip
    await site.said(200, "PATCH", "/me", token, **wanted)
    stale = await site.ask("PATCH", "/me", token, json={"name": "A"}, headers={"If-Match": '"1"'})
    assert stale.status == 412
    done = await site.said(200, "PATCH", "/me", token, name=None, interests=[])
    assert done["version"] == 3
    assert (await site.said(200, "PATCH", "/me", token, name=None))["version"] == 3

    response = await site.ask("GET", "/me", token)
    me = await response.json()
    assert (response.headers["ETag"], response.headers["Cache-Control"]) == ('"3"', "no-store")
    assert {field: me[field] for field in wanted} == wanted | {"interests": []}
    assert me["name"] is None
    for field, value in (
        ("experience_level", "guru"), ("preferred_language", "?"), ("interests", None),
        ("interests", ["x" * 301]), ("learning_goals", ["x"] * 51), ("role", "admin"),
    ):  # fmt: skip
        await site.said(422, "PATCH", "/me", token, **{field: value})
    assert (await site.said(404, "GET", "/me", operator))["code"] == "no-such-account"
    assert (await site.said(404, "POST", "/auth/logout", operator))["code"] == "no-such-account"


async def test_a_new_password_ends_every_session_but_the_one_it_begins(site: Site) -> None:
    await site.register("ada")
    here, there = await site.log_in(), await site.log_in()
    token = here["access_token"]

    async def change(status: int, current: str, new: str) -> dict[str, str]:
        body = {"current_password": current, "new_password": new}
        return dict(await site.said(status, "POST", "/me/password", token, **body))

    assert (await change(403, OTHER, OTHER))["code"] == "wrong-password"
    assert (await change(422, GOOD, "ada@example.org1"))["code"] == "weak-password"
    assert (await change(422, GOOD, "short"))["code"] == "password-length"
    fresh = await change(200, GOOD, OTHER)
    assert (await site.said(200, "GET", "/me", fresh["access_token"]))["version"] == 2

    for old in (here, there):
        await site.refresh(old["refresh_token"], 401)
    site.clock.forward(minutes=1)
    await site.said(401, "GET", "/me", there["access_token"])
    await site.said(401, "POST", "/auth/login", identifier="ada", password=GOOD)
    fresh = await site.refresh(fresh["refresh_token"])
    await site.log_in("ada", OTHER)


async def test_one_sees_the_own_sessions_and_ends_them(site: Site) -> None:
    await site.register("ada")
    await site.register("bob")
    tokens = [await site.log_in() for _ in range(3)]
    bobs = (await site.log_in("bob"))["access_token"]
    token = tokens[0]["access_token"]
    here = jwt.decode(token, options={"verify_signature": False})["sid"]
    position = (await site.said(200, "PATCH", "/me", token, name="Ada"))["position"]

    first = await site.said(200, "GET", f"/me/sessions?limit=2&min_position={position}", token)
    rest = await (await site.client.get(
        first["next"], headers={"Authorization": f"Bearer {token}"}
    )).json()  # fmt: skip
    listed = first["items"] + rest["items"]
    assert [each["current"] for each in listed] == [False, False, True]
    assert (listed[2]["id"], rest["next"]) == (here, None)
    assert "aiohttp" in listed[0]["agent"]

    gone = listed[0]["id"]
    await site.said(404, "DELETE", f"/me/sessions/{gone}", bobs)
    done = await site.said(200, "DELETE", f"/me/sessions/{gone}", token)
    await site.refresh(tokens[2]["refresh_token"], 401)
    path = f"/me/sessions?min_position={done['position']}"
    left = (await site.said(200, "GET", path, token))["items"]
    assert [each["id"] for each in left] == [listed[1]["id"], here]
    assert (await site.said(200, "GET", path, bobs))["items"][0]["current"] is True


async def test_an_administrator_keeps_the_accounts_of_the_tenant(
    site: Site, operator: str, bearer: Callable[..., dict[str, str]]
) -> None:
    root, ada = await site.register("root"), await site.register("ada")
    await site.said(200, "POST", f"/accounts/{root['id']}/role", operator, role="admin")
    token = (await site.log_in("root"))["access_token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["role"], claims["house"]) == ("admin", True)

    path = f"/accounts/{ada['id']}"
    done = await site.said(200, "POST", f"{path}/role", token, role="operator")
    fresh = f"min_position={done['position']}"
    listed = await site.said(200, "GET", f"/accounts?role=operator&q=ADA&{fresh}", token)
    assert [each["id"] for each in listed["items"]] == [ada["id"]]
    response = await site.ask("GET", f"{path}?{fresh}", token)
    shown = await response.json()
    assert (shown["role"], shown["version"], response.headers["ETag"]) == ("operator", 2, '"2"')
    assert "password_hash" not in shown

    for word, body in (("deactivate", {"reason": "x"}), ("role", {"role": "user"})):
        own = await site.said(409, "POST", f"/accounts/{root['id']}/{word}", token, **body)
        assert own["code"] == "oneself-refused"

    foreign = bearer("admin", tenant="school")["Authorization"].partition(" ")[2]
    assert (await site.said(200, "GET", f"/accounts?{fresh}", foreign))["items"] == []
    await site.said(404, "GET", f"{path}?{fresh}", foreign)
    for word, body in (
        ("deactivate", {"reason": "x"}),
        ("reactivate", {}),
        ("role", {"role": "user"}),
        ("logout", {}),
    ):
        await site.said(404, "POST", f"{path}/{word}", foreign, **body)
        mere = bearer("operator", tenant="default")["Authorization"].partition(" ")[2]
        await site.said(403, "POST", f"{path}/{word}", mere, **body)


async def test_operators_are_of_the_house_alone(
    site: Site, bearer: Callable[..., dict[str, str]]
) -> None:
    opened = "INSERT INTO ops.tenants (tenant_id, name, state, registration, position, created_at)"
    await site.of.database.execute(
        f"{opened} VALUES ($1, 'school', 'open', 'open', 1, now())", tenant("school")
    )
    ada = await site.register("ada", tenant="school")
    foreign = bearer("admin", tenant="school")["Authorization"].partition(" ")[2]
    path = f"/accounts/{ada['id']}/role"
    refused = await site.said(403, "POST", path, foreign, role="operator")
    assert refused["code"] == "operators-in-house-only"
    await site.said(200, "POST", path, foreign, role="admin")
    body = {"identifier": "ada", "password": GOOD, "tenant": "school"}
    tokens = await site.said(200, "POST", "/auth/login", **body)
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    assert (claims["role"], claims["house"], claims["tenant"]) == (
        "admin", False, str(tenant("school")),
    )  # fmt: skip
    await site.register("ada")

    suspend = "UPDATE ops.tenants SET state = 'suspended' WHERE tenant_id = $1"
    await site.of.database.execute(suspend, tenant("school"))
    for path, more in (
        ("/auth/login", body),
        ("/auth/refresh", {"refresh_token": tokens["refresh_token"]}),
        ("/auth/register", {"email": "b@x.org", "password": GOOD, "tenant": "school"}),
    ):
        assert (await site.said(403, "POST", path, **more))["code"] == "tenant-suspended"
