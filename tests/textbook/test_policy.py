from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from service.textbook.content import (
    Booster,
    KnownQuestion,
    Parts,
    Policy,
    Refused,
    Summary,
)
from service.textbook.length import minutes, words
from service.textbook.policy import faults

HEADINGS = "## What pushes\n\n## The `pull` of *things*\n\n"
TEXT = HEADINGS + " ".join(["force"] * 893)
ASKED = KnownQuestion(
    "What does a spring do when it is let go?",
    ("It pushes back", "It melts away", "It turns green", "It falls over"),
    0,
    "easy",
    "Springs",
    id=UUID(int=1),
)
QUESTIONS = tuple(replace(ASKED, text=f"What does spring {n} do?") for n in "abcde")
BOOSTERS = (
    Booster("example", "A mattress pushes back.", "What pushes", 1),
    Booster("explanation", "A pull is a push the other way.", "the pull of things", 2),
)
SOUND = Parts(TEXT, Summary(("One.", "Two.", "Three.")), QUESTIONS, BOOSTERS)


def asking(*questions: KnownQuestion) -> Parts:
    """Return a sound chapter whose first questions are these."""
    return replace(SOUND, questions=(*questions, *QUESTIONS[len(questions) :]))


def boosting(*boosters: Booster) -> Parts:
    return replace(SOUND, boosters=boosters)


def test_a_sound_chapter_has_no_faults() -> None:
    assert faults(Policy(), SOUND) == ()


def test_an_empty_chapter_is_told_all_that_it_lacks() -> None:
    assert faults(Policy(), Parts("")) == (
        "The text has no words; it must have 800 to 1200.",
        "Reading the text takes no minutes, at 180 words a minute; it must take 5 to 7.",
        "The summary has no takeaways; it must have 3 to 5.",
        "The quiz has no questions; it must have 5 to 7.",
        "The chapter has no boosters; it must have 2 to 3.",
    )


@pytest.mark.parametrize(("count", "sound"), [(799, 0), (800, 1), (1200, 1), (1201, 0)])
def test_words_may_be_as_few_and_as_many_as_the_policy_says(count: int, sound: int) -> None:
    text = HEADINGS + " ".join(["word"] * (count - words(HEADINGS)))

    found = [one for one in faults(Policy(), replace(SOUND, markdown=text)) if "words;" in one]

    assert found == ([] if sound else [f"The text has {count} words; it must have 800 to 1200."])


@given(st.integers(0, 4000), st.integers(0, 20), st.integers(0, 20))
def test_minutes_are_held_against_the_policys_own_range(count: int, one: int, other: int) -> None:
    least, most = sorted((one, other))
    policy = Policy(reading_minutes_min=least, reading_minutes_max=most)

    found = faults(policy, Parts(" ".join(["word"] * count)))

    assert any("Reading the text" in one for one in found) != (least <= minutes(count) <= most)


def test_the_same_least_and_most_is_exactly_so_many() -> None:
    policy = Policy(takeaways_min=4, takeaways_max=4)

    assert faults(policy, SOUND) == ("The summary has 3 takeaways; it must have exactly 4.",)


def test_takeaways_say_something_and_something_new() -> None:
    chapter = replace(SOUND, summary=Summary(("A push.", " ", "a  push")))

    assert faults(Policy(), chapter) == (
        "Takeaway 2 of the summary is empty.",
        "Takeaway 3 of the summary says the same as takeaway 1.",
    )


def test_without_the_gate_a_question_needs_words_and_a_right_option_alone() -> None:
    off = Policy(quiz_gate="off")
    loose = replace(ASKED, options=("A push that goes on for very long", "No"))
    wrong = replace(ASKED, correct_index=9)

    assert len(faults(Policy(), asking(loose, loose))) >= len(("options", "twice"))
    assert faults(off, asking(loose, loose)) == ()
    assert len(faults(off, asking(wrong, replace(ASKED, text=" ")))) == len(("key", "words"))


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ({"options": ASKED.options[:3]}, "it has 3 options; it must have exactly 4."),
        ({"options": (*ASKED.options, "It hums")}, "it has 5 options; it must have exactly 4."),
        ({"options": (*ASKED.options[:3], " ")}, "option 4 is empty."),
        (
            {"options": tuple(f"It {'z' * 198}{n}" for n in "abcd")},
            "option 1 has 202 characters; it may have at most 200.",
        ),
        (
            {"correct_index": 4},
            "correct_index is 4, where no option stands; it must be from 0 to 3.",
        ),
        (
            {"correct_index": -1},
            "correct_index is -1, where no option stands; it must be from 0 to 3.",
        ),
        ({"options": (*ASKED.options[:3], "it melts away.")}, "two options say the same."),
        (
            {"options": (*ASKED.options[:3], "It pushes  back")},
            "2 of the options are the right one, where one must be.",
        ),
        (
            {"options": (*ASKED.options[:3], "None of the above")},
            "the option “None of the above” speaks of other options.",
        ),
        (
            {"options": ("It pushes back as hard as ever it can", *ASKED.options[1:])},
            "the right option can be told by its length: make all about equally long.",
        ),
        ({"text": "A spring: it pushes back?"}, "the question has its own answer in it."),
        ({"text": " "}, "there are no words in it."),
    ],
)
def test_a_question_is_told_by_its_number(wrong: dict[str, object], fault: str) -> None:
    found = faults(Policy(), asking(QUESTIONS[0], replace(ASKED, **wrong)))

    assert f"Question 2: {fault}" in found
    assert all(one.startswith("Question 2: ") for one in found)


def test_questions_that_ask_the_same_are_told_apart_by_their_numbers() -> None:
    again = replace(QUESTIONS[0], text="what does  SPRING a do")

    found = faults(Policy(), asking(QUESTIONS[0], QUESTIONS[1], again))

    assert found == ("Question 3 asks the same as question 1.",)


@pytest.mark.parametrize("count", [4, 8])
def test_a_quiz_has_as_many_questions_as_the_policy_says(count: int) -> None:
    many = tuple(replace(ASKED, text=f"What does spring {n} do?") for n in "abcdefgh"[:count])

    found = faults(Policy(), replace(SOUND, questions=many))

    assert found == (f"The quiz has {count} questions; it must have 5 to 7.",)


def test_a_booster_belongs_to_a_section_that_there_is() -> None:
    fenced = replace(SOUND, markdown=TEXT + "\n\n```\n# only a comment\n```\n")
    lost = [replace(BOOSTERS[0], section_ref=ref) for ref in ("Springs", "only a comment", "")]

    found = [faults(Policy(), replace(fenced, boosters=(one, BOOSTERS[1]))) for one in lost]

    missing = "Booster 1 belongs to the section “{}”, and no heading of the text is called so."
    assert found == [(missing.format("Springs"),), (missing.format("only a comment"),), ()]


def test_boosters_are_counted_from_one() -> None:
    assert faults(Policy(), boosting(BOOSTERS[1], BOOSTERS[0])) == ()
    assert faults(Policy(), boosting(BOOSTERS[0], replace(BOOSTERS[1], position=3))) == (
        "The boosters stand at the positions 1, 3; they must count from 1 without a gap.",
    )


def test_a_booster_says_something() -> None:
    assert faults(Policy(), boosting(replace(BOOSTERS[0], content="\n"), BOOSTERS[1])) == (
        "Booster 1 is empty.",
    )


def test_too_few_boosters_come_with_the_authors_reasons() -> None:
    chapter = replace(
        boosting(BOOSTERS[0]), refused=(Refused("explanation", "Nothing gives a reason."),)
    )

    (fault,) = faults(Policy(), chapter)
    assert fault == (
        "The chapter has 1 booster; it must have 2 to 3. "
        "The author made no explanation: Nothing gives a reason."
    )


def test_an_analogy_is_missed_only_where_it_is_required() -> None:
    chapter = replace(SOUND, refused=(Refused("analogy", "It takes a writer."),))
    required = Policy(analogies="required")

    assert faults(Policy(), chapter) == ()
    (fault,) = faults(required, chapter)
    assert fault == (
        "The chapter has no analogy; it must have one. "
        "The author made no analogy: It takes a writer."
    )
    assert faults(required, boosting(replace(BOOSTERS[0], kind="analogy"), BOOSTERS[1])) == ()
