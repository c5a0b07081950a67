"""What this service takes out for Docusaurus comes back: every chapter says the same."""

from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from service.adopt.docusaurus import folder
from service.adopt.docusaurus.adopt import take
from service.adopt.docusaurus.book import OldTextbook
from service.adopt.docusaurus.document import Skipped, read
from service.adopt.moving import Unfit
from service.content.title import is_line
from service.database import Database
from service.export.docusaurus import files
from service.export.mdx import sentence, written
from service.export.mdx_text import lines, one_line
from service.http.token import tenant
from service.log.handle import Log
from service.textbook import views
from service.textbook.published import PublishedChapter, PublishedTextbook
from tests.adopt.old_site import site, write
from tests.export import books
from tests.projection.histories import context

Project = Callable[[], Awaitable[None]]

BOOKS: Final = (books.forces(), books.arabic(), books.hostile())
CHAPTERS: Final = [(book, chapter) for book in BOOKS for chapter in book.chapters]


@cache
def pages(book: PublishedTextbook) -> list[tuple[str, bytes]]:
    return [each for each in files(book) if each[0].endswith(".md")][1:]


def page(book: PublishedTextbook, chapter: PublishedChapter) -> tuple[str, bytes]:
    return pages(book)[[one.number for one in book.chapters].index(chapter.number)]


@pytest.mark.parametrize(
    ("book", "chapter"), CHAPTERS, ids=[f"{book.slug}-{one.number}" for book, one in CHAPTERS]
)
def test_a_page_says_what_the_chapter_says(
    book: PublishedTextbook, chapter: PublishedChapter
) -> None:
    path, data = page(book, chapter)
    if not is_line(chapter.title):
        with pytest.raises(Unfit, match="no title"):
            read(data, path)
        return

    found = read(data, path)

    said = found.parts
    assert found.title == chapter.title
    assert written(said.markdown, divides=True) == written(chapter.markdown, divides=True)
    assert [sentence(one) for one in said.takeaways] == [sentence(one) for one in chapter.takeaways]
    assert [one.kind for one in said.boosters] == [
        one.kind for one in sorted(chapter.boosters, key=lambda one: one.position)
    ]
    for read_back, one in zip(said.questions, chapter.questions, strict=True):
        assert read_back.correct_index == one.correct_index
        assert lines(read_back.text) == lines(one.text)
        assert list(map(one_line, read_back.options)) == list(map(one_line, one.options))
        assert lines(read_back.explanation) == lines(one.explanation)
        assert (read_back.difficulty, read_back.topic) == ("medium", "")
    assert len(said.key_points) == len(chapter.key_points)


def test_the_page_of_contents_is_no_chapter() -> None:
    path, data = next(each for each in files(books.forces()) if each[0].endswith("index.md"))

    with pytest.raises(Skipped, match="contents"):
        read(data, path)


def test_a_page_with_something_else_among_its_questions_keeps_them_as_text() -> None:
    path, data = page(books.forces(), books.forces().chapters[0])
    spoilt = data.replace(b"**Question 2**", b"Think first.\n\n**Question 2**")

    found = read(spoilt, path)

    assert found.parts.questions == ()
    assert "Think first." in found.parts.markdown


async def test_from_one_tenant_to_another_a_textbook_stays_what_it_is(
    log: Log, database: Database, projected: Project, tmp_path: Path
) -> None:
    docs = folder.read(site(tmp_path)).documents
    old = OldTextbook("Pushes and pulls", "Physics", "All", "en", "ann", "/docs", docs)
    await take(log, old, (), context(tenant("default")))
    await projected()
    first = await views.published(database, tenant("default"), "pushes-and-pulls")
    assert first is not None

    out = {path: data.decode() for path, data in files(first)}
    there = folder.read(write(tmp_path / "out", dict(out)) / "pushes-and-pulls")
    again = OldTextbook(old.title, "Physics", "All", "en", "bob", "/docs", there.documents)
    report = await take(log, again, (), context(tenant("school")))
    await projected()
    second = await views.published(database, tenant("school"), "pushes-and-pulls")

    assert second is not None
    assert [row.outcome for row in report.rows] == ["adopted"] * 3
    assert second.id != first.id
    back = {path: data.decode() for path, data in files(second)}
    chapters = [path for path in out if path.endswith(".md") and "index" not in path]
    assert len(chapters) == 3
    assert {path: back[path] for path in chapters} == {path: out[path] for path in chapters}
    assert [each.questions[0].options for each in second.chapters] == [
        each.questions[0].options for each in first.chapters
    ]
