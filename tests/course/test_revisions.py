"""A lesson's revisions over HTTP: listed, read, compared, rolled back to."""

from typing import Any

import pytest
from msgspec.structs import asdict, replace

from service.course.commands import PromoteLesson, RecordDraft, RecordLesson, RecordOutline
from service.course.content import Check, Citation, Lesson, LessonPlan, Outline, Readability
from service.course.decider import COURSE
from service.course.events import CourseOutlined, CourseRequested, LessonGenerated
from service.http.call import Resources
from service.http.token import tenant
from service.log.handle import Context, Write
from tests.course.test_http import COURSES, asked, read, recorded
from tests.http.conftest import Client

CITED = Citation("50000000-0000-4000-8000-000000000001", "light.md", 0, 12, "Light falls.")
CHECK = Check("What does light do?", "It falls.", ("It falls.", "It sings."))


def lesson(title: str, text: str, **fields: Any) -> Lesson:
    made = {"sources": (), "checks": (), "description": ""} | fields
    return Lesson(
        1, title, made["description"], text, (), (), (), made["sources"], made["checks"],
        Readability(5.0, 2),
    )  # fmt: skip


FIRST = lesson("Light", "# Light\n\nLight falls.\n\n- On leaves.\n", sources=(CITED,))
SECOND = lesson("Light", "# Light\n\nLight falls down.\n\n- On leaves.\n", checks=(CHECK,))
MINE = "# Light\n\nLight falls.\n\n- On leaves.\n- On stones.\n"


@pytest.fixture
async def taught(api: Client, live: Resources) -> dict[str, Any]:
    """A course whose only lesson was generated, edited by a person, and drafted anew."""
    outline = Outline("All about light", (LessonPlan("Light", "", (), ()),))
    done = await recorded(
        live, await asked(api, num_lessons=1), RecordOutline(outline), RecordLesson(FIRST)
    )
    at = f"{COURSES}/{done['id']}/lessons/1"
    edited = await api.post(f"{at}/revise", json={"content_md": MINE, "title": "My light"})
    assert edited.status == 200
    return await recorded(live, done, RecordDraft(SECOND, "Shorter."))


def here(course: dict[str, Any], path: str = "") -> str:
    return f"{COURSES}/{course['id']}/lessons/1{path}"


async def found(api: Client, address: str) -> Any:
    response = await api.get(address)
    return await response.json() | {"status_code": response.status}


async def test_revisions_are_listed_with_who_made_them(api: Client, taught: dict[str, Any]) -> None:
    listed = await read(api, taught, "/lessons/1/revisions")

    names = ("revision", "origin", "base", "title", "actor", "serves", "waits", "instructions")
    assert [tuple(line[name] for name in names) for line in listed] == [
        (1, "generated", 1, "Light", "worker", False, False, ""),
        (2, "revised", 1, "My light", "ada", True, False, ""),
        (3, "drafted", 3, "Light", "worker", False, True, "Shorter."),
    ]


async def test_each_revision_is_read_whole(api: Client, taught: dict[str, Any]) -> None:
    first, mine, draft = [
        await read(api, taught, f"/lessons/1/revisions/{number}") for number in (1, 2, 3)
    ]

    assert (first["content_md"], mine["content_md"]) == (FIRST.content_md, MINE)
    assert (mine["title"], mine["sources"]) == ("My light", first["sources"])
    assert first["sources"][0]["quote"] == "Light falls."
    assert (draft["sources"], draft["checks"][0]["question"]) == ([], CHECK.question)
    assert mine["sections"] == [{"heading": "My light", "markdown": MINE}]
    assert draft["revision"]["origin"] == "drafted"


async def test_blocks_keep_their_ids_from_revision_to_revision(
    api: Client, taught: dict[str, Any]
) -> None:
    first, mine, draft = [
        [block["id"] for block in (await read(api, taught, f"/lessons/1/revisions/{n}"))["blocks"]]
        for n in (1, 2, 3)
    ]
    served = await read(api, taught, "/lessons/1")

    assert mine[:3] == first
    assert len(mine) == 4
    assert draft == [first[0], draft[1], first[2]]
    assert draft[1] != first[1]
    assert [block["id"] for block in served["blocks"]] == mine
    spans = [served["content_md"][block["start"] : block["end"]] for block in served["blocks"]]
    assert spans == ["# Light", "Light falls.", "- On leaves.", "- On stones."]


async def test_checks_keep_their_ids_however_they_are_ordered(
    api: Client, live: Resources, taught: dict[str, Any]
) -> None:
    other = Check("Where?", "On leaves.", ("On leaves.", "Nowhere."))
    before = await read(api, taught, "/lessons/1/revisions/3")
    again = lesson("Light", SECOND.content_md, checks=(other, CHECK))
    taught = await recorded(live, taught, RecordDraft(again), PromoteLesson(1))
    served = await read(api, taught, "/lessons/1")

    assert served["checks"][1] == before["checks"][0]
    assert served["checks"][0]["id"] != served["checks"][1]["id"]


async def test_the_draft_is_compared_with_what_serves(api: Client, taught: dict[str, Any]) -> None:
    told = await read(api, taught, "/lessons/1/diff")

    assert (told["before"]["revision"], told["after"]["revision"]) == (2, 3)
    assert told["counts"] == {"same": 2, "changed": 1, "removed": 1}
    assert [change["path"] for change in told["changes"]] == ["/title", "/checks"]
    (changed,) = [block for block in told["blocks"] if block["change"] == "changed"]
    assert changed["words"] == [
        {"change": "same", "text": "Light falls"},
        {"change": "added", "text": " down"},
        {"change": "same", "text": "."},
    ]


@pytest.mark.parametrize(
    ("query", "revisions"),
    [
        ("from=1&to=2", (1, 2)),
        ("from=3&to=1", (3, 1)),
        ("to=1", (2, 1)),
        ("to=2", (1, 2)),
        ("from=1", (1, 3)),
    ],
)
async def test_any_two_revisions_are_compared(
    api: Client, taught: dict[str, Any], query: str, revisions: tuple[int, int]
) -> None:
    told = await found(api, here(taught, f"/diff?{query}"))

    assert (told["before"]["revision"], told["after"]["revision"]) == revisions


async def test_a_draft_that_an_edit_has_overtaken_is_still_what_is_compared(
    api: Client, taught: dict[str, Any]
) -> None:
    await api.post(here(taught, "/revise"), json={"content_md": "Again."})
    told = await found(api, here(taught, "/diff"))

    assert (told["before"]["revision"], told["after"]["revision"]) == (4, 3)


async def test_a_lesson_without_a_draft_is_compared_with_what_was_before(
    api: Client, live: Resources, taught: dict[str, Any]
) -> None:
    taught = await recorded(live, taught, PromoteLesson(1))
    told = await read(api, taught, "/lessons/1/diff")

    assert (told["before"]["revision"], told["after"]["revision"]) == (2, 3)


async def test_a_rollback_serves_at_once_and_can_be_undone(
    api: Client, taught: dict[str, Any]
) -> None:
    for number, title, text in ((1, "Light", FIRST.content_md), (2, "My light", MINE)):
        done = await api.post(here(taught, "/rollback"), json={"revision": number})
        assert done.status == 200
        shown = await read(api, await done.json(), "/lessons/1")
        assert (shown["revision"], shown["title"], shown["content_md"]) == (number, title, text)
    again = await (await api.post(here(taught, "/rollback"), json={"revision": 2})).json()
    assert again["version"] == (await done.json())["version"]


async def test_a_draft_is_not_promoted_over_an_edit_that_came_while_it_was_made(
    api: Client, live: Resources, taught: dict[str, Any]
) -> None:
    taught = await recorded(live, taught, RecordDraft(SECOND, since=1))
    refused = await api.post(here(taught, "/promote"))
    problem = await refused.json()
    chosen = await api.post(here(taught, "/rollback"), json={"revision": 4})

    assert (refused.status, problem["code"]) == (409, "edited-since")
    assert (problem["revision"], problem["draft"]) == (2, 4)
    assert "roll back to 4" in problem["detail"]
    assert chosen.status == 200
    assert (await read(api, await chosen.json(), "/lessons/1"))["content_md"] == SECOND.content_md


async def test_the_draft_that_was_read_is_promoted_and_no_other(
    api: Client, taught: dict[str, Any]
) -> None:
    other = await api.post(here(taught, "/promote"), json={"revision": 2})
    done = await api.post(here(taught, "/promote"), json={"revision": 3})

    assert (other.status, (await other.json())["code"]) == (409, "nothing-drafted")
    assert done.status == 200


async def test_a_pin_is_set_and_taken_away(api: Client, taught: dict[str, Any]) -> None:
    for path, pinned in (("/pin", True), ("/unpin", False), ("/pin", True)):
        done = await (await api.post(here(taught, path))).json()
        assert (await read(api, done, "/lessons/1"))["pinned"] is pinned


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/revisions/9", "no-such-revision"),
        ("/diff?from=9", "no-such-revision"),
        ("/diff?to=9", "no-such-revision"),
    ],
)
async def test_what_is_not_there_is_said(
    api: Client, taught: dict[str, Any], path: str, code: str
) -> None:
    problem = await found(api, here(taught, path))

    assert (problem["status_code"], problem["code"]) == (404, code)
    none = await found(api, f"{COURSES}/{taught['id']}/lessons/2{path}")
    assert (none["status_code"], none["code"]) == (404, "no-such-lesson")
    back = await api.post(here(taught, "/rollback"), json={"revision": 9})
    assert (back.status, (await back.json())["code"]) == (404, "no-such-revision")


async def test_a_lessons_id_is_that_of_the_read_models(
    taught: dict[str, Any], api: Client, live: Resources
) -> None:
    shown = await read(api, taught, "/lessons/1")

    assert (await read(api, taught, "/lessons/1/revisions/1"))["id"] == shown["id"]

    course_id, given = live.new_id(), live.new_id()
    plan = LessonPlan("Light", "", (), ())
    events = (
        CourseRequested("Light", "8", 1, None, "en", "ann", live.new_id()),
        CourseOutlined("Light", (plan, plan), lesson_ids=(None, given)),
        *(LessonGenerated(**asdict(replace(FIRST, number=number))) for number in (1, 2)),
    )
    context = Context(tenant("school"), "mover", course_id)
    receipt = await live.log.append(context, Write(COURSE, course_id, 0, events))
    moved = {"id": course_id, "position": receipt.position}
    for number in (1, 2):
        served = await read(api, moved, f"/lessons/{number}")
        said = await read(api, moved, f"/lessons/{number}/revisions/1")
        assert (said["id"], said["blocks"]) == (served["id"], served["blocks"])
    assert said["id"] == str(given)
