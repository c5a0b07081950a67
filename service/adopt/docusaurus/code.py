"""Which characters of a Markdown text are code (CommonMark 0.31, 4.5 and 6.1). Pure."""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

_OPENING: Final = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")
_TICKS: Final = re.compile(r"`+")
_BETWEEN: Final = re.compile(r"(\n[ \t]*\n)")
HIDDEN: Final = "\x00"
"""What stands for a character of code; no document holds one."""


def masked(text: str) -> str:
    """Return `text` with each character of code but line ends replaced, so that spans are kept."""
    fence, lines = "", []
    for line in text.split("\n"):
        opened = None if fence else _OPENING.match(line)
        if fence:
            closing = line.strip()
            closes = len(closing) >= len(fence) and not closing.strip(fence[0])
            fence = "" if closes else fence
        elif opened:
            fence = opened[1]
        else:
            lines.append(line)
            continue
        lines.append(HIDDEN * len(line))
    # A code span does not go beyond its paragraph.
    return "".join(_unspanned(part) for part in _BETWEEN.split("\n".join(lines)))


def _unspanned(paragraph: str) -> str:
    kept, done = [], 0
    for start, end in _spans(paragraph):
        kept += [paragraph[done:start], _hidden(paragraph[start:end])]
        done = end
    return "".join([*kept, paragraph[done:]])


def _spans(paragraph: str) -> Iterator[tuple[int, int]]:
    """Yield the code spans: a run of backticks to the next one of its length."""
    runs = [one.span() for one in _TICKS.finditer(paragraph)]
    places: defaultdict[int, list[int]] = defaultdict(list)
    for at, (start, end) in enumerate(runs):
        places[end - start].append(at)
    done = -1
    for at, (start, end) in enumerate(runs):
        if at <= done or paragraph[start - 1 : start] == "\\":
            continue
        alike = places[end - start]
        after = bisect_right(alike, at)
        if after < len(alike):
            done = alike[after]
            yield start, runs[done][1]


def _hidden(text: str) -> str:
    return "\n".join(HIDDEN * len(line) for line in text.split("\n"))
