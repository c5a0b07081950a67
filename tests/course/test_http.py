"""Courses over HTTP, on a real database with a projector at work."""

from typing import Any
from uuid import UUID

import pytest

from service.course.commands import (
    Command,
    RecordDraft,
    RecordLesson,
    RecordOutline,
)
from service.course.content import Lesson, LessonPlan, Outline, Readability
from service.course.decider import COURSE
from service.http.call import Resources
from service.http.token import tenant
from service.log.handle import Context
from tests.http.conftest import Client

COURSES = "/api/v1/courses"
KEY = {"Idempotency-Key": "k-1"}


def lesson(title: str) -> Lesson:
    return Lesson(1, title, "", "# Light", (), (), (), (), (), Readability(8.0, 2))


async def asked(api: Client, **body: Any) -> dict[str, Any]:
    response = await api.post(COURSES, json={"topic": "Light"} | body)
    assert response.status == 202, await response.text()
    return dict(await response.json())


async def read(api: Client, done: dict[str, Any], path: str = "") -> Any:
    response = await api.get(f"{COURSES}/{done['id']}{path}?min_position={done['position']}")
    assert response.status == 200, await response.text()
    return await response.json()


async def recorded(live: Resources, done: dict[str, Any], *commands: Command) -> dict[str, Any]:
    """Do what a worker does, and return the position after it."""
    course_id = UUID(done["id"])
    context = Context(tenant("school"), "worker", course_id)
    receipts = [await live.log.handle(COURSE, course_id, each, context) for each in commands]
    return done | {"position": receipts[-1].position}


@pytest.fixture
async def taught(api: Client, live: Resources) -> dict[str, Any]:
    """A course whose only lesson is there."""
    plan = LessonPlan("Light", "", (), ())
    outline = Outline("All about light", (plan,))
    commands = RecordOutline(outline), RecordLesson(lesson("Light"))
    return await recorded(live, await asked(api, num_lessons=1), *commands)


async def test_a_requested_course_is_queued_with_its_job(api: Client) -> None:
    response = await api.post(COURSES, json={"topic": "Light", "user_id": "u-1"})
    done = await response.json()
    course = await read(api, done)

    assert response.headers["Location"] == f"/api/v1/jobs/{done['job_id']}"
    assert (course["status"], course["user_id"], course["version"]) == ("QUEUED", "u-1", 1)
    assert (course["grade_level"], course["total_lessons"]) == ("Grade 8", 4)
    assert course["job_id"] == done["job_id"]


async def test_a_repeated_request_is_one_course_with_one_answer(api: Client) -> None:
    first = await api.post(COURSES, json={"topic": "Light"}, headers=KEY)
    second = await api.post(COURSES, json={"topic": "Light"}, headers=KEY)

    assert await first.json() == await second.json()
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"


async def test_a_key_serves_one_request_only(api: Client) -> None:
    await api.post(COURSES, json={"topic": "Light"}, headers=KEY)
    response = await api.post(COURSES, json={"topic": "Sound"}, headers=KEY)

    assert response.status == 422
    assert (await response.json())["code"] == "key-reused"


async def test_a_topic_needs_a_word(api: Client) -> None:
    response = await api.post(COURSES, json={"topic": "..."})

    assert response.status == 422
    assert (await response.json())["code"] == "topic-missing"


async def test_courses_are_listed_newest_first_and_in_pages(api: Client) -> None:
    done = [await asked(api, topic=f"Topic {n}") for n in range(5)]
    address, listed = f"{COURSES}?limit=2&min_position={done[-1]['position']}", []
    while address:
        page = await (await api.get(address)).json()
        listed += [course["id"] for course in page["items"]]
        address = page["next"]

    assert listed == [each["id"] for each in reversed(done)]


async def test_courses_are_listed_by_status_and_user(api: Client) -> None:
    await asked(api, user_id="u-1")
    done = await asked(api, user_id="u-2")
    fresh = f"min_position={done['position']}"

    page = await (await api.get(f"{COURSES}?user_id=u-2&status=QUEUED&{fresh}")).json()
    assert [course["id"] for course in page["items"]] == [done["id"]]
    page = await (await api.get(f"{COURSES}?status=READY&{fresh}")).json()
    assert page["items"] == []


async def test_a_course_is_renamed_at_the_version_its_reader_saw(api: Client) -> None:
    done = await asked(api)
    at, body = f"{COURSES}/{done['id']}/rename", {"title": "Waves"}
    first = await api.post(at, json=body, headers={"If-Match": '"1"'})
    late = await api.post(at, json={"title": "Rays"}, headers={"If-Match": '"1"'})

    assert (first.status, first.headers["ETag"]) == (200, '"2"')
    assert late.status == 412
    assert (await late.json())["current_version"] == 2
    assert (await read(api, await first.json()))["title"] == "Waves"


async def test_a_course_is_found_by_its_slug(api: Client, taught: dict[str, Any]) -> None:
    course = await read(api, taught)
    by_slug = await (await api.get(f"{COURSES}/{course['slug']}")).json()

    assert (course["slug"], by_slug["id"]) == ("all-about-light", taught["id"])
    assert (await api.post(f"{COURSES}/{course['slug']}/archive")).status == 200


async def test_an_archived_course_is_kept_as_it_is(api: Client) -> None:
    done = await asked(api)
    first = await api.post(f"{COURSES}/{done['id']}/archive")
    response = await api.post(f"{COURSES}/{done['id']}/rename", json={"title": "Waves"})

    assert first.status == 200
    assert (response.status, (await response.json())["code"]) == (409, "course-is-archived")


async def test_a_cancelled_generation_can_be_retried(api: Client) -> None:
    done = await asked(api)
    at = f"{COURSES}/{done['id']}"
    cancelled = await (await api.post(f"{at}/cancel")).json()
    retried = await api.post(f"{at}/retry", headers=KEY)
    again = await api.post(f"{at}/retry", headers=KEY)

    assert cancelled["job_id"] == done["job_id"]
    assert retried.status == 202
    assert await again.json() == await retried.json()
    assert (await api.post(f"{at}/retry")).status == 409


async def test_a_lesson_is_read_revised_and_pinned(api: Client, taught: dict[str, Any]) -> None:
    at = f"{COURSES}/{taught['id']}/lessons/1"
    pinned = await api.post(f"{at}/pin")
    revised = await (await api.post(f"{at}/revise", json={"content_md": "# Rays"})).json()
    shown = await read(api, revised, "/lessons/1")

    assert pinned.status == 200
    assert (shown["content_md"], shown["revision"]) == ("# Rays", 2)
    assert (shown["edited"], shown["pinned"]) == (True, True)
    assert [line["pinned"] for line in await read(api, revised, "/lessons")] == [True]


async def test_a_lesson_made_anew_serves_once_it_is_promoted(
    api: Client, live: Resources, taught: dict[str, Any]
) -> None:
    at = f"{COURSES}/{taught['id']}/lessons/1"
    queued = await api.post(f"{at}/regenerate", json={"instructions": "Shorter."})
    address = f"{queued.headers['Location']}?min_position={(await queued.json())['position']}"
    job = await (await api.get(address)).json()
    too_early = await api.post(f"{at}/promote")
    await recorded(live, taught, RecordDraft(lesson("Light, shorter")))
    promoted = await (await api.post(f"{at}/promote")).json()

    assert (queued.status, job["kind"], job["target"]) == (202, "lesson", taught["id"])
    assert too_early.status == 409
    assert (await read(api, promoted, "/lessons/1"))["title"] == "Light, shorter"


async def test_a_lesson_that_is_not_there_is_not_made_anew(api: Client) -> None:
    done = await asked(api)
    response = await api.post(f"{COURSES}/{done['id']}/lessons/1/regenerate")

    assert (response.status, (await response.json())["code"]) == (404, "no-such-lesson")


@pytest.mark.parametrize("path", ["/lessons/1/regenerate", "/cancel"])
async def test_a_job_that_was_asked_for_is_answered_again_whatever_came_since(
    api: Client, taught: dict[str, Any], path: str
) -> None:
    of = f"{COURSES}/{taught['id']}"
    shown = await api.get(f"{of}?min_position={taught['position']}")
    headers = KEY | {"If-Match": shown.headers["ETag"]}
    first = await api.post(of + path, headers=headers)
    await api.post(f"{of}/archive")
    again = await api.post(of + path, headers=headers)

    assert first.status == again.status, await again.text()
    assert await first.json() == await again.json()
    assert again.headers["Idempotency-Replayed"] == "true"


async def test_the_history_of_a_course_says_who_did_what(
    api: Client, taught: dict[str, Any]
) -> None:
    history = await read(api, taught, "/history")

    assert [(event["type"], event["actor"]) for event in history["items"]] == [
        ("course.requested", "ada"),
        ("course.outlined", "worker"),
        ("lesson.generated", "worker"),
    ]
