"""What banks of questions say of a question besides its words: where it belongs, and its tags."""

from html import escape
from typing import Final

from service.export.plain import line
from service.textbook.content import Question
from service.textbook.published import PublishedChapter, PublishedTextbook

LONGEST_NAME: Final = 100
"""Characters of a category's name: Moodle takes 255, and escaped ones count more than once."""
LONGEST_TAG: Final = 50


def chapter_name(chapter: PublishedChapter) -> str:
    """Return what a chapter's category or deck is called; names sort as chapters do."""
    return line(f"{chapter.number:02d} {chapter.title}", LONGEST_NAME)


def category(book: PublishedTextbook, chapter: PublishedChapter) -> str:
    """Return the path of a chapter's category in Moodle's spelling, below the course's own."""
    return f"$course$/top/{_part(line(book.title, LONGEST_NAME))}/{_part(chapter_name(chapter))}"


def tags(question: Question) -> tuple[str, ...]:
    """Return a question's tags: how hard it is, and its topic if it has one."""
    found = (line(each, LONGEST_TAG) for each in (question.difficulty, question.topic))
    return tuple(each for each in found if each)


def _part(name: str) -> str:
    """Return one name of a path: a slash in it is two, and it is HTML, as Moodle shows it."""
    doubled = escape(name, quote=False).replace("\\", "&#92;").replace("/", "//")
    return f"{' ' * doubled.startswith('/')}{doubled}{' ' * doubled.endswith('/')}"
