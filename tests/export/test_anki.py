import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from msgspec.structs import replace

from service.export.anki import apkg
from service.textbook.content import KnownQuestion, Question
from service.textbook.identity import known
from service.textbook.published import PublishedTextbook
from tests.export.books import arabic, forces, hostile
from tests.export.reading import asking, decks, known_questions, model, rows, said, seen

ROOT = Path(__file__).parent.parent.parent
BOOKS = [forces, hostile, arabic]
NOTES = "SELECT guid, flds, mod, tags FROM notes ORDER BY id"
HASHED = """
import hashlib, sys, time
time.time = lambda: float(sys.argv[1])
time.localtime = lambda *_: time.gmtime(float(sys.argv[1]))
from service.export.anki import apkg
from tests.export import books
for make in (books.forces, books.hostile, books.arabic):
    print(hashlib.sha256(apkg(make())).hexdigest())
"""


def fields(book: PublishedTextbook) -> dict[str, list[str]]:
    """The fields of each note, as one sees them, by its GUID."""
    return {
        guid: [seen(field) for field in text.split("\x1f")]
        for guid, text, *_ in rows(apkg(book), NOTES)
    }


def on_card(question: KnownQuestion) -> list[str]:
    right = shown_option(question.options[question.correct_index])
    return [
        said(question.text),
        "".join(map(shown_option, question.options)).strip(),
        f"{'ABCD'[question.correct_index]} {right}".strip(),
        said(question.explanation),
    ]


def shown_option(option: str) -> str:
    """An option as it stands in a list: of its ends nothing is stripped."""
    return said(f"|{option}|")[1:-1]


@pytest.mark.parametrize("book", BOOKS)
def test_every_question_is_a_note_with_one_card(book: Callable[[], PublishedTextbook]) -> None:
    asked = [question for chapter in book().chapters for question in chapter.questions]

    assert fields(book()) == {str(each.id): on_card(each) for each in asked}
    assert rows(apkg(book()), "SELECT nid, ord, due FROM cards ORDER BY due") == [
        (note, 0, place)
        for place, (note,) in enumerate(rows(apkg(book()), "SELECT id FROM notes ORDER BY id"), 1)
    ]
    assert rows(apkg(book()), "PRAGMA integrity_check") == [("ok",)]


@given(known_questions, known_questions)
def test_nothing_of_a_question_is_dropped(one: KnownQuestion, two: KnownQuestion) -> None:
    assert fields(asking(one, two)) == {str(each.id): on_card(each) for each in (one, two)}


def test_a_chapter_is_a_deck_of_its_book() -> None:
    found = decks(apkg(forces()))

    assert sorted(found.values()) == [
        "Forces and motion",
        "Forces and motion::01 What a force is",
        "Forces and motion::02 Laws of motion",
    ]
    homes = rows(apkg(forces()), "SELECT did FROM cards ORDER BY due")
    assert [found[home] for (home,) in homes] == [
        "Forces and motion::01 What a force is",
        "Forces and motion::01 What a force is",
        "Forces and motion::02 Laws of motion",
    ]


def test_ids_stay_when_titles_change() -> None:
    chapters = tuple(replace(chapter, title=f"{chapter.number}") for chapter in forces().chapters)
    renamed = replace(forces(), title="Statics", chapters=chapters)

    assert decks(apkg(renamed)).keys() == decks(apkg(forces())).keys()
    assert model(apkg(renamed))["id"] == model(apkg(forces()))["id"]
    assert decks(apkg(arabic())).keys().isdisjoint(decks(apkg(forces())))
    assert model(apkg(arabic()))["id"] != model(apkg(forces()))["id"]


@pytest.mark.parametrize("title", ["C::D", ":::A:::", "A:"])
def test_a_title_makes_no_deck_of_its_own(title: str) -> None:
    chapters = tuple(replace(chapter, title=title) for chapter in forces().chapters)

    found = decks(apkg(replace(forces(), title=title, chapters=chapters)))

    assert sorted(name.count("::") for name in found.values()) == [0, 1, 1]
    assert not any(name.partition("::")[2].startswith(":") for name in found.values())


def test_a_deck_made_again_keeps_the_questions_that_ask_the_same() -> None:
    book = forces()
    first, second = book.chapters
    unit, direction = first.questions
    asked = [
        ask("Can a force be seen?", "No, only what it does", "Yes"),
        ask("What is the SI unit of force?", *("the newton", "the ampere", "the volt", "the ohm")),
    ]
    anew = replace(
        first,
        version=2,
        questions=known(book.id, 1, first.questions, asked),
        published_at=first.published_at + timedelta(days=30),
    )
    again = replace(book, chapters=(anew, second), published_at=anew.published_at)

    before, after = fields(book), fields(again)

    assert before.keys() & after.keys() == {str(unit.id), *(str(q.id) for q in second.questions)}
    assert str(direction.id) not in after
    assert after[str(unit.id)][0] == "What is the SI unit of force?"
    then, now = ({guid: mod for guid, _, mod, _ in rows(apkg(b), NOTES)} for b in (book, again))
    assert now[str(unit.id)] > then[str(unit.id)]
    unchanged = str(second.questions[0].id)
    assert now[unchanged] == then[unchanged]


def ask(text: str, *options: str) -> Question:
    return Question(text, options, 0, "easy", "units")


def test_tags_are_words() -> None:
    (question,) = forces().chapters[1].questions
    tagged = asking(replace(question, topic='Newton\'s "three"\u3000laws'))

    (((_, _, _, tags),)) = rows(apkg(tagged), NOTES)

    assert tags.split(" ") == [
        "",
        "forces-and-motion::what-a-force-is",
        "medium",
        "Newton's_three_laws",
        "",
    ]


def test_anki_finds_nothing_of_its_own_in_a_text() -> None:
    (question,) = forces().chapters[1].questions
    told = "[sound:x.mp3] [latex]x[/latex] {{Answer}}"

    book = asking(replace(question, text=told))

    assert "[" not in rows(apkg(book), NOTES)[0][1]
    assert fields(book)[str(question.id)][0] == told


def test_a_card_runs_as_its_language_does_and_has_a_dark_side() -> None:
    left, right = model(apkg(forces())), model(apkg(arabic()))

    assert 'lang="en" dir="ltr"' in left["tmpls"][0]["qfmt"]
    assert 'lang="ar" dir="rtl"' in right["tmpls"][0]["afmt"]
    assert [field["rtl"] for field in right["flds"]] == [True] * 4
    assert ".nightMode" in left["css"]
    assert left["tmpls"][0]["afmt"].startswith("{{FrontSide}}")


def test_the_same_version_is_the_same_bytes_at_any_time_in_any_process() -> None:
    found = {
        subprocess.run(
            [sys.executable, "-c", HASHED, at],
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": str(ROOT)},
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for at, seed, zone in (("1000000000", "1", "UTC"), ("1900000000", "2", "Asia/Tokyo"))
    }

    ours = (hashlib.sha256(apkg(book())).hexdigest() for book in BOOKS)
    assert found == {"".join(f"{digest}\n" for digest in ours)}


def test_no_version_of_sqlite_is_told() -> None:
    data = apkg(forces())
    start = data.index(b"SQLite format 3\0")

    assert data[start + 96 : start + 100] == bytes(4)


def test_a_book_without_questions_is_an_empty_deck() -> None:
    assert rows(apkg(asking()), NOTES) == []
