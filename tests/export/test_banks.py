from collections.abc import Callable, Iterator
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from msgspec.structs import replace

from service.export.gift import gift
from service.export.moodle import moodle
from service.textbook.content import KnownQuestion
from service.textbook.published import PublishedTextbook
from tests.export.books import arabic, forces, hostile
from tests.export.reading import (
    Read,
    asking,
    gift_questions,
    known_questions,
    moodle_questions,
    said,
)

Write = Callable[[PublishedTextbook], bytes]
Reread = Callable[[bytes], Iterator[Read]]
FORMATS = [
    pytest.param(gift, gift_questions, id="gift"),
    pytest.param(moodle, moodle_questions, id="moodle"),
]
BOOKS = [forces, hostile, arabic]


def same(read: Read, asked: KnownQuestion) -> bool:
    return (read.id, read.text, read.options, read.correct, read.explanation) == (
        str(asked.id),
        said(asked.text),
        tuple(said(option) for option in asked.options),
        (asked.correct_index,),
        said(asked.explanation),
    )


@pytest.mark.parametrize("book", BOOKS)
@pytest.mark.parametrize(("write", "read"), FORMATS)
def test_every_question_is_read_as_it_was_asked(
    write: Write, read: Reread, book: Callable[[], PublishedTextbook]
) -> None:
    asked = [question for chapter in book().chapters for question in chapter.questions]

    found = list(read(write(book())))

    assert len(found) == len(asked)
    assert all(map(same, found, asked))


@given(known_questions, known_questions)
def test_gift_drops_nothing(one: KnownQuestion, two: KnownQuestion) -> None:
    found = list(gift_questions(gift(asking(one, two))))

    assert len(found) == 2
    assert same(found[0], one)
    assert same(found[1], two)


@given(known_questions, known_questions)
def test_moodle_drops_nothing(one: KnownQuestion, two: KnownQuestion) -> None:
    found = list(moodle_questions(moodle(asking(one, two))))

    assert len(found) == 2
    assert same(found[0], one)
    assert same(found[1], two)


@pytest.mark.parametrize(("write", "read"), FORMATS)
@pytest.mark.parametrize(
    "begin", ["[plain]", "[html]", "%50%", "%-33.3%", "=", "~", "#", "->", "//"]
)
def test_no_text_begins_with_what_means_something(write: Write, read: Reread, begin: str) -> None:
    text = f" {begin} of text"
    (question,) = forces().chapters[1].questions
    asked = replace(question, text=text, options=(text, begin, "-"), explanation=text)

    (found,) = read(write(asking(asked)))

    assert same(found, asked)


@pytest.mark.parametrize(("write", "read"), FORMATS)
def test_a_chapter_is_a_category(write: Write, read: Reread) -> None:
    assert [found.category for found in read(write(forces()))] == [
        "$course$/top/Forces and motion/01 What a force is",
        "$course$/top/Forces and motion/01 What a force is",
        "$course$/top/Forces and motion/02 Laws of motion",
    ]


@pytest.mark.parametrize(("write", "read"), FORMATS)
@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("and / or", "and // or"),
        ("ends in /", "ends in // "),
        ("/ begins", " // begins"),
        ("a < b & <T>", "a &lt; b &amp; &lt;T&gt;"),
        ("C:\\n", "C:&#92;n"),
        ("two\nlines\0", "two lines"),
        ("long " * 40, f"{'long ' * 19}long…"),
    ],
)
def test_a_title_is_one_name_of_a_path(write: Write, read: Reread, title: str, name: str) -> None:
    (*_, last) = read(write(replace(forces(), title=title)))

    assert last.category == f"$course$/top/{name}/02 Laws of motion"


@pytest.mark.parametrize(("write", "read"), FORMATS)
def test_tags_tell_how_hard_a_question_is_and_what_it_is_about(write: Write, read: Reread) -> None:
    (question,) = forces().chapters[1].questions

    tagged = asking(replace(question, topic="Newton's\nlaws"), replace(question, topic=" "))

    assert [found.tags for found in read(write(tagged))] == [
        ("medium", "Newton's laws"),
        ("medium",),
    ]


def test_a_tag_of_gift_has_no_character_that_ends_it() -> None:
    (question,) = forces().chapters[1].questions

    (found,) = gift_questions(gift(asking(replace(question, topic="a]b[c<d>`e\\"))))

    assert found.tags == ("medium", "a b c d  e ")


def test_questions_of_gift_are_called_by_their_ids_and_those_of_moodle_by_their_words() -> None:
    (question,) = forces().chapters[1].questions
    long = replace(question, text="What\n" * 30)

    (of_gift,) = gift_questions(gift(asking(long)))
    (of_moodle,) = moodle_questions(moodle(asking(long)))
    (nameless,) = moodle_questions(moodle(asking(replace(question, text="\0"))))

    assert of_gift.name == str(question.id)
    assert of_moodle.name == "What " * 19 + "What…"
    assert nameless.name == str(question.id)


@pytest.mark.parametrize("write", [gift, moodle])
def test_what_runs_from_right_to_left_says_so(write: Write) -> None:
    mark = 'p dir="rtl"'

    assert mark in write(arabic()).decode().replace("\\", "")
    assert mark not in write(forces()).decode().replace("\\", "")


@pytest.mark.parametrize("write", [gift, moodle])
def test_chapters_without_questions_have_no_category(write: Write) -> None:
    assert b"category" not in write(asking()).lower()


def test_a_category_of_moodle_has_its_chapters_id_and_description() -> None:
    first = next(ET.fromstring(moodle(hostile())).iter("question"))  # noqa: S314 - it is ours

    assert first.findtext("idnumber") == str(hostile().chapters[0].id)
    assert "&lt;T&gt;" in first.findtext("info/text", "")


@pytest.mark.parametrize("write", [gift, moodle])
@pytest.mark.parametrize("book", BOOKS)
def test_the_same_version_is_the_same_bytes(
    write: Write, book: Callable[[], PublishedTextbook]
) -> None:
    assert write(book()) == write(book())
