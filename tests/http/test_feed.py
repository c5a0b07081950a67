"""The log over HTTP: polled, followed, and one stream at a time."""

import asyncio
import json
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from yarl import URL

from service.http.call import Resources
from tests.http.conftest import Client

CLOUD_EVENT = {
    "type": "object",
    "required": ["id", "source", "specversion", "type"],
    "properties": {
        "id": {"type": "string", "minLength": 1},
        "source": {"type": "string", "minLength": 1, "format": "uri-reference"},
        "specversion": {"const": "1.0"},
        "type": {"type": "string", "minLength": 1},
        "subject": {"type": "string", "minLength": 1},
        "time": {"type": "string", "format": "date-time"},
        "datacontenttype": {"const": "application/json"},
    },
    "patternProperties": {"^(?!data$)": {"type": ["string", "integer", "boolean"]}},
}
"""What CloudEvents 1.0.2 asks of every event: scalars only, apart from the data."""
LIVE = {"Accept": "text/event-stream"}


@pytest.fixture
async def made(api: Client) -> dict[str, Any]:
    """A course, and with it two events."""
    return dict(await (await api.post("/api/v1/courses", json={"topic": "Light"})).json())


async def heard(response: Any, count: int) -> list[tuple[int, dict[str, Any]]]:
    """Return the next `count` events of a live stream with their ids."""
    text = ""
    async with asyncio.timeout(60):
        while text.count("data: ") < count or not text.endswith("\n\n"):
            chunk = await response.content.readany()
            assert chunk, text[-500:]  # at its end it is read again and again, without a pause
            text += chunk.decode()
    lines = [line.partition(": ") for line in text.splitlines()]
    ids = [int(value) for name, _, value in lines if name == "id"]
    return list(zip(ids, (json.loads(v) for n, _, v in lines if n == "data"), strict=True))


async def test_the_feed_is_a_batch_of_cloud_events(api: Client, made: dict[str, Any]) -> None:
    response = await api.get("/api/v1/events")
    events = await response.json(content_type="application/cloudevents-batch+json")

    assert [event["type"] for event in events] == ["course.requested", "job.created"]
    assert [event["sequence"] for event in events] == ["1", "2"]
    assert events[0]["subject"] == made["id"]
    assert events[0]["data"]["topic"] == "Light"
    for event in events:
        jsonschema.validate(event, CLOUD_EVENT)


async def test_the_feed_goes_on_after_a_position(api: Client, made: dict[str, Any]) -> None:
    first = await api.get("/api/v1/events?limit=1")
    second = await api.get(URL(first.links["next"]["url"]).relative())
    third = await api.get(URL(second.links["next"]["url"]).relative())

    assert [e["sequence"] for e in await second.json(content_type=None)] == ["2"]
    assert await third.json(content_type=None) == []
    assert "next" not in third.links


@pytest.mark.parametrize(
    ("query", "types"),
    [
        ("types=job.created", ["job.created"]),
        ("types=course.requested, job.created", ["course.requested", "job.created"]),
        ("types=nothing.ever", []),
        ("stream={id}", ["course.requested"]),
        ("stream={job_id}&types=course.requested", []),
    ],
)
async def test_the_feed_is_filtered(
    api: Client, made: dict[str, Any], query: str, types: list[str]
) -> None:
    response = await api.get("/api/v1/events?" + query.format(**made))

    assert [event["type"] for event in await response.json(content_type=None)] == types


async def test_the_feed_is_followed_live(api: Client, made: dict[str, Any]) -> None:
    async with api.get("/api/v1/events", headers=LIVE) as response:
        before = await heard(response, 2)
        await api.post("/api/v1/courses", json={"topic": "Sound"})
        after = await heard(response, 2)

    assert [position for position, _ in before + after] == [1, 2, 3, 4]
    assert after[0][1]["data"]["topic"] == "Sound"


async def test_a_follower_that_was_cut_off_misses_nothing(
    api: Client, made: dict[str, Any]
) -> None:
    headers = LIVE | {"Last-Event-ID": "1"}
    async with api.get("/api/v1/events?after=0", headers=headers) as response:
        assert [position for position, _ in await heard(response, 1)] == [2]


async def test_a_follower_is_sent_off_when_the_service_drains(
    api: Client, live: Resources, made: dict[str, Any]
) -> None:
    async with api.get("/api/v1/events?after=2", headers=LIVE) as response:
        live.streams.draining.set()
        async with asyncio.timeout(60):
            assert "event: bye" in (await response.content.read()).decode()


async def test_a_stream_is_read_in_pages(api: Client, made: dict[str, Any]) -> None:
    await api.post(f"/api/v1/courses/{made['id']}/rename", json={"title": "Waves"})
    first = await (await api.get(f"/api/v1/streams/{made['id']}?limit=1")).json()
    second = await (await api.get(first["next"])).json()

    assert [e["type"] for e in first["items"] + second["items"]] == [
        "course.requested",
        "course.renamed",
    ]
    assert second["next"] is None


async def test_a_poller_may_name_the_last_event_too(api: Client, made: dict[str, Any]) -> None:
    response = await api.get("/api/v1/events", headers={"Last-Event-ID": "1"})

    assert [event["sequence"] for event in await response.json(content_type=None)] == ["2"]
    assert (await api.get("/api/v1/events", headers={"Last-Event-ID": "x"})).status == 400
