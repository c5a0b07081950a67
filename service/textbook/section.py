"""The sections of a chapter: its headings, as boosters name them."""

import re
from typing import Final

from service.textbook.length import FENCED

_HEADING: Final = re.compile(r"^ {0,3}#{1,6}[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$", re.MULTILINE)
_MARKS: Final = re.compile(r"[*_`\\]")


def headings(markdown: str) -> tuple[str, ...]:
    """Return the headings of a chapter's text, in order, as they are written."""
    found = _HEADING.findall(FENCED.sub("", markdown))
    return tuple(one for one in found if one)


def same(one: str, other: str) -> bool:
    """Tell whether two headings have the same words; case, spacing and marks do not count."""
    return _words(one) == _words(other)


def _words(heading: str) -> str:
    return " ".join(_MARKS.sub("", heading).split()).casefold()
