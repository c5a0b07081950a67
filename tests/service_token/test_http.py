"""A machine's way through the service: its token is issued, used, listed, revoked, out of date."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from service.http.call import Resources
from service.service_token.text import hashed, read, written
from tests.http.conftest import Client
from tests.service_token.conftest import Clock

PLACE = "/api/v1/service-tokens"
ASKED: dict[str, Any] = {"name": "textbook site", "scopes": ["courses:*", "jobs:read"]}


async def issued(school: Client, **asked: Any) -> dict[str, Any]:
    response = await school.post(PLACE, json=ASKED | asked)
    assert response.status == 201, await response.text()
    answer: dict[str, Any] = await response.json()
    return answer


def with_(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_a_machine_does_what_its_scopes_say_until_its_token_is_revoked(
    school: Client, live: Resources, clock: Clock
) -> None:
    made = await issued(school)
    machine = with_(made["token"])
    asked = {"topic": "Light"}
    course = await school.post("/api/v1/courses", json=asked, headers=machine)
    allowed = await school.get("/api/v1/courses", headers=machine)
    refused = await school.get("/api/v1/sources", headers=machine)
    assert (course.status, allowed.status, refused.status) == (202, 200, 403)
    assert "needs the scope sources:read" in (await refused.json())["detail"]
    done = await (await school.get(f"/api/v1/streams/{(await course.json())['id']}")).json()
    assert done["items"][0]["actor"] == made["id"]

    gone = await school.delete(f"{PLACE}/{made['id']}", json={"reason": "It leaked."})
    assert gone.status == 200
    clock.wind(seconds=16)
    after = await school.get("/api/v1/courses", headers=machine)
    assert (after.status, (await after.json())["code"]) == (401, "unauthenticated")
    assert "was revoked" in (await after.json())["detail"]

    position = (await gone.json())["position"]
    [line] = (await (await school.get(f"{PLACE}?min_position={position}")).json())["items"]
    assert (line["name"], line["scopes"]) == ("textbook site", ["courses:*", "jobs:read"])
    assert (line["reason"], line["issued_by"], line["version"]) == ("It leaked.", "ada", 2)
    await nothing_is_shown(school, live, made["token"])


async def nothing_is_shown(school: Client, live: Resources, text: str) -> None:
    """Neither the token nor what is kept of it is anywhere but beside its event."""
    presented = read(text)
    assert presented is not None
    seen = [await (await school.get(place)).text() for place in (PLACE, "/api/v1/events")]
    rows = await live.database.fetch("SELECT t::text FROM read.v_service_tokens AS t")
    facts = await live.database.fetch("SELECT e::text FROM log.events AS e")
    seen += [row[0] for row in (*rows, *facts)]
    assert any(str(presented.id) in one for one in seen)
    secrets = {text, text[-43:], presented.secret.hex(), hashed(presented.secret)}
    assert not [secret for secret in secrets for one in seen if secret in one]
    [kept] = await live.database.fetch("SELECT data ->> 'secret_hash' AS hash FROM log.private")
    assert kept["hash"] == hashed(presented.secret)


async def test_a_token_ends_by_itself(school: Client, clock: Clock) -> None:
    machine = with_((await issued(school, expires_in=3600))["token"])
    clock.wind(seconds=3590)
    assert (await school.get("/api/v1/courses", headers=machine)).status == 200
    clock.wind(seconds=20)
    late = await school.get("/api/v1/courses", headers=machine)

    assert late.status == 401
    assert "expired on 2026-06-30; have a new one issued" in (await late.json())["detail"]


async def test_a_repeated_request_issues_no_second_token_and_shows_none(school: Client) -> None:
    key = {"Idempotency-Key": "a"}
    first = await school.post(PLACE, json=ASKED, headers=key)
    again = await school.post(PLACE, json=ASKED, headers=key)
    other = await school.post(PLACE, json=ASKED | {"name": "another"}, headers=key)
    one, two = await first.json(), await again.json()

    assert (first.status, again.status, other.status) == (201, 201, 422)
    assert first.headers["Cache-Control"] == again.headers["Cache-Control"] == "no-store"
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (two["id"], two["token"]) == (one["id"], None)
    assert len((await (await school.get(f"{PLACE}?min_position=1")).json())["items"]) == 1


async def test_a_token_is_its_tenants_alone(
    school: Client, bearer: Callable[..., dict[str, str]], live: Resources
) -> None:
    made = await issued(school)
    foreign = bearer("admin", tenant="another")
    default = bearer("admin", tenant="default")
    operates = ASKED | {"role": "operator", "scopes": ["*"]}

    assert (await school.delete(f"{PLACE}/{made['id']}", headers=foreign)).status == 404
    assert (await (await school.get(PLACE, headers=foreign)).json())["items"] == []
    assert (await school.post(PLACE, json=operates)).status == 403
    house = (await (await school.post(PLACE, json=operates, headers=default)).json())["token"]
    diff = await school.get("/api/v1/projections/course/diff", headers=with_(house))
    assert diff.status not in (401, 403)
    assert (await school.get("/api/v1/tenants", headers=with_(house))).status == 403
    assert (await school.post(PLACE, json=ASKED, headers=with_(house))).status == 403


async def test_what_was_made_up_is_nobodys_token(school: Client) -> None:
    asked = await (await school.post("/api/v1/courses", json={"topic": "Light"})).json()
    text = (await issued(school))["token"]
    presented = read(text)
    assert presented is not None
    course = written(UUID(asked["id"]), presented.secret)
    forged = text[:-1] + ("A" if text[-1] != "A" else "B")
    for wrong in (forged, course, text[:-4], "dbk_" + "A" * 64):
        response = await school.get("/api/v1/courses", headers=with_(wrong))
        assert response.status == 401, wrong
        assert "is not one of ours" in (await response.json())["detail"]
