"""Slugs: what a chapter is called in file names and addresses."""

import re
import unicodedata
from collections.abc import Container
from itertools import count
from typing import Final

LONGEST: Final = 80
"""Characters of a slug's stem, and half of the bytes that it may take in UTF-8."""
_DROPPED: Final = re.compile("[\u0300-\u036f'\u2019]")
_LETTERS: Final = frozenset("LMN")
"""Letters, marks and digits: the first of their Unicode general categories."""


def slug(title: str, taken: Container[str]) -> str:
    """Return the first that is not `taken` of ``stem``, ``stem--2``, ``stem--3`` and so on.

    A stem never holds two dashes in a row, so no title can take another's slug.
    """
    first = stem(title)
    named = (first if number == 1 else f"{first}--{number}" for number in count(1))
    return next(each for each in named if each not in taken)


def stem(title: str) -> str:
    """Return letters and digits of any script, accents dropped, joined by single dashes."""
    folded = _DROPPED.sub("", unicodedata.normalize("NFKD", title).lower())
    said = (c if unicodedata.category(c)[0] in _LETTERS else " " for c in folded)
    words = unicodedata.normalize("NFC", "-".join("".join(said).split()))
    short = words[:LONGEST].encode()[: 2 * LONGEST].decode(errors="ignore")
    return short.strip("-") or "chapter"
