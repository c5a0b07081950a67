"""Which way a text runs: from left to right, or from right to left."""

import re
import unicodedata
from collections import Counter
from typing import Final, Literal

Direction = Literal["ltr", "rtl"]

RIGHT_TO_LEFT: Final = frozenset(
    "ar arc arz ckb dv fa he iw ji ks lrc mzn nqo pnb ps sd syr ug ur yi".split()  # noqa: SIM905 - a list would fill the page
)
"""Languages that are written from right to left where nothing says otherwise."""
SCRIPTS: Final = frozenset({"adlm", "arab", "hebr", "nkoo", "rohg", "syrc", "thaa"})
"""Scripts that run from right to left (ISO 15924)."""
SCRIPT_LETTERS: Final = 4
STRONG: Final[dict[str, Direction]] = {"L": "ltr", "R": "rtl", "AL": "rtl"}
"""Unicode's classes of the characters that have a direction of their own (UAX #9)."""
CLEARLY: Final = 4
"""How many times as many letters run the other way in a text that does."""
_TAG: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z]{4})?(-(?:[A-Za-z]{2}|\d{3}))?(?![A-Za-z0-9])")


def of_language(tag: str) -> Direction:
    """Return the direction of a language, such as ``ar``, ``az-Arab`` or ``en``."""
    primary, *rest = tag.lower().split("-")
    script = next((part for part in rest if len(part) == SCRIPT_LETTERS and part.isalpha()), None)
    runs_left = script in SCRIPTS if script else primary in RIGHT_TO_LEFT
    return "rtl" if runs_left else "ltr"


def of_text(text: str, around: Direction) -> Direction:
    """Return the direction of `text`, which is that of what is `around` it, unless clearly not.

    A sentence that names a few things in another script still runs its own way.
    """
    other: Direction = "rtl" if around == "ltr" else "ltr"
    found = Counter(STRONG.get(unicodedata.bidirectional(letter)) for letter in text)
    return other if found[other] and found[other] >= CLEARLY * found[around] else around


def well_formed(tag: str) -> str:
    """Return a language tag that every reader understands: without what few know (RFC 5646)."""
    match = _TAG.match(tag)
    return match[0] if match else "und"
