"""A textbook's questions as GIFT, the text format of question banks (Moodle, and many others).

A question's name is its id, as is the id that Moodle reads out of the comment above it. Format:
https://docs.moodle.org/en/GIFT_format
"""

import re
from collections.abc import Iterator
from typing import Final

from service.export.direction import Direction, of_language
from service.export.plain import directed, line
from service.export.question import category, tags
from service.textbook.content import KnownQuestion
from service.textbook.published import PublishedTextbook

MEDIA: Final = "text/plain; charset=utf-8"
LONGEST: Final = 200
_SPECIAL: Final = re.compile(r"([\\~=#{}:])")
_MISREAD: Final = {"[": "&#91;", "%": "&#37;"}
"""What an answer must not begin with: the name of a format, or a weight."""
_UNTAGGED: Final = re.compile(r"[][<>`\\]")


def gift(book: PublishedTextbook) -> bytes:
    """Return all questions of `book`, those of a chapter in a category of its own."""
    return "\n".join(_lines(book)).encode()


def _lines(book: PublishedTextbook) -> Iterator[str]:
    yield f"// {line(book.title, LONGEST)}"
    yield ""
    around = of_language(book.language)
    for chapter in book.chapters:
        if chapter.questions:
            yield f"$CATEGORY: {category(book, chapter)}"
            yield ""
        for question in chapter.questions:
            yield from _question(question, around)
            yield ""


def _question(question: KnownQuestion, around: Direction) -> Iterator[str]:
    marks = "".join(f" [tag:{_UNTAGGED.sub(' ', tag)}]" for tag in tags(question))
    yield f"// [id:{question.id}]{marks}"
    yield f"::{question.id}::[html]{_escaped(question.text, around)} {{"
    for at, option in enumerate(question.options):
        yield f"\t{'=' if at == question.correct_index else '~'}{_answer(option, around)}"
    if question.explanation:
        yield f"\t####{_answer(question.explanation, around)}"
    yield "}"


def _answer(text: str, around: Direction) -> str:
    """Return a text that nothing stands before, or only what says that an answer begins."""
    html = directed(text, around).strip()
    return _special(_MISREAD.get(html[:1], html[:1]) + html[1:])


def _escaped(text: str, around: Direction) -> str:
    return _special(directed(text, around))


def _special(html: str) -> str:
    return _SPECIAL.sub(r"\\\1", html)
