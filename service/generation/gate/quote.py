"""Quotes: whether the words stand in a text as they are given, and where exactly."""

import re
from collections.abc import Sequence
from itertools import product
from typing import Final
from unicodedata import normalize

_GONE: Final = "\x00"
"""Stands where a text has a mark that readers do not see."""
_ALIKE: Final = str.maketrans(
    {
        **dict.fromkeys("“”„‟«»″＂", '"'),  # noqa: RUF001 - typography is meant
        **dict.fromkeys("‘’‚‛‹›′`´＇", "'"),  # noqa: RUF001
        **dict.fromkeys("‐‑‒–—―−﹣－", "-"),  # noqa: RUF001
        **dict.fromkeys("*_\u00ad\u200b\u200c\u200d\u2060\ufeff", _GONE),
    }
)
_LINK: Final = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")
_LINE: Final = re.compile(r"^[ \t]*(?:(?:>|[-+*]|\d{1,3}[.)]|#{1,6})[ \t]+)+", re.MULTILINE)
_TICKS: Final = re.compile(r"`+")
_MARKS: Final = re.compile(r"[*_`]+")
_TOKEN: Final = re.compile(r"[^\W_]+|\.\.\.|[^\w\s]|_")
_ENDS: Final = " \t\n.,;:!?…\"'"
_FEWEST: Final = 8
_MOST: Final = 2_000
_UNSPACED: Final = "\u2e80"
"""From here on, alphabets mostly write words without spaces between."""


def found(text: str, quote: str) -> tuple[int, int] | None:
    """Return where `quote` stands in `text`, as a span of its code points, None if it does not.

    White space, kinds of quotation marks and dashes, and Markdown's marks may differ, and what a
    sentence ends with; no word may. What is too short to say anything, or too long
    to be a quote, stands nowhere.
    """
    wanted = _seen(normalize("NFC", quote)).replace(_GONE, "").strip()
    seen = _seen(text)
    for words in (wanted, wanted.strip(_ENDS)):
        if _FEWEST <= len(words) <= _MOST and (match := re.search(_pattern(words), seen)):
            return _balanced(text, *match.span())
    return None


def _seen(text: str) -> str:
    """Return `text` as readers see it, as long as before: marks are blanked, likes made equal."""
    text = _LINE.sub(lambda match: " " * len(match[0]), text)
    text = _TICKS.sub(lambda match: _GONE * len(match[0]), _LINK.sub(_label, text))
    return text.translate(_ALIKE)


def _label(link: re.Match[str]) -> str:
    before = link.start(1) - link.start()
    return _GONE * before + link[1] + _GONE * (link.end() - link.end(1))


def _pattern(words: str) -> str:
    """Return a pattern of the words in a row, with any white space where there is some."""
    parts, end = list[str](), 0
    for token in _TOKEN.finditer(words.replace("…", "...")):
        if end:
            parts.append(rf"{_GONE}*" if token.start() == end else rf"[\s{_GONE}]+")
        parts.append(r"(?:\.\.\.|…)" if token[0] == "..." else re.escape(token[0]))
        end = token.end()
    return _edge(words[0], r"(?<![^\W_])") + "".join(parts) + _edge(words[-1], r"(?![^\W_])")


def _edge(letter: str, boundary: str) -> str:
    return boundary if letter.isalnum() and letter < _UNSPACED else ""


def _balanced(text: str, start: int, end: int) -> tuple[int, int]:
    """Take in the marks just outside a span where they belong to marks inside."""
    first, last = start, end
    while first and _MARKS.match(text, first - 1):
        first -= 1
    while last < len(text) and _MARKS.match(text, last):
        last += 1
    for one, other in product((start, first), (end, last)):
        if _closed(_MARKS.findall(text, one, other)):
            return one, other
    return start, end


def _closed(marks: Sequence[str]) -> bool:
    """Tell whether each mark that opens is closed again."""
    opened = list[str]()
    for mark in marks:
        if opened and opened[-1] == mark:
            opened.pop()
        else:
            opened.append(mark)
    return not opened
