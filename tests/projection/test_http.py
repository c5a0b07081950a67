"""The desk over HTTP: builds in the background, swaps, parked streams, and who may do what."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from service.http.call import Resources
from service.http.token import tenant
from service.log.append import GroupAppender
from service.projection import engine, rebuild
from service.projection.projector import advance
from service.projection.text import projection
from tests.http.conftest import Client
from tests.log.batches import commit, write
from tests.projection.generations import changed
from tests.projection.test_engine import CREATED
from tests.projection.test_generations import ACT
from tests.projection.test_poison import COUNTS, GOOD, POISON, counted, put, serve

Bearer = Callable[..., dict[str, str]]
SCHOOL = tenant("school")
WHY = {"reason": "the kinds were wrong"}
NEW = changed(
    projection("job"), "n.created_data ->> 'kind'", "'now ' || (n.created_data ->> 'kind')"
)
BROKEN = changed(projection("job"), "BEGIN\n", "BEGIN\n    PERFORM 1 / 0;\n")
DESK = "/api/v1/projections/{}"


class Desk:
    """The routes of one projection, as an operator uses them."""

    def __init__(self, api: Client, headers: dict[str, str], name: str = "job") -> None:
        self.api, self.headers, self.name = api, headers, name

    async def get(self, path: str) -> tuple[int, Any]:
        response = await self.api.get(DESK.format(self.name) + path, headers=self.headers)
        return response.status, await response.json()

    async def post(self, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        address = DESK.format(self.name) + path
        response = await self.api.post(address, json=body or WHY, headers=self.headers)
        return response.status, await response.json()

    async def stands(self) -> dict[str, Any]:
        response = await self.api.get("/api/v1/projections", headers=self.headers)
        [found] = [row for row in await response.json() if row["name"] == self.name]
        return dict(found)

    async def roles(self) -> dict[str, str]:
        rows = (await self.stands())["generations"]
        return {row["role"]: row["generation"] for row in rows}

    async def built(self) -> dict[str, Any]:
        """What came of the build in the background, which is waited for."""
        tasks = [task for task in asyncio.all_tasks() if task.get_name().startswith("build of")]
        if tasks:
            async with asyncio.timeout(60):
                await asyncio.wait(tasks)
        build = (await self.stands())["build"]
        return dict(build)


@pytest.fixture
def desk(api: Client, bearer: Bearer) -> Desk:
    return Desk(api, bearer("operator"))


@pytest.fixture
def new_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """The text of the jobs has changed since what serves was built."""
    monkeypatch.setattr(rebuild, "projection", lambda _: NEW)


async def projected(live: Resources) -> None:
    """Return once all projections have folded what there is."""
    while not await advance(live.database, live.tail):
        pass


async def acts(live: Resources) -> list[tuple[Any, ...]]:
    rows = await live.database.fetch(
        "SELECT type, tenant_id, data ->> 'reason', metadata ->> 'actor',"
        " metadata ->> 'correlation_id' IS NOT NULL FROM log.events"
        " WHERE category = 'projection' ORDER BY position"
    )
    return [tuple(row) for row in rows]


async def test_a_rebuild_waits_beside_what_serves_until_it_is_swapped_in_and_rolled_back(
    desk: Desk, live: Resources, appender: GroupAppender, new_text: None
) -> None:
    await appender.append(commit(write(uuid4(), 0, data=CREATED, type="job.created")))
    old = (await desk.roles())["serving"]

    status, begun = await desk.post("/rebuild")
    built = await desk.built()
    beside = await desk.roles()
    compared = await desk.get("/diff")
    swapped = await desk.post("/swap")
    rolled_back = await desk.post("/rollback")

    assert (status, begun["joined"], begun["build"]["wanted"]) == (202, False, "candidate")
    assert built["state"] == "done", built
    assert beside == {"serving": old, "candidate": NEW.schema}
    [table] = [each for each in compared[1]["tables"] if each["changed"]]
    assert (table["table"], table["columns_changed"]) == ("generation_jobs", {"kind": 1})
    assert table["changed_keys"] == []
    assert (swapped[0], swapped[1]["generation"]) == (200, NEW.schema)
    assert (rolled_back[0], rolled_back[1]["generation"]) == (200, old)
    assert await acts(live) == [
        (kind, SCHOOL, WHY["reason"], "ada", True)
        for kind in ("projection.built", "projection.swapped", "projection.rolled-back")
    ]


async def test_a_build_shows_how_far_it_is_and_a_second_request_joins_it(
    desk: Desk, live: Resources, new_text: None
) -> None:
    holder = await live.database.connect()
    await holder.execute("BEGIN; SELECT FROM ops.tail FOR UPDATE")

    first = await desk.post("/rebuild", WHY | {"swap": True})
    second = await desk.post("/rebuild", {"reason": "me too"})
    running = (await desk.stands())["build"]
    await holder.execute("COMMIT")
    await holder.close()
    built = await desk.built()

    assert [first[1]["joined"], second[1]["joined"]] == [False, True]
    assert second[1]["build"]["reason"] == running["reason"] == WHY["reason"]
    assert (running["state"], running["wanted"]) == ("running", "swap")
    assert built["detail"] == f"job is served from {NEW.schema}."
    [row] = [each for each in (await desk.stands())["generations"] if each["role"] == "serving"]
    assert (row["generation"], row["position"] <= row["goal"]) == (NEW.schema, True)
    assert {"events_per_second", "remaining_seconds", "state"} <= row.keys()


async def test_a_check_finds_nothing_and_leaves_nothing(desk: Desk, live: Resources) -> None:
    before = await desk.roles()

    assert (await desk.post("/rebuild", WHY | {"verify": True}))[0] == 202

    built = await desk.built()
    assert built["detail"].startswith("job built anew is equal, at position")
    assert await desk.roles() == before
    assert [kind for kind, *_ in await acts(live)] == ["projection.verified"]


async def test_a_fold_that_is_broken_is_said_and_what_serves_goes_on(
    desk: Desk, live: Resources, appender: GroupAppender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild, "projection", lambda _: BROKEN)
    await appender.append(commit(write(uuid4(), 0, data=CREATED, type="job.created")))
    old = (await desk.roles())["serving"]

    await desk.post("/rebuild", WHY | {"swap": True})

    built = await desk.built()
    said = await (await desk.api.get("/api/v1/projections")).text()
    assert (built["state"], built["detail"]) == ("failed", engine.Stopped.__doc__)
    assert "division by zero" not in said
    assert WHY["reason"] not in said
    assert (await desk.roles())["serving"] == old


async def test_a_service_that_ends_ends_its_builds_and_the_candidate_is_gone_on_with(
    desk: Desk, live: Resources, new_text: None
) -> None:
    holder = await live.database.connect()
    await holder.execute("BEGIN; SELECT FROM ops.tail FOR UPDATE")
    await desk.post("/rebuild")

    await desk.api.close()

    build = live.builds.latest("job")
    assert build is not None
    assert (build.state, build.detail) == ("failed", "The service was stopped.")
    await holder.execute("COMMIT")
    await holder.close()
    assert await rebuild.candidate(live.database, "job", ACT) == NEW.schema


async def test_a_paused_projection_stays_and_goes_on_when_it_is_resumed(
    desk: Desk, live: Resources
) -> None:
    paused = await desk.post("/pause")
    again = await desk.post("/pause")
    resumed = await desk.post("/resume")

    assert (paused[0], paused[1]["state"]) == (200, "paused")
    assert (again[0], again[1]["code"]) == (409, "nothing-to-pause")
    assert resumed[0] == 200
    await projected(live)
    assert (await desk.stands())["state"] == "live"


async def test_one_that_was_paused_when_it_was_replaced_can_be_rolled_back_to(
    desk: Desk, new_text: None
) -> None:
    old = (await desk.roles())["serving"]
    await desk.post("/pause")
    await desk.post("/rebuild", WHY | {"swap": True})
    swapped = await desk.built()

    status, shown = await desk.post("/rollback")

    assert swapped["state"] == "done", swapped
    assert (status, shown["generation"], shown["state"]) == (200, old, "live")


async def test_an_act_with_a_key_is_done_once_and_answered_again(
    desk: Desk, live: Resources, new_text: None
) -> None:
    await desk.post("/rebuild", WHY | {"swap": True})
    await desk.built()
    keyed = Desk(desk.api, desk.headers | {"Idempotency-Key": "once"})

    first = await keyed.post("/rollback")
    again = await keyed.post("/rollback")
    other = await keyed.post("/rollback", {"reason": "another reason"})

    assert first[1]["generation"] == again[1]["generation"] != NEW.schema
    assert (first[0], again[0], other[0]) == (200, 200, 422)
    assert other[1]["code"] == "key-reused"
    assert [kind for kind, *_ in await acts(live)].count("projection.rolled-back") == 1


NOT_NOW = {
    ("POST", "/swap"): (409, "no-candidate"),
    ("POST", "/rollback"): (409, "no-previous"),
    ("POST", "/resume"): (409, "nothing-to-resume"),
    ("GET", "/diff"): (409, "nothing-to-compare"),
    ("POST", f"/parked/{UUID(int=3)}/retry"): (404, "not-parked"),
    ("POST", f"/parked/{UUID(int=3)}/discard"): (404, "not-parked"),
}


async def test_what_cannot_be_done_is_a_problem_and_no_event(desk: Desk, live: Resources) -> None:
    found = {}
    for method, path in NOT_NOW:
        status, problem = await (desk.get(path) if method == "GET" else desk.post(path))
        found[method, path] = (status, problem["code"])

    assert found == NOT_NOW
    assert await acts(live) == []


async def test_a_body_that_says_no_reason_or_two_things_is_refused(
    desk: Desk, live: Resources
) -> None:
    address = DESK.format("job") + "/rebuild"
    for body in ({}, {"reason": ""}, {"reason": "  "}, WHY | {"swap": True, "verify": True}):
        response = await desk.api.post(address, json=body, headers=desk.headers)
        assert response.status == 422

    assert live.builds.latest("job") is None


async def test_only_operators_act_and_only_on_what_is_known(
    desk: Desk, bearer: Bearer, live: Resources
) -> None:
    analyst, unknown = Desk(desk.api, bearer("analyst")), Desk(desk.api, desk.headers, "nothing")
    for path in ("/rebuild", "/swap", "/rollback", "/pause", "/resume"):
        assert (await analyst.post(path))[0] == 403
        assert (await unknown.post(path))[1]["code"] == "unknown-projection"

    assert await acts(live) == []


@pytest.fixture
async def sick(live: Resources, appender: GroupAppender) -> UUID:
    """A stream that a projection called counts has parked, of another tenant than the school."""
    await serve(live.database, COUNTS)
    await put(appender, stream := uuid4(), GOOD, POISON, GOOD)
    await projected(live)
    return stream


@pytest.fixture
async def owner(live: Resources, sick: UUID) -> str:
    """The tenant whose stream is parked."""
    found = "SELECT tenant_id FROM log.events WHERE stream_id = $1 LIMIT 1"
    return str(await live.database.fetchval(found, sick))


async def test_a_parked_stream_is_listed_tried_again_and_discarded(
    api: Client, bearer: Bearer, live: Resources, sick: UUID, owner: str
) -> None:
    desk = Desk(api, bearer("operator", tenant=owner), "counts")
    listed = await desk.get("/parked")
    tried = await desk.post(f"/parked/{sick}/retry")
    done = await desk.post(f"/parked/{sick}/discard")

    [row] = listed[1]
    assert (row["stream_id"], row["type"], row["waiting"]) == (str(sick), "thing.done", 1)
    assert "division by zero" in row["error"]
    assert (tried[0], len(tried[1]["parked"])) == (200, 1)
    assert (done[0], done[1]["parked"]) == (200, [])
    assert await counted(live.database, COUNTS.schema) == {sick: 2}
    kinds = [kind for kind, *_ in await acts(live)]
    assert kinds == ["projection.retried", "projection.discarded"]


async def test_another_tenants_parked_stream_is_not_there(
    api: Client, bearer: Bearer, sick: UUID
) -> None:
    desk = Desk(api, bearer("admin", tenant="another"), "counts")

    assert await desk.get("/parked") == (200, [])
    for act in ("retry", "discard"):
        assert (await desk.post(f"/parked/{sick}/{act}"))[0] == 404
    everybody = await (await api.get("/api/v1/projections")).text()
    assert str(sick) not in everybody


async def test_a_view_of_somebody_else_in_the_way_is_named_and_nothing_is_swapped(
    desk: Desk, live: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow = changed(projection("job"), "steps_done   integer", "steps_done   bigint")
    monkeypatch.setattr(rebuild, "projection", lambda _: narrow)
    await live.database.execute("CREATE VIEW public.mine AS SELECT id FROM read.generation_jobs")
    await desk.post("/rebuild")
    await desk.built()

    status, problem = await desk.post("/swap")

    assert (status, problem["code"]) == (409, "view-in-the-way")
    assert "mine" in problem["detail"]
