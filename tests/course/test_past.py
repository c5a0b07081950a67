"""Courses as they were: at a time, at a position, and between two versions."""

from typing import Any
from uuid import UUID

from service.course.commands import (
    PinLesson,
    RecordLesson,
    RecordOutline,
    RenameCourse,
    ReviseLesson,
)
from service.course.content import LessonPlan, Outline
from service.http.call import Resources
from tests.course.test_http import COURSES, asked, lesson, read, recorded
from tests.http.conftest import Client

PLANS = tuple(LessonPlan(title, "", (), ()) for title in ("Light", "Sound"))


async def made(api: Client, live: Resources) -> list[dict[str, Any]]:
    """Make a course in steps; return it as it was read after each, with the position."""
    done = await asked(api, num_lessons=2)
    steps = (
        RecordOutline(Outline("All about light", PLANS)),
        RecordLesson(lesson("Light")),
        RenameCourse("Waves"),
        ReviseLesson(1, "# Light\n\nIt falls.", None),
        PinLesson(1),
    )
    seen = [await read(api, done) | {"position": done["position"]}]
    for step in steps:
        done = await recorded(live, done, step)
        seen.append(await read(api, done) | {"position": done["position"]})
    return seen


async def then(api: Client, course: dict[str, Any], as_of: object) -> Any:
    response = await api.get(f"{COURSES}/{course['id']}", params={"as_of": str(as_of)})
    return await response.json() | {"status_code": response.status}


async def test_a_course_is_shown_as_it_was_read_at_each_position(
    api: Client, live: Resources
) -> None:
    for title in ("All about light", "Other"):
        await recorded(live, await asked(api, num_lessons=2), RecordOutline(Outline(title, PLANS)))
    seen = await made(api, live)

    for course in seen:
        position = course.pop("position")
        assert await then(api, course, position) == course | {"status_code": 200}
    assert seen[1]["slug"] == "all-about-light--2"


async def test_a_course_is_shown_as_it_stood_at_a_time(api: Client, live: Resources) -> None:
    seen = await made(api, live)
    at = await live.database.fetchval(
        "SELECT recorded_at FROM log.events WHERE position = $1", seen[1]["position"]
    )

    course = await then(api, seen[0], at.isoformat())
    by_slug = await api.get(f"{COURSES}/all-about-light", params={"as_of": at.isoformat()})

    assert (course["title"], course["version"], course["lessons_ready"]) == (
        "All about light",
        2,
        0,
    )
    assert (await by_slug.json())["version"] == 2
    assert by_slug.headers["ETag"] == '"2"'


async def test_the_status_then_is_that_of_the_job_then(api: Client) -> None:
    done = await asked(api)
    cancelled = await (await api.post(f"{COURSES}/{done['id']}/cancel")).json()
    await read(api, done | {"position": cancelled["position"]})

    assert (await then(api, done, done["position"]))["status"] == "QUEUED"
    assert (await then(api, done, cancelled["position"]))["status"] == "FAILED"


async def test_before_it_was_requested_a_course_is_not_found(api: Client) -> None:
    first = await asked(api)
    second = await asked(api)
    await read(api, second)

    course = await then(api, second, first["position"])

    assert (course["status_code"], course["code"]) == (404, "no-such-course")
    assert course["detail"] == "This course did not exist yet at position 2."


async def test_a_time_or_position_that_the_log_has_not_is_refused(api: Client) -> None:
    done = await asked(api)
    await read(api, done)

    for text, why in (
        ("99", "The log ends at position 2."),
        ("yesterday", "neither a position nor a time"),
        ("2001-01-01", "there is nothing before"),
        ("2999-01-01T00:00:00Z", "still to come"),
    ):
        refused = await then(api, done, text)
        assert refused["status_code"] == 422
        assert refused["errors"][0]["parameter"] == "as_of"
        assert why in refused["errors"][0]["detail"]


async def test_another_tenants_course_was_never_there(api: Client, bearer: Any) -> None:
    done = await asked(api)
    await read(api, done)
    other = bearer(tenant="elsewhere")

    for address in (f"{COURSES}/{done['id']}?as_of=1", f"{COURSES}/{done['id']}/history?from=0"):
        assert (await api.get(address, headers=other)).status == 404


async def changes(api: Client, course: dict[str, Any], **versions: int) -> Any:
    asked_for = {"since": "from", "to": "to"}
    params = {asked_for[name]: str(number) for name, number in versions.items()}
    response = await api.get(f"{COURSES}/{course['id']}/history", params=params)
    return await response.json() | {"status_code": response.status}


async def test_history_between_two_versions_says_what_changed(api: Client, live: Resources) -> None:
    course = (await made(api, live))[-1]

    whole = await changes(api, course, since=3, to=6)
    renamed = await changes(api, course, since=3, to=4)
    first = await changes(api, course, to=1)
    nothing = await changes(api, course, since=6)

    assert [event["version"] for event in whole["items"]] == [4, 5, 6]
    found = {each["path"]: (each["before"], each["after"]) for each in whole["changes"]}
    content = found.pop("/lessons/1/content")
    assert found == {
        "/title": ("All about light", "Waves"),
        "/lessons/1/edited": (False, True),
        "/lessons/1/revision": (1, 2),
        "/lessons/1/pinned": (False, True),
    }
    assert [side["characters"] for side in content] == [7, 18]
    assert renamed["changes"] == [{"path": "/title", "before": "All about light", "after": "Waves"}]
    assert [(each["path"], each["before"]) for each in first["changes"]] == [("", None)]
    assert (nothing["items"], nothing["changes"]) == ([], [])
    assert "changes" not in await changes(api, course)


async def test_versions_that_are_not_there_are_refused(api: Client) -> None:
    done = await asked(api)
    await read(api, done)

    for versions in ({"to": 2}, {"since": 2}, {"since": 1, "to": 0}):
        assert (await changes(api, done, **versions))["status_code"] == 422


async def test_a_long_history_between_versions_comes_in_pages(api: Client, live: Resources) -> None:
    course = (await made(api, live))[-1]
    address, seen = f"{COURSES}/{course['id']}/history?from=1&to=5&limit=2", []
    while address:
        page = await (await api.get(address)).json()
        seen += [event["version"] for event in page["items"]]
        address = page["next"]

    assert seen == [2, 3, 4, 5]


async def test_looking_back_leaves_nothing_behind(api: Client, live: Resources) -> None:
    done = await asked(api)
    await read(api, done)
    await then(api, done, 1)
    await then(api, done | {"id": str(UUID(int=1))}, 1)

    left = await live.database.fetch(
        "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'glimpse%'"
        " UNION SELECT schema FROM ops.generations WHERE role = 'scratch'"
    )

    assert left == []
