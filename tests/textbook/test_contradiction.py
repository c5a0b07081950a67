"""Policies that no chapter could keep."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.textbook.content import Policy
from service.textbook.contradiction import contradictions
from service.textbook.length import minutes

PACE = " to read, at 180 words a minute,"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({}, []),
        ({"words_min": 1200}, []),
        ({"analogies": "required"}, []),
        ({"questions_max": 0, "questions_min": 0, "option_characters_max": 0}, []),
        (
            {"takeaways_min": 6},
            ["takeaways_min is 6 and takeaways_max 5; the first must not be larger."],
        ),
        (
            {"words_min": 100, "words_max": 200},
            [f"At most 200 words take at most 2 minutes{PACE} and reading_minutes_min is 5."],
        ),
        (
            {"words_min": 2000, "words_max": 3000},
            [f"At least 2000 words take at least 12 minutes{PACE} and reading_minutes_max is 7."],
        ),
        (
            {"boosters_min": 0, "boosters_max": 0, "analogies": "required"},
            ["Analogies are required and boosters_max is 0; an analogy is a booster."],
        ),
        (
            {"option_characters_max": 0},
            ["option_characters_max is 0; an option of a question must be able to say something."],
        ),
    ],
)
def test_what_excludes_what_is_told(asked: dict[str, Any], told: list[str]) -> None:
    assert list(contradictions(Policy(**asked))) == told


@given(*(st.integers(0, 3000) for _ in range(2)), *(st.integers(0, 20) for _ in range(2)))
def test_a_policy_without_a_contradiction_has_a_length_that_keeps_it(
    fewest: int, most: int, least: int, longest: int
) -> None:
    policy = Policy(
        words_min=fewest, words_max=most, reading_minutes_min=least, reading_minutes_max=longest
    )

    fits = any(least <= minutes(words) <= longest for words in range(fewest, most + 1))

    assert fits == (not list(contradictions(policy)))
