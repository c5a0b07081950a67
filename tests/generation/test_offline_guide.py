"""What makes a lesson read like a study guide: names, promises, terms and what stands alone."""
# ruff: noqa: E501, RUF001 - tables of cases are clearest unbroken, typography is meant

import re
from pathlib import Path

import pytest

from service.course.content import Check, Lesson, Outline
from service.generation.offline.reading.sentence import quotable, sentences
from service.generation.offline.teaching import meaning, rank
from service.generation.offline.teaching.distractor import plural
from service.generation.offline.teaching.phrase import brief as short
from service.generation.offline.teaching.phrase import distinct, lowered
from service.generation.offline.teaching.reason import reasons
from tests.generation.shelf import brief, course, material, written

SAMPLE = Path(__file__).parents[2] / "docs" / "samples" / "photosynthesis.md"


async def sample(lessons: int) -> tuple[Outline, list[Lesson]]:
    source = written(SAMPLE.read_text(encoding="utf-8"), "school/photosynthesis.md")
    return await course(brief("photosynthesis", lessons, "Grade 9"), source)


def part(lesson: Lesson, heading: str) -> str:
    return next(one.markdown for one in lesson.sections if one.heading == heading)


@pytest.mark.parametrize("lessons", [1, 3, 6])
async def test_of_a_source_that_fits_nothing_is_dropped(lessons: int) -> None:
    body = SAMPLE.read_text(encoding="utf-8").split("## Summary")[0].split("## What goes in", 1)[1]
    _, made = await sample(lessons)

    text = "\n".join(one.content_md for one in made)
    paragraphs = [one.strip() for one in body.split("\n\n")[1:] if one[:1] not in "#- \n"]
    assert len(paragraphs) > 15
    assert not [one for one in paragraphs if one not in text]


async def test_a_title_is_one_heading_or_a_short_series() -> None:
    outline, _ = await sample(3)

    assert [one.title for one in outline.lessons] == [
        "The leaf as a factory",
        "The two stages",
        "Photosynthesis and the living world",
    ]


async def test_an_authors_objective_goes_to_its_lesson_in_order() -> None:
    outline, _ = await sample(3)

    aims = [one.learning_objectives for one in outline.lessons]
    assert "Say what a plant needs for photosynthesis and what it produces" in aims[0]
    assert "Predict how light, carbon dioxide and temperature change the rate" in aims[2]


async def test_objectives_are_at_most_five_and_each_begins_with_what_to_do() -> None:
    outline, _ = await sample(6)

    aims = [aim for one in outline.lessons for aim in one.learning_objectives]
    verbs = ("Say", "Explain", "Describe", "Name", "Tell", "Retell", "Predict", "Put", "Use")
    assert all(len(one.learning_objectives) <= 5 for one in outline.lessons)
    assert [one for one in aims if not one.startswith(verbs)] == []
    assert "Explain why leaves look green" in aims


async def test_a_labelled_list_is_never_taken_for_objectives() -> None:
    lines = "- Extent of it: The greater it is, the faster. The closer, the slower.\n- Mass: Heavy."
    source = written(f"{material('cells.md').text}\n\n## Objectives\n\n{lines}\n")

    outline, _ = await course(brief("cells", 1), source)

    assert "Extent" not in " ".join(outline.lessons[0].learning_objectives)


async def test_a_description_is_a_sentence() -> None:
    outline, _ = await sample(3)

    for one in outline.lessons:
        assert one.description.startswith("In this lesson you read about ")
        assert one.description.endswith("“Photosynthesis”.")


async def test_a_term_is_explained_by_words_of_the_source_that_mean_it() -> None:
    _, lessons = await sample(3)

    terms = part(lessons[0], "Key terms")
    assert "- **cuticle**: a layer of wax that keeps water in\n" in terms
    assert "- **veins**: bundles of fine tubes" in terms
    assert "**light**" not in part(lessons[1], "Key terms")


async def test_a_definition_that_leans_on_the_sentence_before_brings_it_along() -> None:
    _, lessons = await sample(3)

    terms = part(lessons[0], "Key terms")
    assert "out of water and air. The process is called **photosynthesis**" in terms


async def test_what_is_worth_remembering_stands_alone_and_defines_no_key_term() -> None:
    _, lessons = await sample(3)

    for lesson in lessons:
        found = re.findall(r"^> (.+)$", part(lesson, "Worth remembering"), re.MULTILINE)
        assert 2 <= len(found) <= 3
        assert all(quotable(sentences(one, 0, len(one))[0], "en") for one in found)
        assert not [one for one in found if one in part(lesson, "Key terms")]


async def test_the_recap_quotes_the_authors_summary() -> None:
    _, lessons = await sample(3)

    assert "> Water and carbon dioxide go in" in part(lessons[0], "Recap")
    assert "> The light reactions split water" in part(lessons[1], "Recap")


async def test_without_a_summary_the_recap_quotes_main_points_not_quoted_before() -> None:
    _, lessons = await course(brief("cells", 1), material("cells.md"))

    points = re.findall(r"^> (.+)$", part(lessons[0], "Recap"), re.MULTILINE)
    before = part(lessons[0], "Worth remembering")
    assert points
    assert not [one for one in points if one in before]


async def test_narrower_headings_stand_inside_the_section_above_them() -> None:
    _, lessons = await sample(3)

    assert "### Stomata\n" in part(lessons[0], "The leaf as a factory")
    assert "### Veins\n" in lessons[0].content_md


def kind(check: Check) -> str:
    return " ".join(check.question.split()[:2])


async def test_a_lesson_asks_at_least_two_kinds_of_question() -> None:
    _, lessons = await sample(3)

    assert all(len({kind(one) for one in lesson.checks}) >= 2 for lesson in lessons)


async def test_options_are_of_one_number_and_as_the_text_writes_them() -> None:
    text = SAMPLE.read_text(encoding="utf-8").lower()
    _, lessons = await sample(6)

    asked = [one for lesson in lessons for one in lesson.checks if one.question.startswith("Which")]
    assert asked
    for one in asked:
        assert len({plural(option) for option in one.options}) == 1
        assert all(option.lower() in text for option in one.options)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("cuticle", "It is covered by a **cuticle**, a layer of wax.", "a layer of wax"),
        ("guard cells", "It has two **guard cells**, a pair of cells that open it.", ""),
        ("pointer", "It returns a *pointer*, which is the address of a place.", "the address of a place"),
        ("direct tax", "As a **direct tax**, the Act hit all the printers.", ""),
        ("xylem", "One kind, the **xylem**, carries water up from below.", ""),
        ("salt", "It holds **salt**, the finest sand, and clay.", ""),
    ],
)  # fmt: skip
def test_an_apposition_is_cut_where_it_says_what_a_term_is(name: str, text: str, said: str) -> None:
    assert meaning.apposed(name, sentences(text, 0, len(text))[0]) == said


@pytest.mark.parametrize(
    ("name", "said", "defines"),
    [
        ("price floor", "A legal minimum price", True),
        ("symporter", "transporter that carries two ions", True),
        ("light", "in dim light the rate rises", False),
        ("water", "a plant that lacks water closes", False),
        ("statics", "The power of reasoning is predicting", False),
    ],
)
def test_a_label_defines_only_with_a_meaning_behind_it(
    name: str,
    said: str,
    defines: bool,  # noqa: FBT001
) -> None:
    assert meaning.defines(name, said) is defines


@pytest.mark.parametrize(
    ("text", "effect", "cause"),
    [
        ("Gases spread fast, because no cell is far away.", "Gases spread fast", "no cell is far away"),
        ("Green is reflected, and that is why leaves look green.", "leaves look green", ""),
        ("It runs because light falls on the leaf.", None, None),
        ("Plants grew because of the warm rain.", None, None),
    ],
)  # fmt: skip
def test_reasons_are_taken_apart(text: str, effect: str | None, cause: str | None) -> None:
    found = reasons(sentences(text, 0, len(text)), "en")

    assert [(one.effect, one.cause) for one in found] == ([(effect, cause)] if effect else [])


def test_lists_of_a_text_are_aligned_with_it() -> None:
    texts = [("root", "water", "root"), ("leaf", "light", "water"), ("seed", "wind", "light")]

    assert rank.aligned([("root",), ("leaf", "light"), ("wind",)], texts) == [0, 1, 2]
    assert rank.aligned([("root",), ("stone",), ("seed",)], texts) == [0, None, 2]
    assert rank.aligned([("root",)], []) == [None]


def test_headings_fit_into_sentences() -> None:
    assert lowered("The shape of a leaf", "", "en") == "the shape of a leaf"
    assert lowered("Osmosis", "The word osmosis is old.", "en") == "osmosis"
    assert lowered("Boston", "They sailed to Boston.", "en") == "Boston"
    assert lowered("DNA", "dna", "en") == "DNA"
    assert short("Supply – What Sellers Do") == "Supply"
    assert distinct(["Tonicity", "Tonicity in Living Systems"], "en") == ["Tonicity"]


async def test_an_answer_out_of_a_glossary_is_cited() -> None:
    names = [
        "adze",
        "auger",
        "bevel",
        "brace",
        "chisel",
        "clamp",
        "gimlet",
        "gouge",
        "mallet",
        "rasp",
        "router",
        "spokeshave",
    ]
    terms = "\n\n".join(f"{one}\n: the thing number {n} for wood" for n, one in enumerate(names))
    text = " ".join(f"A joiner keeps the {one} near the long bench." for one in names)
    source = written(f"# Tools\n\n{text}\n\n## Glossary\n\n{terms}\n")

    _, lessons = await course(brief("tools", 1), source)

    cited = {one.quote for one in lessons[0].sources}
    asked = [one for one in lessons[0].checks if one.question.startswith("Which term")]
    assert asked
    assert all(one.explanation.rsplit(": ", 1)[1] in cited for one in asked)
