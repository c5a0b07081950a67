"""The words of a question are plain text: wherever one reads them, they are as they were."""

import html
import re
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from service.export.anki import apkg
from service.export.docusaurus import files
from service.export.epub import epub
from service.export.page import page
from service.export.plain import lines
from service.http.markdown import rendered
from service.textbook.content import KnownQuestion
from service.textbook.published import PublishedTextbook
from tests.export.books import forces
from tests.export.reading import asking

GAP = "A *push* is a _____, not `one` [thing](https://a.example) <b>&amp;</b> {x}."
OPTIONS = ("**bold** __init__", "1. first", "# no heading", "$x$ ~~ \\* :::tip")
WHY = "- Because\n- _so_ it is"


@pytest.fixture
def asked() -> KnownQuestion:
    (one,) = forces().chapters[1].questions
    return replace(one, text=GAP, options=OPTIONS, correct_index=3, explanation=WHY)


def read(book: PublishedTextbook) -> Iterator[str]:
    """What one reads of a book in each format that shows it, with single spaces."""
    for made in (epub(book), page(book), apkg(book)):
        yield words(made.decode(errors="replace"))
    (sheet,) = (data.decode() for path, data in files(book) if "/01-" in path)
    yield words(rendered(sheet.split("---\n", 2)[2]))


def words(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())


def test_nothing_in_a_question_is_markup(asked: KnownQuestion) -> None:
    for said in read(asking(asked)):
        for part in (GAP, *OPTIONS, " ".join(WHY.split())):
            assert part in said


def test_a_line_ends_where_it_ended() -> None:
    assert lines("a\r\nb\rc\n\n<d>\x00\n") == "a<br />b<br />c<br /><br />&lt;d&gt;"
