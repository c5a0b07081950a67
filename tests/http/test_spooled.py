"""Requests that come while the database is away: kept, answered, stored once when it is back."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiohttp import ClientResponse
from msgspec.structs import replace
from pytest_aiohttp.plugin import AiohttpClient

from service.account.commands import Deactivate
from service.account.decider import ACCOUNT
from service.account.session import SESSION, End, Start
from service.app import make_app
from service.database import Database
from service.generation.recipes import RECIPES
from service.http import token
from service.http.call import Resources
from service.http.drain import Drain
from service.http.intake import Intake
from service.http.metrics import Metrics
from service.http.standing import Standing
from service.log.append import GroupAppender
from service.log.handle import Log, Write
from service.projection.act import Act
from service.refusal import Unavailable
from service.service_token.decider import SERVICE_TOKEN, RevokeServiceToken
from service.spool import Spool
from service.tenant import desk
from tests.faults import Proxy, proxied, until
from tests.http.conftest import KEYS, NOW, Client
from tests.http.test_standing import WHO, person
from tests.test_spool import full_disk

SCHOOL = token.tenant("school")
COURSES = "/api/v1/courses"
ACT = Act("operator", SCHOOL, uuid4(), "to try it")


class Place:
    """A process of the service whose database can go away, and what the database holds."""

    def __init__(self, of: Resources, api: Client, network: Proxy, database: Database) -> None:
        self.of, self.api, self.network, self.database = of, api, network, database
        self.drain = Drain(of, RECIPES)

    async def go_away(self) -> None:
        """Have the database away, and the service know it."""
        await self.network.refuse()
        with suppress(Unavailable):
            await self.of.database.fetchval("SELECT 1")
        await until(lambda: self.of.database.away)

    async def come_back(self) -> None:
        """Have the database there again, and what waited stored."""
        await self.network.accept()
        await self.of.database.circuit.back()
        await self.drain.drained()

    async def ask(self, topic: str = "Light", **headers: str) -> ClientResponse:
        spelt = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.api.post(COURSES, json={"topic": topic}, headers=spelt)

    async def stored(self) -> list[tuple[str, UUID]]:
        """Return the types of what is in the log of courses and jobs, and the streams, in order."""
        rows = await self.database.fetch(
            "SELECT type, stream_id FROM log.events WHERE category IN ('course', 'job')"
            " ORDER BY position"
        )
        return [(row["type"], row["stream_id"]) for row in rows]

    async def types(self) -> list[str]:
        return [kind for kind, _ in await self.stored()]


@pytest.fixture
async def begin(
    aiohttp_client: AiohttpClient,
    live: Resources,
    database_url: str,
    database: Database,
    bearer: Callable[..., dict[str, str]],
    tmp_path: Path,
) -> AsyncIterator[Callable[..., Any]]:
    """Begins a process; each has a network of its own to the one database."""
    async with AsyncExitStack() as stack:

        async def begin(**bounds: int) -> Place:
            network = await stack.enter_async_context(proxied(database_url))
            behind = Database(network.url, size=6)
            await behind.open()
            stack.push_async_callback(behind.close)
            appender = GroupAppender(behind.connect, circuit=behind.circuit)
            stack.push_async_callback(appender.close)
            log = Log(behind, appender)
            intake = Intake(Spool(tmp_path / "spool", **bounds))
            stack.push_async_callback(intake.close)
            standing = Standing(log, behind, live.limits, live.now)
            of = replace(live, database=behind, log=log, standing=standing, intake=intake)
            api = await aiohttp_client(make_app(of, Metrics(), ["api"]), headers=bearer())
            return Place(of, api, network, database)

        yield begin


@pytest.fixture
async def place(begin: Callable[..., Any]) -> Place:
    one: Place = await begin()
    return one


async def said(response: ClientResponse) -> dict[str, Any]:
    found: dict[str, Any] = await response.json()
    return found


async def test_a_course_asked_for_while_the_database_is_away_is_stored_once_when_it_is_back(
    place: Place,
) -> None:
    await place.go_away()
    response = await place.ask()
    asked = await said(response)

    assert response.status == 202
    assert response.headers["X-Spooled"] == "true"
    assert response.headers["Location"] == f"/api/v1/jobs/{asked['job_id']}"
    assert (asked["version"], asked["position"]) == (1, None)
    await place.come_back()
    await place.drain.drained()
    course, job = UUID(asked["id"]), UUID(asked["job_id"])
    assert await place.stored() == [("course.requested", course), ("job.created", job)]


async def test_with_the_database_there_nothing_is_kept(place: Place) -> None:
    response = await place.ask()

    assert (await said(response))["position"] == 2
    assert "X-Spooled" not in response.headers
    assert not len(place.of.intake)


async def test_everything_else_is_told_to_come_again(place: Place) -> None:
    course = (await said(await place.ask()))["id"]
    await place.go_away()

    for method, path in (
        ("GET", COURSES),
        ("GET", f"{COURSES}/{course}"),
        ("POST", f"{COURSES}/{course}/retry"),
        ("POST", f"{COURSES}/{course}/archive"),
        ("GET", "/api/v1/sources"),
    ):
        response = await place.api.request(method, path)
        assert (response.status, response.headers["Retry-After"]) == (503, "1"), path
    response = await place.ask(If_Match='"1"')
    assert response.status == 503
    assert (await place.api.get("/livez")).status == 200


async def test_they_are_stored_in_the_order_in_which_they_came(place: Place) -> None:
    await place.go_away()
    asked = [(await said(await place.ask(f"Topic {n}")))["id"] for n in range(30)]

    await place.come_back()

    courses = [str(stream) for kind, stream in await place.stored() if kind == "course.requested"]
    assert courses == asked


async def test_a_key_sent_twice_is_answered_alike_before_and_after_it_is_stored(
    place: Place,
) -> None:
    await place.go_away()
    first = await said(await place.ask(Idempotency_Key="k"))
    second = await place.ask(Idempotency_Key="k")
    other = await place.ask("Something else", Idempotency_Key="k")
    assert second.headers["Idempotency-Replayed"] == "true"
    assert await said(second) == first
    assert (other.status, (await said(other))["code"]) == (422, "key-reused")

    await place.network.accept()
    await place.of.database.circuit.back()
    before = await said(await place.ask(Idempotency_Key="k"))
    await place.drain.drained()
    after = await place.ask(Idempotency_Key="k")

    assert before == first
    assert after.headers["Idempotency-Replayed"] == "true"
    assert await said(after) == first | {"position": 2}
    assert len(await place.types()) == 2


async def test_a_key_sent_to_two_processes_makes_one_course(begin: Callable[..., Any]) -> None:
    one, other = await begin(), await begin()
    await one.go_away()
    await other.go_away()
    first = await said(await one.ask(Idempotency_Key="k"))
    second = await said(await other.ask(Idempotency_Key="k"))

    await one.come_back()
    await other.come_back()

    assert first == second
    assert [str(stream) for _, stream in await one.stored()] == [first["id"], first["job_id"]]


async def test_a_key_that_was_stored_before_is_answered_with_the_same_course(place: Place) -> None:
    before = await said(await place.ask(Idempotency_Key="k"))
    await place.go_away()
    away = await said(await place.ask(Idempotency_Key="k"))
    await place.come_back()

    assert away == before | {"position": None}
    assert len(await place.types()) == 2


async def test_a_key_that_was_stored_for_something_else_fails_visibly(place: Place) -> None:
    await place.ask(Idempotency_Key="k")
    await place.go_away()
    asked = await said(await place.ask("Something else", Idempotency_Key="k"))
    await place.come_back()

    assert await place.types() == ["course.requested", "job.created", *FAILED]
    assert await why(place, asked["job_id"]) == "This Idempotency-Key was used for another request"


FAILED = ["course.requested", "course.failed", "job.created", "job.failed"]


async def why(place: Place, job_id: str) -> str:
    """Return the reason that a job which was refused gives to those who follow it."""
    text = await place.database.fetchval(
        "SELECT data ->> 'error' FROM log.events WHERE stream_id = $1 AND type = 'job.failed'",
        UUID(job_id),
    )
    assert text.startswith("It was asked for while the database was away, and refused then: ")
    return str(text).split(": ", 1)[1].partition(";")[0]


async def test_what_was_sent_and_never_answered_is_kept_and_stored_once(place: Place) -> None:
    await place.ask()
    place.network.lose_replies(1)
    asking = asyncio.create_task(place.ask("Lost"))
    await until(lambda: place.network.lost == 1)
    await place.network.refuse()
    response = await asking
    assert (response.status, response.headers["X-Spooled"]) == (202, "true")
    assert await place.types() == ["course.requested", "job.created"] * 2

    await place.come_back()

    assert await place.types() == ["course.requested", "job.created"] * 2
    assert not len(place.of.intake)


def bearing(principal: token.Principal) -> dict[str, str]:
    minted = token.mint(KEYS, principal, timedelta(hours=1), NOW)
    return {"Authorization": f"Bearer {minted}"}


@pytest.mark.parametrize("ends", ["account", "session"])
async def test_whose_account_or_session_has_ended_meanwhile_is_refused_visibly(
    place: Place, log: Log, ends: str
) -> None:
    ada = await person(log)
    await place.go_away()
    asked = await said(await place.ask(**bearing(ada)))
    if ends == "account":
        await log.handle(ACCOUNT, UUID(ada.subject), Deactivate("rude", "admin"), WHO)
    else:
        assert ada.session_id is not None
        await log.handle(SESSION, ada.session_id, End(), WHO)
    await place.come_back()

    assert await place.types() == FAILED
    assert "was ended" in await why(place, asked["job_id"])


async def test_who_is_known_to_be_out_is_not_let_in_while_the_database_is_away(
    place: Place, log: Log
) -> None:
    ada, eve = await person(log), replace(await person(log), subject=str(uuid4()))
    await log.handle(ACCOUNT, UUID(ada.subject), Deactivate("rude", "admin"), WHO)
    for each in (ada, eve):
        assert (await place.ask(**bearing(each))).status == 401
    await place.go_away()

    assert [(await place.ask(**bearing(each))).status for each in (ada, eve)] == [401, 401]
    assert not len(place.of.intake)


async def test_a_tenant_that_was_suspended_meanwhile_is_refused_visibly(place: Place) -> None:
    await desk.create(place.database, "school", ACT)
    await place.ask()
    await place.go_away()
    asked = await said(await place.ask())
    await desk.suspend(place.database, SCHOOL, ACT)
    await place.come_back()

    assert (await place.types())[2:] == FAILED
    assert "suspended" in await why(place, asked["job_id"])


async def test_a_tenant_that_is_known_to_be_suspended_is_refused_at_once(place: Place) -> None:
    await desk.create(place.database, "school", ACT)
    await desk.suspend(place.database, SCHOOL, ACT)
    assert (await place.ask()).status == 403
    await place.go_away()

    assert (await place.ask()).status == 403


async def test_beyond_a_tenants_limit_is_refused_visibly(place: Place) -> None:
    await desk.create(place.database, "school", ACT)
    await desk.limit(
        place.database, SCHOOL, ACT, commands_per_second=None, generations_per_minute=2
    )
    await place.go_away()
    asked = [await said(await place.ask(f"Topic {n}")) for n in range(3)]
    await place.come_back()

    assert await place.types() == ["course.requested", "job.created"] * 2 + FAILED
    assert "faster than it may" in await why(place, asked[2]["job_id"])


@pytest.mark.parametrize("revoked", ["revoked", ""])
async def test_a_machine_that_was_known_goes_on_and_is_asked_for_again(
    place: Place, log: Log, bearer: Callable[..., dict[str, str]], revoked: str
) -> None:
    new = {"name": "a machine", "scopes": ["courses:*"]}
    made = await place.api.post("/api/v1/service-tokens", json=new, headers=bearer("admin"))
    machine = await said(made)
    known = {"Authorization": f"Bearer {machine['token']}"}
    await place.ask(**known)
    await place.go_away()
    response = await place.ask(**known)
    if revoked:
        await log.handle(SERVICE_TOKEN, UUID(machine["id"]), RevokeServiceToken("leaked"), WHO)
    await place.come_back()

    assert response.status == 202
    kinds = FAILED if revoked else ["course.requested", "job.created"]
    assert (await place.types())[2:] == kinds


async def test_a_machine_that_nobody_knows_yet_is_told_to_come_again(
    place: Place, bearer: Callable[..., dict[str, str]]
) -> None:
    new = {"name": "a machine", "scopes": ["courses:*"]}
    made = await place.api.post("/api/v1/service-tokens", json=new, headers=bearer("admin"))
    await place.go_away()

    response = await place.ask(Authorization=f"Bearer {(await said(made))['token']}")

    assert response.status == 503
    assert (await place.ask(Authorization="Bearer a.b.c")).status == 401


async def test_beyond_the_bound_they_are_told_to_come_again(begin: Callable[..., Any]) -> None:
    place = await begin(most=2)
    await place.go_away()
    statuses = [(await place.ask(f"Topic {n}")).status for n in range(4)]
    full = await place.ask()

    assert statuses == [202, 202, 503, 503]
    assert (await said(full))["code"] == "spool-full"
    assert full.headers["Retry-After"] == "10"
    await place.come_back()
    assert len(await place.types()) == 4


async def test_a_full_disk_is_no_promise(place: Place) -> None:
    await place.go_away()
    with full_disk(0):
        response = await place.ask()

    assert response.status == 503
    assert "disk" in (await said(response))["detail"]
    assert (await place.ask()).status == 202


async def test_without_a_spool_they_are_told_to_come_again(place: Place) -> None:
    place.of.intake._spool = None  # noqa: SLF001 - as SPOOL_LIMIT=0 leaves it
    await place.go_away()

    assert (await place.ask()).status == 503


async def test_what_was_promised_is_never_said_not_to_exist(place: Place) -> None:
    await place.go_away()
    asked = await said(await place.ask())
    job, course = f"/api/v1/jobs/{asked['job_id']}", f"{COURSES}/{asked['id']}"
    assert (await place.api.get(job)).status == 503
    await place.network.accept()
    await place.of.database.circuit.back()
    for path in (job, course, f"{job}/events"):
        response = await place.api.get(path)
        assert (response.status, (await said(response))["code"]) == (503, "not-stored-yet"), path
    assert (await place.api.get(f"/api/v1/jobs/{uuid4()}")).status == 404

    await place.drain.drained()

    async with asyncio.timeout(60):
        while (response := await place.api.get(job)).status != 200:
            assert (await said(response))["code"] == "not-stored-yet"
    assert await place.of.tail.reached(2, timeout=60)
    place.of.intake.visible(place.of.tail.position)
    assert not place.of.intake.promises([UUID(asked["job_id"]), UUID(asked["id"])])


async def test_what_a_dead_process_kept_is_stored_by_the_next_and_only_once(
    begin: Callable[..., Any], tmp_path: Path
) -> None:
    one = await begin()
    await one.go_away()
    asked = await said(await one.ask(Idempotency_Key="k"))
    (file,) = (tmp_path / "spool").iterdir()
    shutil.copy(file, tmp_path / "copy")
    await one.of.intake.close()

    other = await begin()
    await other.go_away()
    await other.of.intake.recall()
    assert await said(await other.ask(Idempotency_Key="k")) == asked
    await other.come_back()
    shutil.copy(tmp_path / "copy", file)  # as if it had been killed before it forgot them
    await other.of.intake.adopt()
    assert len(other.of.intake) == 1
    await other.drain.drained()

    assert len(await other.types()) == 2
    assert not len(other.of.intake)


async def test_what_the_log_cannot_take_stays_and_keeps_nobody_waiting(
    place: Place, tmp_path: Path
) -> None:
    await place.go_away()
    await place.ask()
    await place.ask()
    start = Start(account=uuid4(), secret=b"s" * 32, version=1, now=NOW)
    strange = Write(SESSION, uuid4(), 0, SESSION.decide(start, SESSION.initial))
    who = token.Principal(SCHOOL, "ada", "user")
    await place.of.intake.keep(NOW, who, replace(WHO, key=uuid4()), [strange])

    await place.come_back()

    assert await place.types() == ["course.requested", "job.created"] * 2
    assert not len(place.of.intake)
    assert [file.stat().st_size > 1_000 for file in (tmp_path / "spool").iterdir()] == [True]


async def test_a_database_that_goes_again_meanwhile_gets_each_once(place: Place) -> None:
    await place.go_away()
    for number in range(20):
        await place.ask(f"Topic {number}")
    draining = asyncio.create_task(place.drain.run())
    for _ in range(3):
        place.network.lose_replies(2)
        await place.network.accept()
        await until(lambda: not place.network.losing)
        await place.network.refuse()
    await place.network.accept()

    await until(lambda: not len(place.of.intake))

    assert len(await place.types()) == 40
    draining.cancel()
    await asyncio.wait({draining})


async def test_a_process_that_is_starting_keeps_requests_and_asks_no_database(
    place: Place,
) -> None:
    place.of.state.phase = "starting"

    response = await place.ask()

    assert (response.status, response.headers["X-Spooled"]) == (202, "true")
    assert await place.types() == []
    assert (await place.api.get(COURSES)).status == 503
    await place.drain.drained()
    assert len(await place.types()) == 2


async def test_who_prefers_to_wait_does_not_wait_for_a_database_that_is_away(place: Place) -> None:
    await place.go_away()

    response = await place.ask(Prefer="wait=10")

    assert response.status == 202
    assert "Preference-Applied" not in response.headers


async def test_how_many_wait_is_measured_and_said(place: Place) -> None:
    await place.go_away()
    await place.ask()

    health = await said(await place.api.get("/readyz"))
    text = await (await place.api.get("/metrics")).text()

    assert "1 requests wait on the disk." in [check["detail"] for check in health["checks"]]
    assert "daybook_requests_spooled 1.0" in text
