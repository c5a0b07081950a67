import re
from collections import Counter
from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from service.course.content import Check
from service.generation.offline.offline import Offline
from service.generation.offline.teaching.option import made
from tests.generation.shelf import brief, course, material, written

COURSES = [
    ("cells.md", "cells", 4, "en"),
    ("canal.md", "the canal at Brindle", 3, "en"),
    ("zelle.md", "Die Zelle", 3, "de"),
    ("queues.md", "queue", 1, "en"),
    ("plain.txt", "bees", 2, "en"),
    ("list.md", "knots", 1, "en"),
]
WORD = st.text("abcdefghijklmnop", min_size=3, max_size=9)


@pytest.fixture(params=COURSES, ids=lambda one: one[0])
async def checked(request: pytest.FixtureRequest) -> list[tuple[Check, ...]]:
    """Return the checks of every lesson of a course."""
    name, topic, count, language = request.param
    _, lessons = await course(brief(topic, count, language=language), material(name, language))
    return [one.checks for one in lessons]


async def test_a_lesson_has_three_to_five_checks(checked: list[tuple[Check, ...]]) -> None:
    assert all(3 <= len(checks) <= 5 for checks in checked)


async def test_a_choice_has_four_different_options_and_one_key(
    checked: list[tuple[Check, ...]],
) -> None:
    choices = [one for checks in checked for one in checks if one.options]

    assert all(len({option.casefold() for option in one.options}) == 4 for one in choices)
    assert all(one.options.count(one.answer) == 1 for one in choices)


async def test_no_question_contains_its_key(checked: list[tuple[Check, ...]]) -> None:
    choices = [one for checks in checked for one in checks if one.options]

    assert not [one for one in choices if one.answer.lower() in one.question.lower()]


async def test_no_wrong_option_stands_in_the_question(checked: list[tuple[Check, ...]]) -> None:
    gaps = [one for checks in checked for one in checks if "_____" in one.question and one.options]

    for one in gaps:
        assert not [option for option in one.options if f" {option} " in one.question]


async def test_no_check_gives_away_another(checked: list[tuple[Check, ...]]) -> None:
    for checks in checked:
        for one, other in combinations(checks, 2):
            assert one.answer != other.answer
            assert one.answer.lower() not in other.question.lower()
            assert other.answer.lower() not in one.question.lower()


async def test_every_check_gives_the_sentence_that_answers_it(
    checked: list[tuple[Check, ...]],
) -> None:
    assert all(one.explanation for checks in checked for one in checks)


async def test_the_key_is_not_told_by_its_length(checked: list[tuple[Check, ...]]) -> None:
    meanings = [
        one for checks in checked for one in checks if one.question.startswith(("What", "Was"))
    ]

    assert all(max(map(len, one.options)) < 2.5 * len(one.answer) for one in meanings)


async def test_a_gap_is_the_only_place_of_its_term() -> None:
    _, lessons = await course(brief("the canal at Brindle", 3), material("canal.md"))

    gaps = [one for lesson in lessons for one in lesson.checks if "_____" in one.question]
    assert gaps
    for one in gaps:
        assert one.question.count("_____") == 1
        assert not re.search(rf"\b{re.escape(one.answer)}\b", one.question, re.IGNORECASE)


async def test_steps_of_a_numbered_list_are_asked_for_in_order() -> None:
    _, lessons = await course(brief("cells", 4), material("cells.md"))

    asked = next(one for one in lessons[3].checks if "directly after" in one.question)
    assert asked.question.endswith("“The chromosomes shorten and become visible”?")
    assert asked.answer == "The membrane of the nucleus dissolves"


async def test_years_are_asked_for_beside_other_years_of_the_course() -> None:
    source = material("canal.md")
    _, lessons = await course(brief("the canal at Brindle", 2), source)

    asked = [
        one for lesson in lessons for one in lesson.checks if one.question.startswith("Which year")
    ]
    assert asked
    assert all(year in source.text for one in asked for year in one.options)


async def test_more_questions_are_made_when_asked_for() -> None:
    generator, source = Offline(), material("cells.md")
    asked = brief("cells", 1)
    more = replace(asked, instructions="more questions")
    outline = (await generator.outline(asked, [source])).value

    few = (await generator.lesson(asked, outline, 1, [source])).value
    many = (await generator.lesson(more, outline, 1, [source])).value

    assert (len(few.checks), len(many.checks)) == (4, 5)


def test_the_key_stands_at_every_place_about_equally_often() -> None:
    places: Counter[int] = Counter()
    for n in range(2000):
        check = made(f"question {n}", f"key {n}", [f"other {n}", f"wrong {n}", f"false {n}"], "so")
        assert check is not None
        places[check.options.index(check.answer)] += 1

    assert all(420 < places[place] < 580 for place in range(4))


def test_where_the_key_would_be_told_by_its_length_longer_options_stand_beside_it() -> None:
    short = ["sap", "wall", "light"]
    longer = ["passive diffusion", "cell respiration", "light absorption"]

    check = made("question", "active transport", [*short, *longer], "so")

    assert check is not None
    assert set(check.options) == {"active transport", *longer}
    assert made("question", "active transport", short, "so") is None


def test_too_few_or_equal_options_make_no_check() -> None:
    assert made("question", "key", ["one", "two"], "so") is None
    assert made("question", "key", ["one", "two", "KEY"], "so") is None


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(WORD, min_size=6, max_size=9, unique=True), st.integers(0, 3))
async def test_any_glossary_gives_sound_checks(names: list[str], shift: int) -> None:
    lines = [
        f"- **{name}**: the instrument number {n + shift} that the old workshop built from brass."
        for n, name in enumerate(names)
    ]
    source = written("# Workshop\n\n" + "\n".join(lines) + "\n")

    _, lessons = await course(brief("workshop", 1), source)

    checks = lessons[0].checks
    assert 3 <= len(checks) <= 5
    assert all(len(set(one.options)) in (0, 4) for one in checks)
    assert all(one.answer in one.options for one in checks if one.options)


async def test_a_term_that_another_definition_names_is_no_option_beside_it() -> None:
    made_of = "of the old gate that the smith forged for the tall farm on the hill by the river"
    lines = [
        f"- **{one}**: the part number {n} {made_of}." for n, one in enumerate(("clip", "hook"))
    ]
    lines += [f"- **bolt**: the bar {made_of}.", f"- **latch**: the name for a bolt {made_of}."]
    source = written("# The gate\n\n" + "\n".join(lines) + "\n")
    asked = replace(brief("gate", 1), instructions="more questions")

    _, lessons = await course(asked, source)

    asked_for = [one for one in lessons[0].checks if one.answer in {"bolt", "latch"}]
    assert not [one for one in asked_for if {"bolt", "latch"} <= set(one.options)]
