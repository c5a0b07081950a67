"""Why a text says what it says: told from the log, looked up again, down to the block."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import asdict

from service.course.commands import PromoteLesson
from service.course.content import Check, Citation, Lesson, LessonPlan, Readability
from service.course.decider import COURSE
from service.course.events import CourseOutlined, LessonDrafted, LessonGenerated
from service.generation.provenance import Provenance, Span
from service.http.call import Resources
from service.http.token import tenant
from service.ledger.decider import LEDGER, LlmCalled, Outcome, ledger_id
from service.log.handle import Context, Write
from tests.course.test_http import COURSES, asked, recorded
from tests.http.conftest import Client

SCHOOL = tenant("school")
SOURCE = (
    "# Light\n\nLight falls on a **leaf**. It is green, since it drinks the red of the light.\n"
)
FIRST = "Light falls on a **leaf**."
SECOND = "It is green, since it drinks the red of the light."
TEXT = f"""# Light

## What it does

{FIRST} Nobody says so.

> {SECOND}

Plants live on it.

## What else

Nothing else is known.
"""
CHECK = Check("Why is a leaf green?", "It drinks the red.", (), f"The source says “{SECOND}”.")
REQUEST = "a" * 64
REPAIR = "b" * 64


def quoted(source_id: str, quote: str, shift: int = 0) -> Citation:
    start = SOURCE.index(quote) + shift
    return Citation(source_id, "light.md", start, start + len(quote), quote)


def lesson(*sources: Citation) -> Lesson:
    return Lesson(1, "Light", "", TEXT, (), (), (), sources, (CHECK,), Readability(5.0, 20))


def generated(*sources: Citation) -> LessonGenerated:
    return LessonGenerated(**asdict(lesson(*sources)))


def called(course_id: UUID, job_id: UUID, outcome: Outcome, **fields: Any) -> LlmCalled:
    made: dict[str, Any] = {
        "provider": "openai", "model_asked": "m", "model_returned": "m-1", "prompt_id": "lesson/1",
        "prompt_hash": REQUEST, "tokens_in": 10, "tokens_out": 5, "cost": Decimal("0.25"), "ms": 7,
        "outcome": outcome, "kind": "course", "purpose": "lesson", "target": course_id,
        "job_id": job_id, "call_id": uuid4(),
    }  # fmt: skip
    return LlmCalled(**(made | fields))


async def append(live: Resources, context: Context, *writes: Write) -> int:
    receipt = await live.log.append(context, *writes)
    await live.tail.reached(receipt.position, 10)
    return receipt.position


async def sourced(api: Client, text: str = SOURCE) -> str:
    answer = await api.post("/api/v1/sources", json={"path": "light.md", "text": text})
    assert answer.status < 300
    return str((await answer.json())["id"])


@pytest.fixture
async def course(api: Client, live: Resources) -> dict[str, Any]:
    """A course of one lesson that a model made at the second attempt, after one was lost."""
    source_id = await sourced(api)
    done = await asked(api, num_lessons=1)
    at, job = UUID(done["id"]), UUID(done["job_id"])
    ledger = [
        called(at, job, "lost", cost=None, model_returned=""),
        called(at, job, "invalid"),
        called(at, job, "answered", prompt_hash=REPAIR, cost=Decimal("0.5")),
        called(at, job, "answered", prompt_hash="c" * 64, purpose="outline", cost=Decimal(4)),
        called(at, uuid4(), "answered", cost=Decimal(8)),
    ]
    worker = Context(SCHOOL, "worker:w", job)
    foreign = called(at, job, "answered", prompt_hash=REPAIR, cost=Decimal(16))
    stranger = Context(tenant("another"), "worker:w", job)
    await append(live, stranger, Write(LEDGER, ledger_id(stranger.tenant_id, job), 0, [foreign]))
    plan = CourseOutlined("All about light", (LessonPlan("Light", "", (), ()),))
    spans = (Span(source_id, "light.md", 0, 40),)
    outlining = Provenance("openai", model_asked="m", prompt_id="outline/1")
    making = Provenance(
        "openai", model_asked="m", model_returned="m-1", prompt_id="lesson/1",
        request_hash=REPAIR, parameters={"max_tokens": 9}, chunks=spans,
        calls=tuple(each.call_id for each in (*ledger[1:3], foreign) if each.call_id),
    )  # fmt: skip
    await append(live, worker, Write(LEDGER, ledger_id(SCHOOL, job), 0, ledger))
    await append(live, worker, Write(COURSE, at, 1, (plan,), outlining))
    position = await append(
        live,
        worker,
        Write(
            COURSE, at, 2, (generated(quoted(source_id, FIRST), quoted(source_id, SECOND)),), making
        ),
    )
    shown = await (await api.get(f"{COURSES}/{at}/lessons/1?min_position={position}")).json()
    return done | {"lesson": shown["id"], "blocks": shown["blocks"], "source": source_id}


async def why(api: Client, content: str, **query: Any) -> Any:
    response = await api.get(f"/api/v1/content/{content}/why", params=query)
    assert response.status == 200, await response.text()
    return await response.json()


async def test_a_lesson_says_how_it_was_made(api: Client, course: dict[str, Any]) -> None:
    told = await why(api, course["lesson"])

    assert (told["kind"], told["title"], told["revision"]["revision"]) == ("lesson", "Light", 1)
    assert (told["course_id"], told["lesson_number"]) == (course["id"], 1)
    assert (told["making"]["actor"], told["making"]["job_id"]) == ("worker:w", course["job_id"])
    assert told["making"]["type"] == "lesson.generated"
    assert told["making"]["provenance"]["prompt_id"] == "lesson/1"
    assert told["making"]["provenance"]["parameters"] == {"max_tokens": 9}
    assert told["making"]["provenance"]["chunks"][0]["end"] == 40


async def test_each_block_has_the_quotes_that_it_rests_on(
    api: Client, course: dict[str, Any]
) -> None:
    told = await why(api, course["lesson"])

    names = ("kind", "citations", "nearby", "revision", "origin", "actor")
    assert [tuple(block[name] for name in names) for block in told["blocks"]] == [
        ("heading", [], [], 1, "generated", "worker:w"),
        ("heading", [], [1, 2], 1, "generated", "worker:w"),
        ("paragraph", [1], [2], 1, "generated", "worker:w"),
        ("quote", [2], [1], 1, "generated", "worker:w"),
        ("paragraph", [], [1, 2], 1, "generated", "worker:w"),
        ("heading", [], [], 1, "generated", "worker:w"),
        ("paragraph", [], [], 1, "generated", "worker:w"),
    ]
    assert [block["id"] for block in told["blocks"]] == [each["id"] for each in course["blocks"]]


async def test_a_block_is_explained_alone(api: Client, course: dict[str, Any]) -> None:
    quote, last = course["blocks"][3]["id"], course["blocks"][-1]["id"]
    told, bare = [await why(api, course["lesson"], block=each) for each in (quote, last)]
    none = await api.get(f"/api/v1/content/{course['lesson']}/why?block={uuid4()}")

    assert [block["id"] for block in told["blocks"]] == [quote]
    assert told["blocks"][0]["markdown"] == f"> {SECOND}"
    assert [each["number"] for each in told["citations"]] == [1, 2]
    assert (bare["citations"], bare["checks"]) == ([], [])
    assert (none.status, (await none.json())["code"]) == (404, "no-such-block")


async def test_a_check_is_explained_too(api: Client, course: dict[str, Any]) -> None:
    (check,) = (await why(api, course["lesson"]))["checks"]
    alone = await why(api, course["lesson"], block=check["id"])

    assert (check["question"], check["citations"]) == (CHECK.question, [2])
    assert (alone["checks"], alone["blocks"]) == ([check], [])
    assert [each["number"] for each in alone["citations"]] == [2]


async def test_all_calls_that_led_to_a_lesson_are_told_with_what_they_cost(
    api: Client, course: dict[str, Any]
) -> None:
    told = await why(api, course["lesson"])

    assert [each["outcome"] for each in told["calls"]] == ["lost", "invalid", "answered"]
    assert (told["cost"], told["unpriced_calls"]) == ("0.75", 1)


async def test_quotes_are_looked_up_in_the_source_of_then(
    api: Client, course: dict[str, Any]
) -> None:
    before = (await why(api, course["lesson"]))["citations"]
    await sourced(api, "# Light\n\nIt is green, since it drinks the red of the light.\n")
    after = (await why(api, course["lesson"]))["citations"]
    await api.delete(f"/api/v1/sources/{course['source']}")
    gone = (await why(api, course["lesson"]))["citations"]

    assert [(each["verified"], each["stands"]) for each in before] == [(True, True), (True, True)]
    assert [(each["verified"], each["stands"]) for each in after] == [(True, False), (True, True)]
    assert [(each["verified"], each["stands"]) for each in gone] == [(True, False), (True, False)]
    assert {each["source_version"] for each in (*before, *after, *gone)} == {1}


async def test_a_quote_that_the_source_never_had_is_not_verified(
    api: Client, live: Resources, course: dict[str, Any]
) -> None:
    source_id = await sourced(api, SOURCE.replace("green", "blue"))
    wrong = (
        quoted(source_id, FIRST, shift=1),
        quoted(str(uuid4()), FIRST),
        quoted("no id at all", FIRST),
        Citation(source_id, "light.md", 0, 0, ""),
        quoted(source_id, SECOND),
        quoted(source_id, FIRST),
    )
    draft = LessonDrafted(**asdict(lesson(*wrong)), revision=2)
    context = Context(SCHOOL, "worker:w", uuid4())
    await append(live, context, Write(COURSE, UUID(course["id"]), 3, (draft,)))
    await recorded(live, course, PromoteLesson(1))
    told = await why(api, course["lesson"])

    assert [each["verified"] for each in told["citations"]] == [
        False, False, False, False, True, True,
    ]  # fmt: skip
    assert [each["source_version"] for each in told["citations"]][-2:] == [1, 2]
    assert told["making"]["provenance"] is None
    assert (told["calls"], told["cost"]) == ([], "0")


async def test_a_source_is_not_looked_up_after_the_text_was_made(
    api: Client, course: dict[str, Any], live: Resources
) -> None:
    other = await asked(api, num_lessons=1)
    at = UUID(other["id"])
    plan = CourseOutlined("Sound", (LessonPlan("Sound", "", (), ()),))
    told_later = "Sound travels in waves."
    cited = Citation(course["source"], "light.md", 0, len(told_later), told_later)
    context = Context(SCHOOL, "worker:w", at)
    await append(live, context, Write(COURSE, at, 1, (plan, generated(cited))))
    await sourced(api, told_later + "\n")
    lessons = (await why(api, other["id"]))["lessons"]
    (found,) = (await why(api, lessons["1"]))["citations"]

    assert (found["verified"], found["stands"]) == (False, True)


async def test_an_edited_lesson_tells_a_persons_blocks_from_the_rest(
    api: Client, course: dict[str, Any]
) -> None:
    at = f"{COURSES}/{course['id']}/lessons/1"
    once = TEXT.replace("Nothing else is known.", "More is known.")
    for text in (once, once + "\nAnd more.\n"):
        assert (await api.post(f"{at}/revise", json={"content_md": text})).status == 200
    told = await why(api, course["lesson"])

    assert [block["revision"] for block in told["blocks"]] == [1, 1, 1, 1, 1, 1, 2, 3]
    assert [block["actor"] for block in told["blocks"]][-3:] == ["worker:w", "ada", "ada"]
    assert [block["id"] for block in told["blocks"]][:6] == [b["id"] for b in course["blocks"]][:6]
    assert (told["revision"]["origin"], told["revision"]["base"]) == ("revised", 1)
    assert told["making"]["type"] == "lesson.generated"
    assert [(act["type"], act["actor"]) for act in told["acts"]] == [
        ("lesson.generated", "worker:w"), ("lesson.revised", "ada"), ("lesson.revised", "ada"),
    ]  # fmt: skip


async def test_a_rollback_is_explained_by_the_revision_that_serves_again(
    api: Client, course: dict[str, Any]
) -> None:
    at = f"{COURSES}/{course['id']}/lessons/1"
    await api.post(f"{at}/revise", json={"content_md": "Mine."})
    await api.post(f"{at}/rollback", json={"revision": 1})
    told = await why(api, course["lesson"])

    assert (told["revision"]["revision"], told["acts"][-1]["type"]) == (1, "lesson.rolled-back")
    assert {block["revision"] for block in told["blocks"]} == {1}


async def test_a_course_says_how_its_outline_was_made_and_what_all_of_it_cost(
    api: Client, course: dict[str, Any]
) -> None:
    told = await why(api, course["id"])

    assert (told["kind"], told["title"]) == ("course", "All about light")
    assert told["making"]["provenance"]["prompt_id"] == "outline/1"
    assert told["lessons"] == {"1": course["lesson"]}
    assert (told["cost"], told["unpriced_calls"]) == ("12.75", 1)
    assert sum(line["calls"] for line in told["calls"]) == 5
    assert [act["type"] for act in told["acts"]] == [
        "course.requested", "course.outlined", "lesson.generated",
    ]  # fmt: skip


async def test_another_tenants_source_is_not_looked_into(
    api: Client, bearer: Callable[..., dict[str, str]], live: Resources, course: dict[str, Any]
) -> None:
    headers = bearer(tenant="another")
    done = await api.post(COURSES, json={"topic": "Light", "num_lessons": 1}, headers=headers)
    at = UUID((await done.json())["id"])
    plan = CourseOutlined("Light", (LessonPlan("Light", "", (), ()),))
    lesson = generated(quoted(course["source"], FIRST))
    context = Context(tenant("another"), "worker:w", at)
    await append(live, context, Write(COURSE, at, 1, (plan, lesson)))
    outer = await (await api.get(f"/api/v1/content/{at}/why", headers=headers)).json()
    told = await api.get(f"/api/v1/content/{outer['lessons']['1']}/why", headers=headers)
    (found,) = (await told.json())["citations"]

    assert (found["verified"], found["stands"]) == (False, False)
    for content in (at, outer["lessons"]["1"]):
        assert (await api.get(f"/api/v1/content/{content}/why")).status == 404


async def test_what_is_not_there_cannot_be_explained(api: Client, course: dict[str, Any]) -> None:
    del course
    none = await api.get(f"/api/v1/content/{uuid4()}/why")
    fresh = await asked(api, num_lessons=1)

    assert (none.status, (await none.json())["code"]) == (404, "no-such-course")
    assert (await why(api, fresh["id"]))["making"] is None
