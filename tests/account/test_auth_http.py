"""Getting in and out over HTTP, on a real database."""

import asyncio
import logging
from collections import Counter
from typing import Any
from uuid import UUID

import jwt
import pytest

from service.account.decider import ACCOUNT
from service.account.password import Passwords
from service.http.token import HOUSE, tenant
from tests.account.conftest import GOOD, OTHER, Site
from tests.account.people import CHEAPER

REFUSED = "There is no account with this name and this password."


async def events(site: Site, kind: str) -> list[Any]:
    rows = await site.of.database.fetch(
        "SELECT e.data::text AS data, p.data::text AS private, e.metadata::text AS metadata"
        "  FROM log.events AS e LEFT JOIN log.private AS p USING (position)"
        " WHERE e.type = $1 ORDER BY position",
        kind,
    )
    return list(rows)


async def test_somebody_registers_logs_in_and_goes_on(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    made = await site.register("ada", name="Ada", birthdate="1990-12-10")
    assert made["version"] == 1
    for name in ("ADA@example.org", " ada@EXAMPLE.org", "Ada", "\uff21da"):
        tokens = await site.log_in(name)
    me = await site.said(200, "GET", "/me", tokens["access_token"])
    assert (me["id"], me["email"], me["birthdate"], me["role"]) == (
        made["id"], "ada@example.org", "1990-12-10", "user",
    )  # fmt: skip
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    assert (claims["sub"], claims["tenant"]) == (made["id"], str(HOUSE))
    assert (claims["ver"], claims["house"], claims["exp"] - claims["iat"]) == (1, False, 900)

    following = await site.refresh(tokens["refresh_token"])
    assert following["refresh_token"] != tokens["refresh_token"]
    assert (following["token_type"], following["expires_in"]) == ("bearer", 900)
    assert (await site.said(200, "GET", "/me", following["access_token"]))["id"] == made["id"]

    public = await site.of.database.fetch("SELECT data::text || metadata::text FROM log.events")
    kept = caplog.text + "".join(row[0] for row in public)
    for secret in (GOOD, "example.org", tokens["refresh_token"], tokens["access_token"], "argon2"):
        assert secret not in kept
    [registered] = await events(site, "account.registered")
    assert '"ada@example.org"' in registered["private"]
    assert GOOD not in registered["private"]


async def test_of_fifty_who_register_one_address_at_once_one_has_it(site: Site) -> None:
    def spelt(number: int) -> str:
        return "".join(c.upper() if number >> i & 1 else c for i, c in enumerate("ada@x.org"))

    async def register(number: int) -> tuple[int, str]:
        body = {"email": spelt(number), "password": GOOD}
        response = await site.ask("POST", "/auth/register", json=body)
        return response.status, (await response.json()).get("code", "")

    answers = Counter(await asyncio.gather(*(register(number) for number in range(50))))

    assert answers[201, ""] == 1
    assert answers.keys() <= {(201, ""), (409, "email-taken"), (503, "passwords-busy")}
    assert len(await events(site, "account.registered")) == 1
    assert len(await events(site, "claim.made")) == 1


async def test_what_is_taken_is_named_and_a_repeated_request_is_answered_the_same(
    site: Site,
) -> None:
    key = {"Idempotency-Key": "k-1"}
    body = {"email": "ada@x.org", "username": "ada", "password": GOOD}
    first, again = [
        await site.ask("POST", "/auth/register", json=body, headers=key) for _ in range(2)
    ]
    assert (first.status, await first.json()) == (201, await again.json())
    assert again.headers["Idempotency-Replayed"] == "true"

    email = await site.said(409, "POST", "/auth/register", **body | {"email": "Ada@X.org"})
    name = await site.said(409, "POST", "/auth/register", **body | {"email": "b@x.org"})
    weak = await site.said(
        422, "POST", "/auth/register", email="c@x.org", password="c@x.org12", name="C"
    )
    assert [each["code"] for each in (email, name, weak)] == [
        "email-taken", "username-taken", "weak-password",
    ]  # fmt: skip
    assert len(await events(site, "claim.made")) == 2
    elsewhere = body | {"tenant": "nowhere"}
    closed = await site.said(403, "POST", "/auth/register", **elsewhere)
    assert closed["code"] == "registration-closed"


async def test_who_does_not_know_the_password_learns_nothing(site: Site, operator: str) -> None:
    ada, bob = await site.register("ada"), await site.register("bob")
    await site.said(
        200, "POST", f"/accounts/{bob['id']}/deactivate", operator, reason="Left the school."
    )
    tries = [
        ("ada", OTHER), ("ada@example.org", ""), ("bob", OTHER), ("nobody", GOOD),
        ("nobody@x.org", GOOD), ("ada", "x"), ("ada", GOOD + " "),
    ]  # fmt: skip
    for name, password in tries:
        body = {"identifier": name, "password": password or " "}
        answer = await site.said(401, "POST", "/auth/login", **body)
        assert (answer["detail"], answer["code"]) == (REFUSED, "bad-credentials")
    for body in ({}, {"email": "ada@example.org", "username": "ada"}):
        unclear = await site.said(422, "POST", "/auth/login", password=GOOD, **body)
        assert unclear["errors"][0]["pointer"] == "/email"
    shut = await site.said(403, "POST", "/auth/login", username="bob", password=GOOD)
    assert shut["code"] == "account-closed"
    abroad = {"identifier": "ada", "password": GOOD, "tenant": "school"}
    assert (await site.said(401, "POST", "/auth/login", **abroad))["detail"] == REFUSED

    await site.of.audit.flush(site.of.log, site.of.database)
    noted = [row["data"] for row in await events(site, "login.failed")]
    assert sum('"wrong-password"' in data for data in noted) >= 2
    assert any('"unknown"' in data for data in noted)
    assert any('"inactive"' in data and bob["id"] in data for data in noted)
    assert any(ada["id"] in data for data in noted)


async def test_who_tries_too_often_waits(site: Site) -> None:
    await site.register("ada")
    statuses = [
        (await site.ask("POST", "/auth/login", json={"identifier": "Ada", "password": OTHER}))
        for _ in range(12)
    ]
    assert [each.status for each in statuses].count(429) >= 1
    assert statuses[-1].headers["Retry-After"].isdigit()
    await site.said(429, "POST", "/auth/login", identifier="ADA", password=GOOD)
    await site.of.audit.flush(site.of.log, site.of.database)
    assert any('"throttled"' in row["data"] for row in await events(site, "login.failed"))


async def test_a_lost_answer_is_given_again_and_a_copied_token_ends_the_session(
    site: Site,
) -> None:
    await site.register("ada")
    first = (await site.log_in())["refresh_token"]
    second, same = [
        each["refresh_token"]
        for each in await asyncio.gather(site.refresh(first), site.refresh(first))
    ]
    assert second == same != first
    site.clock.forward(seconds=29)
    assert (await site.refresh(first))["refresh_token"] == second
    assert len(await events(site, "session.refreshed")) == 1

    third = await site.refresh(second)
    site.clock.forward(seconds=31)
    assert (await site.refresh(first, 401))["code"] == "refresh-token-reused"
    assert (await site.refresh(third["refresh_token"], 401))["code"] == "bad-refresh-token"
    site.clock.forward(minutes=1)
    await site.said(401, "GET", "/me", third["access_token"])
    for made_up in ("x", first[:-8] + "AAAAAAA=", first[:22] + "A" * 42):
        assert (await site.refresh(made_up, 401))["code"] == "bad-refresh-token"


async def test_a_session_does_not_outlive_what_it_rests_on(site: Site, operator: str) -> None:
    made = await site.register("ada")
    tokens = await site.log_in()
    path = f"/accounts/{made['id']}"
    for word, body in (
        ("logout", {}),
        ("role", {"role": "analyst"}),
        ("deactivate", {"reason": "x"}),
    ):
        await site.said(200, "POST", f"{path}/{word}", operator, **body)
        await site.refresh(tokens["refresh_token"], 401)
        if word != "deactivate":
            tokens = await site.log_in()
    site.clock.forward(minutes=1)
    await site.said(401, "GET", "/me", tokens["access_token"])
    await site.said(200, "POST", f"{path}/reactivate", operator)
    await site.refresh(tokens["refresh_token"], 401)
    tokens = await site.log_in()
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    assert (claims["role"], claims["ver"]) == ("analyst", 4)
    site.clock.forward(days=30)
    await site.refresh(tokens["refresh_token"], 401)


async def test_one_logs_out_here_or_everywhere(site: Site) -> None:
    await site.register("ada")
    here, there, elsewhere = [await site.log_in() for _ in range(3)]
    await site.said(200, "POST", "/auth/logout", here["access_token"])
    await site.refresh(here["refresh_token"], 401)
    there = await site.refresh(there["refresh_token"])
    await site.said(200, "POST", "/auth/logout", there["access_token"], everywhere=True)
    await site.refresh(there["refresh_token"], 401)
    await site.refresh(elsewhere["refresh_token"], 401)
    site.clock.forward(minutes=1)
    await site.said(401, "GET", "/me", elsewhere["access_token"])


async def test_a_password_is_hashed_anew_at_a_login_and_nobody_is_signed_out(site: Site) -> None:
    made = await site.register("ada")
    tokens = await site.log_in()
    site.of.passwords.__dict__.update(Passwords(CHEAPER).__dict__)
    await site.log_in()
    await site.log_in()

    assert len(await events(site, "account.password-rehashed")) == 1
    loaded = await site.of.log.load(ACCOUNT, UUID(made["id"]), tenant("default"))
    assert (loaded.version, loaded.state.token_version) == (2, 1)
    assert "m=32," in loaded.state.password_hash
    await site.refresh(tokens["refresh_token"])


async def form(site: Site, **fields: str) -> tuple[int, dict[str, Any], Any]:
    response = await site.ask("POST", "/auth/token", data=fields)
    return response.status, dict(await response.json()), response.headers


async def test_oauth_clients_get_tokens_by_a_form(site: Site) -> None:
    await site.register("ada")
    grant = {"grant_type": "password", "username": "Ada", "password": GOOD}
    status, tokens, headers = await form(site, **grant, scope="anything", client_id="app")
    assert (status, tokens["token_type"], tokens["expires_in"]) == (200, "bearer", 900)
    assert headers["Cache-Control"] == "no-store"
    assert await site.said(200, "GET", "/me", tokens["access_token"])
    again = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    status, following, _ = await form(site, **again)
    assert (status, following.keys()) == (200, tokens.keys())

    for fields, error in (
        (grant | {"password": OTHER}, "invalid_grant"),
        (grant | {"username": "nobody"}, "invalid_grant"),
        (again | {"refresh_token": "x"}, "invalid_grant"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
        ({"grant_type": "password", "username": "ada", "password": ""}, "invalid_request"),
        ({"username": "ada"}, "invalid_request"),
        (grant | {"username": "a\x00"}, "invalid_request"),
        (grant | {"username": "a" * 30_000}, "invalid_request"),
    ):
        status, answer, headers = await form(site, **fields)
        assert (status, answer["error"]) == (400, error), fields.keys()
        assert headers["Cache-Control"] == "no-store"
        assert headers["Content-Type"] == "application/json"
    doubled = [*grant.items(), ("username", "ada")]
    twice = await site.ask("POST", "/auth/token", data=doubled)
    other = await site.ask("POST", "/auth/token", json=grant)
    for response in (twice, other):
        assert (response.status, (await response.json())["error"]) == (400, "invalid_request")
