"""The sections of a chapter: its headings, as boosters name them."""

import re
from typing import Final

from service.textbook.length import FENCED

_HEADING: Final = re.compile(r"^ {0,3}#{1,6}[ \t]+(.*)$", re.MULTILINE)
_MARKS: Final = re.compile(r"[*_`\\]")


def headings(markdown: str) -> tuple[str, ...]:
    """Return the headings of a chapter's text, in order, as they are written."""
    found = map(words, _HEADING.findall(FENCED.sub("", markdown)))
    return tuple(one for one in found if one)


def words(line: str) -> str:
    """Return what a heading's line says after its first signs: without those that close it.

    A pattern for this would look at a long run of spaces from each of them.
    """
    said = line.rstrip(" \t")
    opened = said.rstrip("#")
    return opened.rstrip(" \t") if not opened or opened[-1] in " \t" else said


def same(one: str, other: str) -> bool:
    """Tell whether two headings have the same words; case, spacing and marks do not count."""
    return _folded(one) == _folded(other)


def _folded(heading: str) -> str:
    return " ".join(_MARKS.sub("", heading).split()).casefold()
