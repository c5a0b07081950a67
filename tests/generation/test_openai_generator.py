import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
import pytest
from msgspec.structs import replace

from service.course.content import Lesson, Outline
from service.generation.gate import quiz
from service.generation.generator import Brief, GenerationFailed, NoSources
from service.generation.model import Asked, Reply
from service.generation.openai import lesson, outline
from service.generation.openai.generator import OpenAI
from service.generation.openai.ladder import NoFit
from service.generation.openai.request import Preferences
from service.generation.provenance import Provenance
from service.job.lease import Claim
from service.ledger.answer import answer_id
from service.library.material import Material
from service.log.commit import Lease
from tests.generation.counter import Counter
from tests.generation.openai_server_parts.answering import answer
from tests.generation.shelf import brief, material

TENANT, JOB = UUID(int=1), UUID(int=2)
COURSE = Claim(TENANT, "course", UUID(int=3), Lease(JOB, UUID(int=4)))
ASKED = brief("cells", 4)
TWICE = {"question": "Why?", "wrong_answers": ["nothing", "nothing", "never"]}
Change = Callable[[dict[str, Any]], object]


def says(*changes: Change) -> Callable[[Asked], Reply]:
    """Answer as the test server does, the first answers spoilt by `changes`."""
    spoil = list(changes)

    def reply(asked: Asked) -> Reply:
        form = {"type": "json_schema", "json_schema": {"schema": asked.schema}}
        said = [msgspec.to_builtins(message) for message in asked.messages]
        text = answer({"messages": said, "response_format": form})
        if spoil:
            value = json.loads(text)
            spoil.pop(0)(value)
            text = json.dumps(value)
        return Reply(text, "stop", "test-model-2026", "r-7", 50, 60)

    return reply


def generator(counter: Counter, claim: Claim = COURSE, **preferences: Any) -> OpenAI:
    made = OpenAI(Preferences("test-model", **preferences), lambda _: counter)
    return made.for_job(claim)


def sources() -> list[Material]:
    return [material("cells.md"), material("canal.md")]


async def planned(asked: Brief = ASKED) -> Outline:
    return (await generator(Counter(says())).outline(asked, sources())).value


async def first_lesson(counter: Counter, **preferences: Any) -> tuple[Lesson, Provenance]:
    plan = await planned()
    made = await generator(counter, **preferences).lesson(ASKED, plan, 1, sources())
    return made.value, made.provenance


async def mended(change: Change) -> tuple[Lesson, str]:
    """Return the lesson made after `change` spoilt the first answer, and what was said of it."""
    counter = Counter(says(change))
    made, _ = await first_lesson(counter)
    assert counter.outcomes == ["invalid", "answered"]
    return made, counter.paid[1].messages[-1].content


@pytest.mark.parametrize("count", [1, 4, 10, 50])
async def test_an_outline_has_just_as_many_lessons_as_asked(count: int) -> None:
    counter = Counter(says())

    made = await generator(counter).outline(brief("cells", count), sources())

    assert len(made.value.lessons) == count
    assert counter.outcomes == ["answered"]
    assert counter.paid[0].max_tokens >= 200 * count


async def test_a_lesson_reads_well_and_all_in_it_is_true_to_the_sources() -> None:
    made, _ = await first_lesson(Counter(says()))

    texts = {one.source_id: one.text for one in sources()}
    assert made.content_md.startswith(f"# {made.title}\n\n## ")
    assert all(f"## {one.heading}\n\n{one.markdown}" in made.content_md for one in made.sections)
    assert made.sources
    assert all(texts[one.source_id][one.start : one.end] == one.quote for one in made.sources)
    assert len(made.checks) >= 3
    assert all(one.answer in one.options and len(one.options) == 4 for one in made.checks)
    assert not [said for one in made.checks for said in quiz.faults(one)]
    assert made.readability.words > 60


async def test_equal_answers_make_equal_lessons() -> None:
    assert await first_lesson(Counter(says())) == await first_lesson(Counter(says()))


async def test_where_a_lesson_came_from_is_told_whole() -> None:
    counter = Counter(says(lambda value: value.pop("checks")))

    made, origin = await first_lesson(counter, temperature=0.5)

    last = counter.paid[-1]
    assert (origin.provider, origin.model_asked) == ("openai", "test-model")
    assert (origin.model_returned, origin.response_id) == ("test-model-2026", "r-7")
    assert origin.prompt_id == "course.lesson/1"
    assert origin.prompt_hash == lesson.TEMPLATE.prompt.hash
    assert origin.request_hash == last.hash
    assert origin.answer_hash == counter.answers[last.hash][-1].answer_hash
    assert len(origin.schema_hash) == 64
    assert origin.parameters == {"max_tokens": 4096, "temperature": 0.5}
    assert origin.calls == (UUID(int=1), UUID(int=2))
    spans = [(one.path, one.start, one.end) for one in origin.chunks]
    for cited in made.sources:
        assert [s for s in spans if s[0] == cited.path and s[1] <= cited.start <= cited.end <= s[2]]


async def test_all_that_was_shown_is_in_the_request() -> None:
    counter = Counter(says())

    _, origin = await first_lesson(counter)

    texts = {one.source_id: one.text for one in sources()}
    shown = counter.paid[0].messages[-1].content
    assert all(texts[one.source_id][one.start : one.end].strip() in shown for one in origin.chunks)


async def test_another_job_of_an_equal_course_pays_nothing() -> None:
    counter = Counter(says())
    one = await generator(counter).outline(ASKED, sources())
    again = replace(COURSE, lease=Lease(UUID(int=9), UUID(int=4)))

    other = await generator(counter, again).outline(ASKED, sources())

    assert (one, len(counter.paid)) == (other, 1)


async def test_a_lesson_asked_for_anew_is_another_request_for_each_job() -> None:
    counter, plan = Counter(says()), await planned()
    jobs = [replace(COURSE, kind="lesson", lease=Lease(UUID(int=n), JOB)) for n in (7, 8, 7)]

    for job in jobs:
        await generator(counter, job).lesson(ASKED, plan, 1, sources())

    assert [asked.variation for asked in counter.paid] == [str(UUID(int=7)), str(UUID(int=8))]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda v: v["lessons"].pop(), "$.lessons: there must be exactly 4 lessons, not 3"),
        (lambda v: v["lessons"].append(v["lessons"][0]), "exactly 4 lessons, not 5"),
        (
            lambda v: v["lessons"][2].update(title=v["lessons"][0]["title"].upper()),
            "$.lessons[2].title: another lesson has the same title",
        ),
        (lambda v: v.update(title=" … "), "$.title: a title needs a letter"),
        (lambda v: v["lessons"][1].update(key_concepts=[]), "$.lessons[1].key_concepts: expected"),
        (lambda v: v.update(more="x"), "$: object contains unknown field `more`"),
    ],
)
async def test_an_outline_that_does_not_fit_is_asked_for_again(change: Change, fault: str) -> None:
    counter = Counter(says(change))

    made = await generator(counter).outline(ASKED, sources())

    assert len(made.value.lessons) == 4
    assert fault in counter.paid[1].messages[-1].content


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (
            lambda v: v["sections"][0]["evidence"][0].update(quote="Nobody ever wrote this."),
            "$.sections[0].evidence[0].quote: these words do not stand in source",
        ),
        (
            lambda v: v["checks"][1]["evidence"].update(source=99),
            "$.checks[1].evidence.source: the quote does not stand in source 99 but in source",
        ),
        (
            lambda v: v["checks"][1]["evidence"].update(source=99, quote="Nobody wrote this."),
            "$.checks[1].evidence.source: there is no source 99",
        ),
        (
            lambda v: v["checks"][0].update(answer=v["checks"][0]["wrong_answers"][0]),
            "$.checks[0]: 2 of the options are the right one",
        ),
        (
            lambda v: v["checks"][0]["wrong_answers"].__setitem__(1, "none of the above"),
            "speaks of other options",
        ),
        (
            lambda v: v["checks"][0].update(answer="a very long answer that says it all"),
            "told by its length",
        ),
        (
            lambda v: v["checks"][0].update(question=f"Is it {v['checks'][0]['answer']}?"),
            "its own answer",
        ),
        (
            lambda v: v["checks"][2].update(question=v["checks"][0]["question"]),
            "$.checks[2].question: another check asks the same",
        ),
        (lambda v: v["checks"].append({**v["checks"][0], **TWICE}), "$.checks[3]: two options"),
        (lambda v: v["checks"].pop(), "$.checks: expected `array` of length >= 3"),
        (
            lambda v: v["sections"][1].update(markdown="<script>x</script>"),
            "$.sections[1].markdown",
        ),
        (lambda v: [one.update(markdown="Short.") for one in v["sections"]], "only 3 words"),
        (lambda v: v["checks"][0].pop("explanation"), "missing required field `explanation`"),
    ],
)
async def test_a_lesson_that_does_not_hold_is_asked_for_again(change: Change, fault: str) -> None:
    _, said = await mended(change)

    assert fault in said


async def test_of_the_last_answer_what_does_not_hold_is_left_out() -> None:
    def spoil(value: dict[str, Any]) -> None:
        value["checks"].append({**value["checks"][0], "question": "All of what?"})
        value["checks"][-1]["wrong_answers"] = ["x", "x", "x"]
        value["sections"][0]["evidence"][0]["quote"] = "Nobody ever wrote this."
        value["sections"][1]["evidence"][0]["source"] = 99

    counter = Counter(says(spoil, spoil))
    made, _ = await first_lesson(counter)

    assert counter.outcomes == ["invalid", "answered"]
    assert len(made.checks) == 3
    assert not [one for one in made.sources if "Nobody" in one.quote]
    assert "Nobody" not in made.content_md


@pytest.mark.parametrize(
    "spoil",
    [
        lambda v: v["checks"][0].update(wrong_answers=["x", "x", "x"]),
        lambda v: [e.update(quote="Nobody wrote this.") for e in v["sections"][0]["evidence"]],
    ],
)
async def test_where_too_little_would_be_left_nothing_is_kept(spoil: Change) -> None:
    counter = Counter(says(spoil, spoil))

    with pytest.raises(NoFit) as told:
        await first_lesson(counter)

    stream = answer_id(TENANT, counter.paid[1].hash)
    assert f"log tail --stream {stream}" in told.value.error


async def test_options_are_shuffled_and_lose_their_letters() -> None:
    def letter(value: dict[str, Any]) -> None:
        check = value["checks"][0]
        check["answer"] = f"A) {check['answer']}"
        check["wrong_answers"] = [f"B) {one}" for one in check["wrong_answers"]]

    counter = Counter(says(letter))
    made, _ = await first_lesson(counter)

    assert counter.outcomes == ["answered"]
    assert not [option for option in made.checks[0].options if ")" in option]
    assert made.checks[0].answer in made.checks[0].options


async def test_headings_inside_a_section_stay_below_it() -> None:
    def head(value: dict[str, Any]) -> None:
        one = value["sections"][0]
        one["markdown"] = f"## {one['heading']}\n\n# Inside\n\n{one['markdown']}"

    made, _ = await first_lesson(Counter(says(head)))

    assert made.content_md.count(f"## {made.sections[0].heading}\n") == 1
    assert "\n### Inside\n" in made.content_md


async def test_quotes_are_shown_below_what_they_prove() -> None:
    def plain(value: dict[str, Any]) -> None:
        for one in value["sections"]:
            one["markdown"] = "This is explained in words of its own, at some length. " * 9

    made, _ = await first_lesson(Counter(says(plain)))

    quotes = [" ".join(one.quote.split()) for one in made.sources]
    assert all("\n\n> " in one.markdown for one in made.sections)
    assert sum(quote in one.markdown for one in made.sections for quote in quotes) >= 3


async def test_without_sources_nothing_is_asked() -> None:
    counter = Counter(says())

    with pytest.raises(NoSources):
        await generator(counter).outline(ASKED, [])

    assert counter.paid == []


async def test_a_request_keeps_within_its_context() -> None:
    counter = Counter(says())

    await first_lesson(counter, context=2000)

    assert len(counter.paid[0].messages[-1].content) < 2000 + 4000


async def test_instructions_reach_the_model() -> None:
    counter, plan = Counter(says()), await planned()
    asked = replace(ASKED, instructions="More on mitosis {please}.")

    await generator(counter).lesson(asked, plan, 1, sources())

    assert counter.paid[0].messages[-1].content.endswith("More on mitosis {please}.")


async def test_a_model_that_never_fits_fails_the_job_and_not_the_service() -> None:
    counter = Counter(lambda _: Reply("No.", "stop", "m", "r", 1, 1))

    with pytest.raises(GenerationFailed):
        await generator(counter).outline(ASKED, sources())

    assert len(counter.paid) == 2


def test_the_forms_that_are_asked_for_are_those_that_are_read() -> None:
    assert outline.schema_for(ASKED)["required"] == ["title", "lessons"]
    assert lesson.schema_for()["required"] == ["sections", "checks"]
