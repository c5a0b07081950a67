import asyncio

import pytest
from msgspec.structs import replace

from service.generation.gate import quiz as gate
from service.generation.offline.author import OfflineAuthor
from service.generation.offline.reading.markup import plain, shown
from service.generation.offline.reading.sentence import Sentence, sentence
from service.generation.offline.textbook.asking import alone, askable
from service.generation.offline.textbook.clause import apart
from service.textbook.content import Question
from service.textbook.policy import faults
from tests.generation.shelf import material
from tests.generation.textbooks import SMALL, brief, chapter, textbook

MANY = replace(SMALL, questions_min=5, questions_max=7)


def read(text: str) -> Sentence:
    found = sentence(text, 0, len(text))
    assert found is not None
    return found


@pytest.fixture(scope="module")
def questions() -> tuple[Question, ...]:
    making = textbook(brief("The living cell", 3, policy=MANY), material("cells.md"))
    _, chapters = asyncio.run(making)
    return tuple(one for own in chapters for one in own.questions)


def test_questions_are_of_several_kinds(questions: tuple[Question, ...]) -> None:
    openings = {" ".join(one.text.split()[:2]) for one in questions}

    assert {"Fill the", "How does", "Which term", "What is"} <= openings


def test_an_explanation_holds_the_answer(questions: tuple[Question, ...]) -> None:
    for one in questions:
        assert one.options[one.correct_index].lower() in one.explanation.lower()


def test_no_two_chapters_ask_the_same(questions: tuple[Question, ...]) -> None:
    asked = [gate.like(one.text) for one in questions]

    assert len(asked) == len(set(asked)) >= 15


def test_the_right_option_stands_anywhere(questions: tuple[Question, ...]) -> None:
    assert len({one.correct_index for one in questions}) >= 3


def test_a_chapter_asks_easy_things_first(questions: tuple[Question, ...]) -> None:
    assert {one.difficulty for one in questions} >= {"easy", "medium"}
    assert questions[0].difficulty == "easy"


def test_a_topic_is_a_heading_of_the_chapter(questions: tuple[Question, ...]) -> None:
    topics = {one.topic for one in questions}

    assert {"The nucleus", "Osmosis", "Respiration"} & topics


async def test_a_chapter_made_anew_of_the_same_text_asks_the_same() -> None:
    source, asked = material("cells.md"), brief("The living cell", 3)
    plan, chapters = await textbook(asked, source)

    again = await chapter(replace(asked, faults=("The quiz was dull.",)), plan, 2, [source])

    assert again == chapters[1]


async def test_options_are_no_longer_than_the_policy_allows() -> None:
    policy = replace(MANY, option_characters_max=30, questions_min=3)

    _, chapters = await textbook(brief("The living cell", 2, policy=policy), material("cells.md"))

    longest = max(
        len(option) for own in chapters for one in own.questions for option in one.options
    )
    assert longest <= 30
    assert [faults(policy, own.parts) for own in chapters] == [(), ()]


async def test_more_or_fewer_questions_can_be_asked_for() -> None:
    source, asked = material("cells.md"), brief("The living cell", 3, policy=MANY)
    plan, _ = await textbook(asked, source)
    author, counts = OfflineAuthor(), []
    draft = (await author.chapter(asked, plan, 1, [source])).value
    for text in ("fewer questions, please", "more questions"):
        made = await author.quiz(replace(asked, instructions=text), draft, [source])
        counts.append(len(made.value))

    assert counts == [5, 7]


async def test_a_german_quiz_speaks_german() -> None:
    _, chapters = await textbook(brief("Die Zelle", 2, language="de"), material("zelle.md", "de"))

    asked = [one.text for own in chapters for one in own.questions]
    assert all(
        one.startswith(("Fülle die Lücke", "Wie beendet", "Welcher", "Was", "Unter", "Welche"))
        for one in asked
    )


@pytest.mark.parametrize(
    ("text", "name", "start", "rest"),
    [
        (
            "A virtual package is a generic name that applies to any one of a group.",
            "is",
            "A virtual package is",
            "a generic name that applies to any one of a group",
        ),
        (
            "The git-log(1) command can show lists of commits.",
            "is",
            "The git-log(1) command can",
            "show lists of commits",
        ),
        (
            "Git leaves the tree in a special state when a merge is not resolved.",
            "when",
            "Git leaves the tree in a special state when",
            "a merge is not resolved",
        ),
        (
            "Debian provides many of the tools needed to build other software as packages.",
            "what for",
            "Debian provides many of the tools needed to",
            "build other software as packages",
        ),
        (
            "Packages are a way of structuring the namespace by using dotted module names.",
            "how",
            "Packages are a way of structuring the namespace by",
            "using dotted module names",
        ),
        (
            "Python is an interpreted language, which can save you considerable time.",
            "which",
            "Python is an interpreted language which",
            "can save you considerable time",
        ),
        (
            "The object is independent of its place, and renaming a file does not change it.",
            "and",
            "The object is independent of its place and",
            "renaming a file does not change it",
        ),
    ],
)
def test_a_sentence_is_taken_apart_before_its_last_part(
    text: str, name: str, start: str, rest: str
) -> None:
    clause = apart(read(text), name, "en")

    assert clause is not None
    assert (f"{clause.start} {clause.joint}", clause.rest) == (start, rest)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("If a string is raw, its backslashes are left alone by the interpreter.", "is"),
        ("The command that a user enters is read by the shell of the system.", "is"),
        ("The example is one of the simplest that there are in this book.", "is"),
        ("It is a great help to people who read the code of others.", "is"),
        ("A push to update the branch that is checked out is denied by default.", "what for"),
        ("The primary problem with rewriting history has to do with merging.", "what for"),
        ("You can merge branches by their names or by the names of their heads.", "how"),
    ],
)
def test_a_sentence_that_falls_into_other_parts_is_not_taken_apart(text: str, name: str) -> None:
    assert apart(read(text), name, "en") is None


@pytest.mark.parametrize(
    "text",
    [
        "The diff above shows the differences between the two versions of the file.",
        "This is why the release was held back by the people who made it.",
        "If it fails to find the module, an exception is raised by the interpreter.",
        "Sometimes they are called by another name in the oldest of the manuals.",
        "Calling range() gives an object that behaves much like a list of numbers.",
        "Remember that a branch is only a name for a line of development.",
        "What is the difference between a branch and the head of a branch?",
        "The files (and the folders are left where they were by the installer.",
    ],
)
def test_what_leans_on_something_else_is_not_asked_about(text: str) -> None:
    assert not askable(read(text), "en")


def test_a_sentence_may_speak_to_its_reader_and_of_what_it_named_itself() -> None:
    text = "You can place ignored files in any directory, and they apply to those directories too."

    assert askable(read(text), "en")
    assert not alone(read("They apply to those directories too, and to all that are in them."))


def test_code_keeps_its_underscores_and_stress_loses_its_marks() -> None:
    assert plain("`__name__` is *the* name of a `__init__` **method**") == (
        "__name__ is the name of a __init__ method"
    )


def test_a_dotted_name_keeps_the_blank_before_it() -> None:
    assert shown("Place .gitignore files , here .") == "Place .gitignore files, here."
