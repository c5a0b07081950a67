# ruff: noqa: RUF001 - typography is meant
import random
import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from service.course.content import Check
from service.generation.gate import quiz, text
from service.generation.gate.quote import found
from tests.generation.shelf import brief, course, material

SOURCE = (
    "# Cells\n\nIn a cell, **ribosomes** are the *makers*\nof proteins — “tiny” [factories]"
    "(https://cells.example/a_b) indeed.\n\n> A cell wall isn’t\n> alive.\n\n- Plants use light…\n"
)
SOUND = Check(
    "Which part of a cell makes proteins?",
    "ribosomes",
    ("membrane", "ribosomes", "vacuoles", "cell wall"),
)
CHI_SQUARE = 16.27
"""Of three degrees of freedom; one in a thousand fair draws is beyond it."""


def quoted(words: str) -> str | None:
    span = found(SOURCE, words)
    return None if span is None else SOURCE[slice(*span)]


@pytest.mark.parametrize(
    ("words", "original"),
    [
        ("ribosomes are the makers", "**ribosomes** are the *makers*"),
        ("are the makers of proteins", "are the *makers*\nof proteins"),
        ('of proteins - "tiny" factories indeed.', None),
        ("A cell wall isn't alive.", "A cell wall isn’t\n> alive."),
        ("  A cell wall   isn’t alive ", "A cell wall isn’t\n> alive"),
        ("Plants use light...", "Plants use light…"),
        ("Plants use light.", "Plants use light"),
        ("“Plants use light…”", "Plants use light"),
    ],
)
def test_a_quote_is_found_whatever_its_typography(words: str, original: str | None) -> None:
    assert quoted(words) == original or (original is None and quoted(words) is not None)


@pytest.mark.parametrize(
    "words",
    [
        "ribosomes are makers of proteins",  # a word left out
        "Ribosomes are the makers",  # another letter
        "ribosomes are the ... factories",  # two places made one
        "ibosomes are the makers of protein",  # cut in the middle of words
        "a cell wall is alive",
        "the",
        "",
        "\x00\x00",
    ],
)
def test_what_does_not_stand_there_word_for_word_is_no_quote(words: str) -> None:
    assert quoted(words) is None


def test_words_without_spaces_between_are_found() -> None:
    span = found(
        "細胞は生命の最小単位であり、すべての生物は細胞からできている。", "すべての生物は細胞から"
    )

    assert span == (14, 25)


@given(st.text("aä b*_`“”\"'–-\n>[](.)…", max_size=60), st.integers(0, 60), st.integers(0, 60))
def test_whatever_is_found_is_a_span_of_the_text(whole: str, one: int, other: int) -> None:
    piece = whole[min(one, other) : max(one, other)]
    span = found(whole, piece)

    assert span is None or 0 <= span[0] < span[1] <= len(whole)


@given(st.lists(st.text("abcdeé", min_size=3, max_size=9), min_size=12, max_size=30), st.data())
def test_every_run_of_words_is_found_where_it_stands(words: list[str], data: st.DataObject) -> None:
    whole = " ".join(f"{word}{n}" for n, word in enumerate(words))
    first = data.draw(st.integers(0, 5))
    piece = " ".join(whole.split()[first : first + 5])

    assert found(whole, piece) == (whole.index(piece), whole.index(piece) + len(piece))


def test_a_long_text_is_searched_in_no_time_by_a_quote_that_nearly_stands_there() -> None:
    whole = "word " * 20_000

    assert found(whole, "word " * 390 + "end") is None
    assert found(whole, "word " * 390) is not None
    assert found(whole, "word " * 500) is None


def test_a_sound_check_has_no_faults() -> None:
    assert quiz.faults(SOUND) == ()


def test_an_open_question_has_no_options_to_look_at() -> None:
    assert quiz.faults(Check("Why do cells make ribosomes?", "ribosomes")) == ()


@pytest.mark.parametrize(
    ("faulty", "fault"),
    [
        (replace(SOUND, answer="lysosomes"), "0 of the options are the right one"),
        (replace(SOUND, options=(*SOUND.options, "Ribosomes.")), "2 of the options"),
        (replace(SOUND, options=("ribosomes", "vacuoles", " Vacuoles")), "say the same"),
        (replace(SOUND, options=("ribosomes", "vacuoles")), "only 2 options"),
        (replace(SOUND, options=("ribosomes", "nuclei", "All of the above")), "of other options"),
        (replace(SOUND, options=("ribosomes", "kerne", "alle genannten")), "of other options"),
        (replace(SOUND, options=("ribosomes", "nuclei", "both A and B")), "of other options"),
        (replace(SOUND, options=("ribosomes", "wall", "sap", "DNA")), "told by its length"),
        (replace(SOUND, question="What do ribosomes make?"), "its own answer"),
    ],
)
def test_a_fault_of_a_check_is_named(faulty: Check, fault: str) -> None:
    assert any(fault in said for said in quiz.faults(faulty))


def test_an_answer_inside_a_longer_word_is_not_given_away() -> None:
    assert not quiz.held("What is photosynthesis for?", "photo")
    assert quiz.held("What is a Cell wall?", "cell  wall")


def test_a_key_is_told_by_its_length_from_half_as_much_more_on() -> None:
    assert not quiz.told("x" * 14, ["y" * 10, "z" * 10])
    assert quiz.told("x" * 15, ["y" * 10, "z" * 10])


def test_the_key_stands_at_every_place_equally_often() -> None:
    draw = random.Random(5)
    words = ["".join(draw.choices("abcdefghij", k=8)) for _ in range(5000)]
    places: Counter[int] = Counter()
    for n in range(1000):
        key, *wrong = words[5 * n : 5 * n + 4]
        places[quiz.arranged(f"Question {words[5 * n + 4]}?", [key, *wrong]).index(key)] += 1

    assert sum((places[n] - 250) ** 2 / 250 for n in range(4)) < CHI_SQUARE


def test_the_same_options_stand_in_another_order_below_another_question() -> None:
    options = ["diffusion", "osmosis", "mitosis", "respiration"]
    orders = [quiz.arranged(f"Question {n}?", options) for n in range(1000)]

    places = Counter(order.index("osmosis") for order in orders)
    assert sum((places[n] - 250) ** 2 / 250 for n in range(4)) < CHI_SQUARE


def test_options_stand_in_the_same_order_whatever_order_they_came_in() -> None:
    assert quiz.arranged("Q?", ["a", "b", "c"]) == quiz.arranged("Q?", ["c", "a", "b"])


@pytest.mark.parametrize(
    "markdown",
    [
        "See <script>alert(1)</script>.",
        "A picture <img src=x onerror=alert(1)>.",
        "[here](javascript:alert(1))",
        "As an AI language model, I know that cells live.",
        "Lorem ipsum dolor sit amet.",
        "The capital is [insert name].",
    ],
)
def test_what_is_not_for_learners_is_a_fault(markdown: str) -> None:
    assert text.faults(markdown)


def test_code_may_show_what_a_page_would_act_upon() -> None:
    assert text.faults("Use `<script>`:\n\n```html\n<script>go()</script>\n```\n") == ()


def test_prose_is_words_without_code_tables_and_marks() -> None:
    markdown = (
        "## Cells\n\nA **cell** is\nsmall.\n\n- first thing\n- second\n\n| a | b |\n|---|---|\n"
        "\n```\ncode here\n```\n\n> Said [here](https://x.example)."
    )

    assert text.prose(markdown) == "Cells. A cell is small. first thing. second. Said here."


def test_a_text_below_a_heading_has_narrower_ones_and_not_the_same_again() -> None:
    markdown = "# Cells\n\n# Inside\n\n```\n# a comment\n```\n\n#### Small\n"

    assert text.below(markdown, "cells") == "### Inside\n\n```\n# a comment\n```\n\n#### Small"


@pytest.mark.parametrize(
    ("name", "topic", "count", "language"),
    [
        ("cells.md", "cells", 4, "en"),
        ("canal.md", "the canal at Brindle", 3, "en"),
        ("zelle.md", "Die Zelle", 3, "de"),
        ("queues.md", "queue", 1, "en"),
        ("list.md", "knots", 1, "en"),
    ],
)
async def test_what_the_offline_generator_makes_passes_the_same_gates(
    name: str, topic: str, count: int, language: str
) -> None:
    source = material(name, language)
    asked = replace(brief(topic, count, language=language), instructions="more questions")

    _, lessons = await course(asked, source)

    for one in lessons:
        assert text.faults(one.content_md) == ()
        assert [quiz.faults(check) for check in one.checks] == [()] * len(one.checks)
        prose = [cited for cited in one.sources if not re.match(r"\s*```", cited.quote)]
        assert all(found(source.text[c.start : c.end], c.quote) for c in prose)


@pytest.mark.parametrize(
    ("markdown", "closed"),
    [
        ("Plain words.", True),
        ("### Inside\n\n- a list\n- of two", True),
        ("```\n## In code\n```", True),
        ("> A quote\n>\n> — *path*", True),
        ("| a | b |\n|---|---|\n| 1 | 2 |", True),
        ("Words.\n\n---\n\nMore.", True),
        ("<!-- a note -->", True),
        ("```python\nprint()", False),
        ("- a list\n\n  ~~~\n  code", True),
        ("~~~~\ncode\n~~~", False),
        ("<!-- for ever", False),
        ("<pre>\nfor ever", False),
        ("Words\n---", False),
        ("Words\n===\n\n<!-- for ever", False),
    ],
)
def test_a_text_that_changes_what_follows_it_is_told(markdown: str, closed: bool) -> None:  # noqa: FBT001
    assert text.closed(markdown) is closed
