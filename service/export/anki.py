"""A textbook's questions as an Anki package: a deck for each chapter, a card for each question.

A note's GUID is its question's id, so whoever imports a later version into a collection gets the
notes that changed, and keeps the reviews of all that ask the same. Anki takes a note over only if
it is newer than its own: notes bear the time of their chapter's publication.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from itertools import count
from typing import Final
from uuid import UUID

import genanki

from service.export.direction import of_language, well_formed
from service.export.plain import html, line
from service.export.question import LONGEST_NAME, chapter_name, tags
from service.export.shown import LETTERS
from service.export.template import text
from service.gateway.zipped import zipped
from service.textbook.content import KnownQuestion
from service.textbook.published import PublishedChapter, PublishedTextbook

MEDIA: Final = "application/apkg"
FIELDS: Final = ("Question", "Options", "Answer", "Explanation")
FRONT: Final = '<div class="question" dir="auto">{{Question}}</div>{{Options}}'
BACK: Final = (
    '<hr id="answer"><div class="answer">{{Answer}}</div>'
    '{{#Explanation}}<div class="explanation" dir="auto">{{Explanation}}</div>{{/Explanation}}'
)
"""What comes below the front: the right answer, and why it is."""
_PAIR: Final = re.compile(r":(?=:)")
_BETWEEN_TAGS: Final = re.compile(r'[\s"]+')


def apkg(book: PublishedTextbook) -> bytes:
    """Return all questions of `book` as a package that Anki imports."""
    return zipped({"collection.anki2": _database(book), "media": b"{}"})


def _database(book: PublishedTextbook) -> bytes:
    """Return Anki's collection; one made in memory does not tell which SQLite made it."""
    model = _model(book)
    ids = count(int(book.published_at.timestamp()) * 1000)
    places = count(1)
    with closing(sqlite3.connect(":memory:")) as connection:
        cursor = connection.cursor()
        genanki.Package([]).write_to_db(cursor, 0, ids)
        for deck, at in _decks(book, model, places):
            deck.write_to_db(cursor, at, ids)
        connection.commit()
        return connection.serialize()


def _decks(
    book: PublishedTextbook, model: genanki.Model, places: Iterator[int]
) -> Iterator[tuple[genanki.Deck, float]]:
    """Yield the decks, each with the time since which it has been so: the book's, its chapters'."""
    name = _deck_name(line(book.title, LONGEST_NAME))
    about = html(f"{book.subject}\n{book.audience}")
    yield genanki.Deck(_number("deck", book.id), name, about), book.published_at.timestamp()
    for chapter in book.chapters:
        own = f"{name}::{_deck_name(chapter_name(chapter))}"
        deck = genanki.Deck(_number("deck", chapter.id), own, html(chapter.description))
        for question in chapter.questions:
            deck.add_note(_note(book, chapter, question, model, next(places)))
        yield deck, chapter.published_at.timestamp()


def _note(
    book: PublishedTextbook,
    chapter: PublishedChapter,
    question: KnownQuestion,
    model: genanki.Model,
    place: int,
) -> genanki.Note:
    """Return a question as a note; as new cards they come in the order of their places."""
    right = question.options[question.correct_index]
    options = "".join(f"<li><bdi>{_field(each)}</bdi></li>" for each in question.options)
    letter = LETTERS[question.correct_index]
    fields = [
        _field(question.text),
        f'<ol type="A">{options}</ol>',
        f"<b>{letter}</b> <bdi>{_field(right)}</bdi>",
        _field(question.explanation),
    ]
    places = (f"{book.slug}::{chapter.slug}", *tags(question))
    return genanki.Note(
        model, fields, guid=str(question.id), tags=[_tag(each) for each in places], due=place
    )


def _model(book: PublishedTextbook) -> genanki.Model:
    """Return how the notes of one book look; its cards run as its language does."""
    way = of_language(book.language)
    around = f'<div class="daybook" lang="{well_formed(book.language)}" dir="{way}">'
    return genanki.Model(
        _number("model", book.id),
        f"Daybook: {line(book.title, LONGEST_NAME)}",
        fields=[{"name": name, "rtl": way == "rtl"} for name in FIELDS],
        templates=[
            {
                "name": "Card",
                "qfmt": f"{around}{FRONT}</div>",
                "afmt": f"{{{{FrontSide}}}}{around}{BACK}</div>",
            }
        ],
        css=text("anki.css"),
    )


def _number(kind: str, own: UUID) -> int:
    """Return a number for an id, the same every time, as large as those that Anki gives itself."""
    return (1 << 40) + int(sha256(f"{kind}/{own}".encode()).hexdigest()[:10], 16)


def _field(text: str) -> str:
    """Return a text as a field's HTML, in which Anki finds no ``[sound:…]`` or ``[latex]``."""
    return html(text).replace("[", "&#91;")


def _deck_name(text: str) -> str:
    """Return a text as one name of a deck's path, whose names stand between pairs of colons."""
    return _PAIR.sub(": ", text).strip(" :")


def _tag(text: str) -> str:
    """Return a text as one tag: spaces stand between tags, and quotes around what is looked for."""
    return _BETWEEN_TAGS.sub("_", text)
