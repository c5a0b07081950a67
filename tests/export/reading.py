"""Small readers of what exports write, which share nothing with the writers."""

import io
import json
import re
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree as ET

from hypothesis import strategies as st
from msgspec.structs import replace

from service.textbook.content import KnownQuestion
from service.textbook.published import PublishedTextbook
from tests.export.books import forces

OURS = {"b", "bdi", "br", "li", "ol", "p"}
"""The elements that a question may have, all of them the writer's."""


@dataclass
class Read:
    """A question as a bank of questions has it after the import, its texts as one sees them."""

    id: str
    name: str
    category: str
    text: str
    options: tuple[str, ...]
    correct: tuple[int, ...]
    explanation: str
    tags: tuple[str, ...]


@dataclass
class Shown(HTMLParser):
    """What one sees of HTML; anything but the writer's own elements is a fault."""

    parts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in OURS, tag
        assert dict(attrs) in ({}, {"dir": "rtl"}, {"type": "A"}), attrs
        self.parts.append("\n" if tag == "br" else "")

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)


def seen(html: str) -> str:
    reader = Shown()
    reader.feed(html)
    reader.close()
    return "".join(reader.parts).strip()


def said(text: str) -> str:
    """What a reader must see of a text: all of it but what XML and HTML have no character for."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(letter for letter in lines if holds(ord(letter))).strip()


def holds(code: int) -> bool:
    unassigned = 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE
    return code in {9, 10} or (code >= 0x20 and not 0x7F <= code <= 0x9F and not unassigned)


# GIFT: https://docs.moodle.org/en/GIFT_format


def gift_questions(data: bytes) -> Iterator[Read]:
    category = ""
    for block in data.decode().split("\n\n"):
        lines = [line.strip() for line in block.split("\n")]
        remarks = " ".join(line for line in lines if line.startswith("//"))
        body = "\n".join(line for line in lines if not line.startswith("//")).strip()
        if body.startswith("$CATEGORY: "):
            category = body.removeprefix("$CATEGORY: ")
            assert "\n" not in category
        elif body:
            yield _gift_question(category, remarks, body)


def _gift_question(category: str, remarks: str, body: str) -> Read:
    marks = list(_marks(body))
    colons = [at for at, mark in marks if mark == ":"]
    opened, closed = ([at for at, mark in marks if mark == brace] for brace in "{}")
    assert colons[:2] == [0, 1]
    assert len(colons) == 4
    assert len(opened) == len(closed) == 1
    assert closed == [len(body) - 1]
    text = body[colons[3] + 1 : opened[0]]
    assert text.startswith("[html]")
    inside = body[opened[0] + 1 : closed[0]]
    hashes = [at for at, mark in _marks(inside) if mark == "#"]
    assert len(hashes) in {0, 4}
    answers = inside[: hashes[0]] if hashes else inside
    begins = [(at, mark) for at, mark in _marks(answers) if mark in "=~"]
    ends = [at for at, _ in begins[1:]] + [len(answers)]
    options = [answers[at + 1 : end] for (at, _), end in zip(begins, ends, strict=True)]
    found = re.search(r"\[id:([^]]+)\]", remarks)
    assert found
    return Read(
        found[1],
        _plain(body[2 : colons[2]]),
        category,
        seen(_plain(text[len("[html]") :])),
        tuple(seen(_plain(_unprefixed(each))) for each in options),
        tuple(place for place, (_, mark) in enumerate(begins) if mark == "="),
        seen(_plain(_unprefixed(inside[hashes[3] + 1 :]))) if hashes else "",
        tuple(re.findall(r"\[tag:([^]]*)\]", remarks)),
    )


def _marks(text: str) -> Iterator[tuple[int, str]]:
    """The characters that mean something: those without a backslash before them."""
    at = 0
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] in "~=#{}:":
            yield at, text[at]
        at += 1


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


def _unprefixed(text: str) -> str:
    """A text as Moodle takes it: a format's name in brackets, or a weight, is no part of it."""
    assert not re.match(r"\[|%-?\d", text.strip()), text
    return text


# Moodle XML: https://docs.moodle.org/en/Moodle_XML_format


def moodle_questions(data: bytes) -> Iterator[Read]:
    category = ""
    for question in ET.fromstring(data).iter("question"):  # noqa: S314 - it is ours
        if question.get("type") == "category":
            category = question.findtext("category/text", "")
            continue
        assert question.get("type") == "multichoice"
        assert question.findtext("single") == "true"
        answers = question.findall("answer")
        html = [question.find("questiontext"), question.find("generalfeedback"), *answers]
        assert all(each is not None and each.get("format") == "html" for each in html)
        yield Read(
            question.findtext("idnumber", ""),
            question.findtext("name/text", ""),
            category,
            seen(question.findtext("questiontext/text", "")),
            tuple(seen(answer.findtext("text", "")) for answer in answers),
            tuple(at for at, answer in enumerate(answers) if answer.get("fraction") == "100"),
            seen(question.findtext("generalfeedback/text", "")),
            tuple(tag.text or "" for tag in question.findall("tags/tag/text")),
        )


# Anki: a database of SQLite in an archive


def collection(data: bytes) -> sqlite3.Connection:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() == ["collection.anki2", "media"]
        connection = sqlite3.connect(":memory:")
        connection.deserialize(archive.read("collection.anki2"))
    return connection


def rows(data: bytes, query: str) -> list[Any]:
    with closing(collection(data)) as connection:
        return connection.execute(query).fetchall()


def decks(data: bytes) -> dict[int, str]:
    """The names of the decks by their ids, without the one that every collection has."""
    found = json.loads(rows(data, "SELECT decks FROM col")[0][0])
    return {int(key): deck["name"] for key, deck in found.items() if key != "1"}


def model(data: bytes) -> dict[str, Any]:
    (only,) = json.loads(rows(data, "SELECT models FROM col")[0][0]).values()
    found: dict[str, Any] = only
    return found


# Whatever anybody may ask

_texts = st.text(max_size=60) | st.text("~=#{}:\\%[]<>&/\n\r ]]><!--a5א", max_size=20)
known_questions = st.builds(
    KnownQuestion,
    text=_texts,
    options=st.tuples(_texts, _texts, _texts),
    correct_index=st.integers(0, 2),
    difficulty=st.just("hard"),
    topic=_texts,
    explanation=_texts,
    id=st.uuids(),
)


def asking(*questions: KnownQuestion) -> PublishedTextbook:
    """A textbook whose first chapter asks these questions, and no other does anything."""
    book = forces()
    first, second = book.chapters
    return replace(
        book, chapters=(replace(first, questions=questions), replace(second, questions=()))
    )
