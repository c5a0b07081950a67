from collections import Counter
from itertools import permutations
from unittest.mock import Mock
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.textbook import identity
from service.textbook.content import KnownQuestion, Question
from service.textbook.identity import chapter_id, known

BOOK = UUID("5f0c7e1a-0000-4000-8000-000000000001")
OTHERS = ("the joule", "the watt", "the pascal")

texts = st.text(max_size=40)
questions = st.builds(
    Question,
    texts,
    st.lists(texts, min_size=1, max_size=4).map(tuple),
    st.integers(0, 3),
    st.just("easy"),
    st.just(""),
)
quizzes = st.lists(questions, max_size=7)


def ask(text: str, answer: str = "the newton", others: tuple[str, ...] = OTHERS) -> Question:
    return Question(text, (answer, *others), 0, "easy", "units")


def first(*asked: Question) -> tuple[KnownQuestion, ...]:
    return known(BOOK, 1, (), asked)


def ids(asked: tuple[KnownQuestion, ...]) -> list[UUID]:
    return [question.id for question in asked]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("What is the unit of force?", "what is the  unit of *force*"),
        ("What is the unit of force?", "What is the SI unit of force?"),
        ("What is the unit of force?", "Which is the unit of a force?"),
        ("Which organelle makes most of a cell's energy?", "Which makes most energy of a cell?"),
        ("Welche Einheit hat die Kraft?", "In welcher Einheit wird die Kraft gemessen?"),
        ("ما وحدة القوة؟", "ما هي وحدة قياس القوة؟"),
        ("力の単位は何ですか", "力の単位は何でしょうか"),
    ],
)
def test_a_question_in_other_words_keeps_its_id(before: str, after: str) -> None:
    then = first(ask(before))

    assert ids(known(BOOK, 1, then, [ask(after)])) == ids(then)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (ask("What is the unit of force?"), ask("Who wrote three laws?")),
        (ask("What is the unit of force?"), ask("What is the unit of work?", "the joule", ())),
        (ask("Is light a wave?", "Yes", ("No",)), ask("Is some light a wave?", "Yes", ("No",))),
        (ask("What pulls at a mass of 2 kg?"), ask("What pulls at a mass of 3 kg?")),
        (ask("Is 6/2 3?", "Yes", ("No",)), ask("Is 6*2 3?", "Yes", ("No",))),
        (ask("Is x < 3?", "Yes", ("No",)), ask("Is x > 3?", "Yes", ("No",))),
        (ask("???"), ask("!!!", "a mark")),
    ],
)
def test_another_question_gets_another_id(before: Question, after: Question) -> None:
    then = first(before)

    assert not {*ids(then)} & {*ids(known(BOOK, 1, then, [after]))}


def test_a_mended_answer_keeps_the_question() -> None:
    then = first(ask("What is the unit of force?", "the joule", ("the newton",)))

    now = known(BOOK, 1, then, [ask("What is the unit of force?", "the newton", ("the joule",))])

    assert ids(now) == ids(then)
    assert now[0].options[now[0].correct_index] == "the newton"


def test_among_equal_words_the_answer_decides() -> None:
    one, two = ask("Which is true?", "Ice swims."), ask("Which is true?", "Ice is cold.")
    then = first(one, two)

    asked = [ask("which is true", "Ice is cold."), ask("which is true", "Ice swims.")]

    assert ids(known(BOOK, 1, then, asked)) == ids(then)[::-1]


def test_the_likest_wordings_belong_together() -> None:
    then = first(ask("What is the unit of force?"), ask("What is the derived unit of force?"))
    asked = [ask("What is a derived unit of force?"), ask("What is the unit of a force?")]

    assert ids(known(BOOK, 1, then, asked)) == ids(then)[::-1]


def test_a_question_that_comes_back_has_the_id_it_had() -> None:
    one = first(ask("What is the unit of force?"))
    two = known(BOOK, 1, one, [ask("Who wrote three laws?", "Newton")])

    assert ids(known(BOOK, 1, (*two, *one), [ask("What is the unit of force?")])) == ids(one)


def test_a_wording_that_another_took_gets_an_id_of_its_own() -> None:
    one = first(ask("What is the unit of force?"))
    two = known(BOOK, 1, one, [ask("What is the SI unit of force?")])
    asked = [ask("What is the SI unit of force?"), ask("What is the unit of force?")]

    three = known(BOOK, 1, (*two, *one), asked)

    assert three[0].id == one[0].id
    assert three[1].id not in ids(one)


def test_ids_belong_to_a_chapter() -> None:
    question = ask("What is the unit of force?")

    assert known(BOOK, 1, (), [question]) != known(BOOK, 2, (), [question])
    assert chapter_id(BOOK, 1) != chapter_id(BOOK, 2)


def test_an_id_is_the_same_on_every_machine() -> None:
    assert ids(first(ask("What is the unit of force?"))) == [
        UUID("e38b6858-2984-5d1a-99bf-59125d46fff4")
    ]


@given(st.lists(questions, max_size=4))
def test_equal_questions_keep_their_ids_in_any_order(asked: list[Question]) -> None:
    then = known(BOOK, 1, (), asked)
    for shuffled in permutations(asked):
        assert by_words(known(BOOK, 1, then, shuffled)) == by_words(then)


def by_words(asked: tuple[KnownQuestion, ...]) -> dict[object, set[UUID]]:
    found: dict[object, set[UUID]] = {}
    for one in asked:
        found.setdefault((one.text, one.options), set()).add(one.id)
    return found


def plainly(question: KnownQuestion) -> tuple[object, ...]:
    return (question.text, question.options, question.correct_index)


@given(st.lists(quizzes, max_size=5))
def test_no_id_is_given_twice(versions: list[list[Question]]) -> None:
    before: tuple[KnownQuestion, ...] = ()
    for asked in versions:
        now = known(BOOK, 1, before, asked)

        assert len({*ids(now)}) == len(asked)
        assert [plainly(one) for one in now] == [
            (one.text, one.options, one.correct_index) for one in asked
        ]
        assert now == known(BOOK, 1, before, asked)
        before = (*now, *before)


@given(quizzes)
def test_what_was_asked_keeps_its_ids_when_more_is_asked(asked: list[Question]) -> None:
    then = known(BOOK, 1, (), asked)
    new = ask("Which sea is the saltiest of all seas on this planet?", "the Red Sea")

    now = known(BOOK, 1, then, [new, *asked])

    assert {*ids(now)} - {*ids(then)} == {now[0].id}


def test_what_every_version_asks_is_compared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    then, compared = first(ask("What is the unit of force?")), Mock(side_effect=Counter)
    monkeypatch.setattr(identity, "Counter", compared)

    now = known(BOOK, 1, then * 1_000, [ask("What is the SI unit of force?")])

    assert ids(now) == ids(then)
    assert compared.call_count == 2  # once for each of the two wordings
