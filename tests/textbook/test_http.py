"""Textbooks over HTTP, on a real database with a projector at work."""

from typing import Any
from uuid import UUID

import pytest

from service.http.call import Resources
from service.job.decider import JOB as JOBS
from service.job.decider import Command as JobCommand
from service.job.decider import Fail, Start
from service.textbook.commands import FailChapter, GiveUp, RecordPlan
from tests.http.conftest import Client
from tests.http.test_spooled import Place, begin, place
from tests.projection.histories import context
from tests.textbook.pieces import JOB, PLAN, TEXT, made
from tests.textbook.shelf import TEXTBOOKS, Json, asked, posted, read, recorded

__all__ = ["begin", "place"]

KEY = {"Idempotency-Key": "k-1"}
BETTER = TEXT + "\n\nAnd what is pulled comes near."


@pytest.fixture
async def written(api: Client, live: Resources) -> Json:
    """A textbook whose two chapters are validated."""
    return await recorded(live, await asked(api), RecordPlan(PLAN), *made(1), *made(2))


async def worked(live: Resources, done: Json, *commands: JobCommand) -> None:
    """Let a worker do something with the job of a textbook."""
    loaded = await live.log.load(JOBS, UUID(done["job_id"]), None)
    assert loaded.tenant_id is not None
    for command in commands:
        await live.log.handle(JOBS, UUID(done["job_id"]), command, context(loaded.tenant_id))


async def refused(api: Client, done: Json, path: str, **body: Any) -> tuple[int, str]:
    response = await api.post(f"{TEXTBOOKS}/{done['id']}{path}", json=body)
    return response.status, (await response.json()).get("code", "")


async def test_a_requested_textbook_is_queued_with_its_job(api: Client) -> None:
    body = {
        "title": " Forces ",
        "subject": "Physics",
        "user_id": "u-1",
        "policy": {"words_max": 999},
    }
    response = await api.post(TEXTBOOKS, json=body)
    done = await response.json()
    shown = await read(api, done)
    address = f"/api/v1/jobs/{done['job_id']}?min_position={done['position']}"
    job = await (await api.get(address)).json()

    assert (response.status, response.headers["Location"]) == (202, address.partition("?")[0])
    assert (shown["status"], shown["user_id"], shown["version"]) == ("QUEUED", "u-1", 1)
    assert (shown["title"], shown["slug"], shown["audience"]) == ("Forces", "forces", "Grade 8")
    assert (shown["chapters_total"], shown["chapters_validated"]) == (8, 0)
    assert (shown["policy"]["words_min"], shown["policy"]["words_max"]) == (800, 999)
    assert (job["kind"], job["target"], job["status"]) == ("textbook", done["id"], "QUEUED")
    assert (job["token_usage"], job["errors"]) == (0, [])


async def test_a_repeated_request_is_one_textbook_with_one_answer(api: Client) -> None:
    body = {"title": "Forces", "subject": "Physics"}
    first = await api.post(TEXTBOOKS, json=body, headers=KEY)
    second = await api.post(TEXTBOOKS, json=body, headers=KEY)

    assert await first.json() == await second.json()
    assert second.headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        ({"title": "..."}, "title-missing", "letter or digit"),
        ({"subject": "-"}, "subject-missing", "letter or digit"),
        ({"policy": {"words_min": 1300}}, "policy-contradicts-itself", "words_min is 1300"),
        ({"policy": {"words": 1300}}, "invalid", ""),
        ({"chapters_total": 41}, "invalid", ""),
        ({"budget": "-1"}, "bad-budget", ""),
    ],
)
async def test_a_request_that_nothing_can_be_made_of_is_refused_in_words(
    api: Client, body: Json, code: str, said: str
) -> None:
    response = await api.post(TEXTBOOKS, json={"title": "Forces", "subject": "Physics"} | body)
    problem = await response.json()

    assert (response.status, problem["code"]) == (422, code)
    assert said in problem["detail"]


async def test_a_textbook_asked_for_while_the_database_is_away_is_stored_when_it_is_back(
    place: Place,
) -> None:
    await place.go_away()
    response = await place.api.post(TEXTBOOKS, json={"title": "Forces", "subject": "Physics"})
    done = await response.json()
    await place.come_back()
    stored = await place.database.fetch("SELECT type, stream_id FROM log.events ORDER BY position")

    assert (response.status, response.headers["X-Spooled"]) == (202, "true")
    assert [(row["type"], str(row["stream_id"])) for row in stored] == [
        ("textbook.requested", done["id"]),
        ("job.created", done["job_id"]),
    ]


async def test_textbooks_are_listed_newest_first_by_status_and_user_and_in_pages(
    api: Client,
) -> None:
    done = [await asked(api, title=f"Title {n}", user_id=f"u-{n % 2}") for n in range(4)]
    address, listed = f"{TEXTBOOKS}?limit=3&min_position={done[-1]['position']}", []
    while address:
        page = await (await api.get(address)).json()
        listed += [each["id"] for each in page["items"]]
        address = page["next"]
    of_one = await (await api.get(f"{TEXTBOOKS}?user_id=u-1&status=QUEUED")).json()
    ready = await (await api.get(f"{TEXTBOOKS}?status=READY")).json()

    assert listed == [each["id"] for each in reversed(done)]
    assert [each["id"] for each in of_one["items"]] == [done[3]["id"], done[1]["id"]]
    assert ready["items"] == []


async def test_a_failed_textbook_says_why_and_what_is_retried_is_honest_meanwhile(
    api: Client, live: Resources
) -> None:
    done = await asked(api)
    await worked(live, done, Start("w"))
    failing = FailChapter(2, "No quiz.", JOB), GiveUp("Chapter 2 is missing.")
    failed = await recorded(live, done, RecordPlan(PLAN), *made(1), *failing)
    await worked(live, done, Fail("Chapter 2 is missing.", "Retry.", retryable=False))
    before = await read(api, failed)
    lines = await read(api, failed, "/chapters")
    retried = await api.post(f"{TEXTBOOKS}/{done['id']}/retry", headers=KEY)
    answer = await retried.json()
    queued = await read(api, answer)
    ready = await recorded(live, done, *made(2))

    assert (before["status"], before["error_message"]) == ("FAILED", "Chapter 2 is missing.")
    assert (before["chapters_validated"], before["chapters_failed"]) == (1, 1)
    assert [line["status"] for line in lines] == ["validated", "failed"]
    assert lines[1]["error_message"] == "No quiz."
    assert (retried.status, answer["job_id"]) == (202, done["job_id"])
    assert (queued["status"], queued["error_message"]) == ("QUEUED", None)
    assert (await read(api, ready))["status"] == "READY"
    assert await refused(api, done, "/retry") == (409, "job-not-ended")


async def test_a_cancelled_textbook_keeps_what_was_made(api: Client, live: Resources) -> None:
    done = await recorded(live, await asked(api), RecordPlan(PLAN), *made(1))
    cancelled = await (await api.post(f"{TEXTBOOKS}/{done['id']}/cancel")).json()
    shown = await read(api, cancelled)

    assert (shown["status"], shown["chapters_validated"]) == ("FAILED", 1)
    assert "what was made is kept" in shown["error_message"]


async def test_a_chapter_is_shown_whole(api: Client, written: Json) -> None:
    shown = await read(api, written, "/chapters/1")
    by_slug = await (await api.get(f"{TEXTBOOKS}/forces/chapters/1")).json()

    assert (shown["title"], shown["status"], shown["version"]) == ("Push and pull", "validated", 1)
    assert (shown["markdown"], shown["word_count"], shown["reading_time_minutes"]) == (TEXT, 6, 1)
    assert (shown["textbook_id"], shown["textbook_version"]) == (written["id"], 17)
    assert shown["takeaways"] == ["A force is a push or a pull."]
    assert [one["correct_index"] for one in shown["questions"]] == [0]
    assert [one["kind"] for one in shown["boosters"]] == ["example", "explanation"]
    assert shown["refused_boosters"] == [
        {"kind": "analogy", "reason": "The sources make no comparison."}
    ]
    assert by_slug["id"] == shown["id"]


async def test_readers_get_a_version_by_publishing_alone(api: Client, written: Json) -> None:
    published = await (await api.post(f"{TEXTBOOKS}/{written['id']}/publish")).json()
    revised = await posted(api, written, "/revise", markdown=BETTER)
    between = await read(api, revised, "/chapters/1")
    late = await refused(api, written, "/chapters/1/publish", version=7)
    out = await posted(api, written, "/publish", version=2)
    after = await read(api, out, "/chapters/1")

    assert (await read(api, published))["chapters_published"] == 2
    assert (between["status"], between["version"]) == ("validated", 2)
    assert (between["published_version"], late) == (1, (409, "newer-version"))
    assert (after["status"], after["published_version"]) == ("published", 2)
    assert after["docusaurus_url"] == "/docs/forces/push-and-pull"


async def test_a_rejected_version_is_not_published_until_it_is_rolled_back(
    api: Client, written: Json
) -> None:
    revised = await posted(api, written, "/revise", markdown="Too short.")
    shown = await read(api, revised, "/chapters/1")
    response = await api.post(f"{TEXTBOOKS}/{written['id']}/chapters/1/publish")
    problem = await response.json()
    back = await read(api, await posted(api, written, "/rollback", version=1), "/chapters/1")
    out = await posted(api, written, "/publish")

    assert (shown["status"], len(shown["errors"])) == ("failed", 1)
    assert (response.status, problem["code"]) == (409, "chapter-not-validated")
    assert problem["faults"] == shown["errors"]
    assert (back["status"], back["version"]) == ("validated", 3)
    assert (await read(api, out, "/chapters/1"))["published_version"] == 3


async def test_a_chapter_is_made_anew_by_a_job_of_its_own(api: Client, written: Json) -> None:
    at = f"{TEXTBOOKS}/{written['id']}/chapters/2"
    response = await api.post(f"{at}/regenerate", json={"instructions": "Shorter."})
    done = await response.json()
    address = f"{response.headers['Location']}?min_position={done['position']}"
    job = await (await api.get(address)).json()

    assert (response.status, done["id"]) == (202, written["id"])
    assert (job["kind"], job["target"], job["status"]) == ("chapter", written["id"], "QUEUED")
    assert await refused(api, written, "/chapters/3/regenerate") == (404, "no-such-chapter")


async def test_a_change_is_refused_where_another_came_before(api: Client, written: Json) -> None:
    at = f"{TEXTBOOKS}/{written['id']}/chapters/1/revise"
    shown = await api.get(f"{TEXTBOOKS}/{written['id']}?min_position={written['position']}")
    etag = {"If-Match": shown.headers["ETag"]}
    first = await api.post(at, json={"markdown": BETTER}, headers=etag)
    late = await api.post(at, json={"markdown": TEXT}, headers=etag)

    assert (first.status, late.status) == (200, 412)
    assert (await late.json())["current_version"] == 19


@pytest.mark.parametrize("path", ["/chapters/2/regenerate", "/cancel"])
async def test_a_job_that_was_asked_for_is_answered_again_whatever_came_since(
    api: Client, written: Json, path: str
) -> None:
    of = f"{TEXTBOOKS}/{written['id']}"
    shown = await api.get(f"{of}?min_position={written['position']}")
    headers = KEY | {"If-Match": shown.headers["ETag"]}
    first = await api.post(of + path, headers=headers)
    await api.post(f"{of}/archive")
    again = await api.post(of + path, headers=headers)

    assert first.status == again.status, await again.text()
    assert await first.json() == await again.json()
    assert again.headers["Idempotency-Replayed"] == "true"


async def test_an_archived_textbook_is_kept_as_it_is(api: Client, written: Json) -> None:
    archived = await (await api.post(f"{TEXTBOOKS}/{written['id']}/archive")).json()
    shown = await read(api, archived)
    listed = await (await api.get(TEXTBOOKS)).json()

    assert shown["archived_at"] is not None
    assert listed["items"] == []
    for path in ("/publish", "/chapters/1/publish", "/chapters/1/regenerate"):
        assert await refused(api, written, path) == (409, "textbook-is-archived")


async def test_the_history_of_a_textbook_says_who_did_what(api: Client, written: Json) -> None:
    await posted(api, written, "/publish")
    history = await read(api, written, "/history")

    told = [(event["type"], event["actor"]) for event in history["items"]]
    assert told[:3] == [
        ("textbook.requested", "ada"),
        ("textbook.planned", "worker"),
        ("chapter.generated", "worker"),
    ]
    assert told[-1] == ("chapter.published", "ada")
