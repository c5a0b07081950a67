"""Live views: each row as it changes, none lost and none twice, for one reading a tick."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID

import pytest

from service.database import Database
from service.http.call import RESOURCES, Resources
from service.http.token import tenant
from service.projection.projector import advance
from service.sql import SQL
from service.view import changes, hub
from service.view.changes import Place
from service.view.hub import Seat
from service.view.question import Question
from tests.http.conftest import Client
from tests.view.conftest import SCHOOL, Fill
from tests.view.test_rows import COURSES

LIVE = {"Accept": "text/event-stream"}
Row = dict[str, Any]


async def heard(response: Any, count: int) -> list[tuple[str, Row]]:
    """Return the next `count` rows of a live view with their ids."""
    text = ""
    async with asyncio.timeout(60):
        while text.count("data: ") < count or not text.endswith("\n\n"):
            chunk = await response.content.readany()
            assert chunk, text[-500:]
            text += chunk.decode()
    messages = [message.split("\n") for message in text.split("\n\n") if "data: " in message]
    assert all(lines[1] == "event: row" for lines in messages)
    return [(lines[0].removeprefix("id: "), json.loads(lines[2][6:])) for lines in messages]


async def request(desk: Client, topic: str) -> tuple[str, int]:
    """Ask for a course, and let it be folded at once; return its id and its position."""
    made = await (await desk.post("/api/v1/courses", json={"topic": topic})).json()
    of = desk.app[RESOURCES]
    while of.tail.position < made["position"]:
        await advance(of.database, of.tail)
    return str(made["id"]), int(made["position"]) - 1


async def test_rows_come_as_they_change(desk: Client) -> None:
    await request(desk, "Before")
    async with desk.get(f"{COURSES}?columns=id,title,status", headers=LIVE) as response:
        course, position = await request(desk, "Light")
        first = await heard(response, 1)
        renamed = await desk.post(f"/api/v1/courses/{course}/rename", json={"title": "Waves"})
        second = await heard(response, 1)

    assert first == [(str(position), {"id": course, "title": "Light", "status": "QUEUED"})]
    assert second[0][0] == str((await renamed.json())["position"])
    assert second[0][1]["title"] == "Waves"


async def test_a_follower_sees_what_passes_its_filter_and_is_its_tenants(
    desk: Client, bearer: Callable[..., dict[str, str]]
) -> None:
    foreign = bearer("analyst", tenant="another")
    async with desk.get(f"{COURSES}?title.like=L%25", headers=LIVE) as response:
        await desk.post("/api/v1/courses", json={"topic": "Limes"}, headers=foreign)
        await request(desk, "Sound")
        course, _ = await request(desk, "Light")
        rows = await heard(response, 1)

    assert [row["id"] for _, row in rows] == [course]
    assert rows[0][1]["tenant_id"] == str(SCHOOL)


async def test_whoever_was_cut_off_amid_the_rows_of_one_event_misses_none_and_gets_none_twice(
    desk: Client, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "PAGE", 40)
    _, position = await request(desk, "Light")
    await fill(300, position)
    got: list[str] = []
    ids = ["0"]
    while len(got) < 301:
        headers = LIVE | {"Last-Event-ID": ids[-1]}
        async with desk.get(COURSES, headers=headers) as response:
            rows = await heard(response, 1)
            taken = rows[: max(1, len(rows) * 2 // 3)]
            ids += [name for name, _ in taken]
            got += [row["id"] for _, row in taken]

    assert len(set(got)) == len(got) == 301
    assert ids[-1] == str(position)
    assert all("." in name for name in ids[1:-1])


async def test_a_position_or_a_place_of_another_log_is_refused(desk: Client) -> None:
    await request(desk, "Light")
    cases: tuple[tuple[str, dict[str, str], int], ...] = (
        ("after=3", {}, 422),
        ("", {"Last-Event-ID": "3"}, 422),
        ("", {"Last-Event-ID": "x"}, 400),
        ("", {"Last-Event-ID": "1.!"}, 400),
        ("", {"Last-Event-ID": "1.WyJub25lIl0"}, 400),
        ("", {"Last-Event-ID": "1.W10"}, 422),
        ("", {"Last-Event-ID": "1.WzFd"}, 400),
        ("sort=id", {}, 422),
        ("limit=3", {}, 422),
        ("status.gt.gt=3", {}, 422),
    )
    for query, headers, status in cases:
        response = await desk.get(f"{COURSES}?{query}", headers=LIVE | headers)
        assert response.status == status, (query, headers)


async def test_a_view_that_says_no_position_or_tenant_is_not_followed(desk: Client) -> None:
    response = await desk.get("/api/v1/views/freshness", headers=LIVE)

    assert response.status == 422
    assert "cannot be followed" in (await response.json())["detail"]


async def test_what_a_projection_folds_late_is_not_lost(desk: Client, live: Resources) -> None:
    acted = ("course", SCHOOL, "a test", {"actor": "ann"})
    async with desk.get(f"{COURSES}?columns=title", headers=LIVE) as response:
        await live.database.projector.execute(SQL["projection/pause"], *acted)
        _, late = await request(desk, "Late")
        _, job = await request(desk, "Later")
        await live.database.projector.execute(SQL["projection/resume"], *acted)
        rows = await heard(response, 2)

    assert [(name, row["title"]) for name, row in rows] == [
        (str(late), "Late"),
        (str(job), "Later"),
    ]


class Counted:
    """A database that counts the readings of changed rows, and the questions in the widest."""

    def __init__(self, database: Database) -> None:
        self.queries = self
        self.readings = self.questions = 0
        self._database = database

    async def fetch(self, query: str, *arguments: Any) -> list[Any]:
        assert query == SQL["view/changes"]
        self.readings += 1
        self.questions = max(self.questions, len(arguments[1]))
        return await self._database.fetch(query, *arguments)


async def follower(of: Resources, counted: Any, question: Question, at: int) -> AsyncIterator[Row]:
    """Follow a view at the hub, as a request does."""
    with of.hubs.seat(question, counted, of.tail, of.follow, at) as seat:
        async for messages in hub.taken(seat, counted, Place(at)):
            for message in messages:
                yield json.loads(bytes(message.data))


async def test_fifty_followers_cost_one_reading_a_tick(desk: Client, live: Resources) -> None:
    counted: Any = Counted(live.database)
    _, at = await request(desk, "Before")
    filters: tuple[dict[str, str], ...] = ({}, {"title.like": "T%"}, {"status": "QUEUED"})
    questions = [
        Question("v_course_summary", SCHOOL, filters[n % 3], (), ("id",)) for n in range(49)
    ]
    questions.append(Question("v_course_summary", tenant("another"), {}))
    heard_by: list[list[str]] = [[] for _ in questions]
    rang = asyncio.Event()

    async def listen(n: int) -> None:
        async for row in follower(live, counted, questions[n], at + 1):
            heard_by[n].append(row["id"])
            rang.set()

    tasks = [asyncio.create_task(listen(n)) for n in range(len(questions))]
    made = []
    for n in range(5):
        made.append((await request(desk, f"Topic {n}"))[0])
        async with asyncio.timeout(60):
            while any(len(each) <= n for each in heard_by[:49]):
                rang.clear()
                await rang.wait()
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)

    assert all(each == made for each in heard_by[:49])
    assert heard_by[49] == []
    # Once for the hub's start, and for each course at most two ticks: its event, and its job's.
    assert counted.readings <= 1 + 2 * 5
    assert counted.questions == len(filters) + 1
    assert live.hubs.views == []


async def test_whoever_takes_nothing_for_long_is_not_held_for_and_still_gets_all(
    desk: Client, live: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "HELD_MAX", 300)
    _, at = await request(desk, "Before")
    question = Question("v_course_summary", SCHOOL, {}, (), ("id",))
    made = []
    with live.hubs.seat(question, live.database, live.tail, live.follow, at + 1) as seat:
        pages = hub.taken(seat, live.database, Place(at + 1))
        for n in range(20):
            course, position = await request(desk, f"Topic {n}")
            made.append(course)
            if n == 2:
                first = await anext(pages)
            await spilt_or_held(seat, position, live)
            assert sum(len(change.body) for change in seat.held) <= 300 + 60
        got = [json.loads(bytes(message.data))["id"] for message in first]
        async with asyncio.timeout(60):
            while len(got) < 20:
                got += [json.loads(bytes(message.data))["id"] for message in await anext(pages)]

    assert got == made
    assert seat.since > at + 1


async def spilt_or_held(seat: Seat, position: int, live: Resources) -> None:
    """Return once a seat has been told of a position."""
    async with asyncio.timeout(60):
        while seat.since < position and not any(c.place.position >= position for c in seat.held):
            seat.stirred.clear()
            await seat.stirred.wait()


def test_a_place_is_told_apart_from_every_other() -> None:
    for place in (Place(0), Place(7), Place(7, ()), Place(7, ("a", None)), Place(7, ("é\n",))):
        assert changes.place_of(place.id) == place
    assert changes.place_of(Place(1, (str(UUID(int=1)),)).id).key == (str(UUID(int=1)),)
