"""Pages as running text: headers, footers and the ends of printed lines taken out again."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import chain
from statistics import median
from typing import Final

_EDGE: Final = 2  # lines at either end of a page that may be a running header or footer
_FEWEST: Final = 3  # pages; with fewer, a repetition proves nothing
_SENTENCE_END: Final = re.compile(r"[.!?:;…。！？][\"'”’»)\]]*$")  # noqa: RUF001
_BULLET: Final = re.compile(r"(?:[•▪◦‣·*–-]|\d{1,3}[.)])\s")  # noqa: RUF001
_NUMBERS: Final = re.compile(r"\d+")
_SHORT: Final = 0.7  # of the usual line length: so short a line ends its paragraph


def join(pages: Sequence[str], bookmarks: Sequence[tuple[str, int]] = ()) -> str:
    """Return `pages` as Markdown paragraphs; lines that are bookmarks become headings.

    `bookmarks` are titles with their level, 1 to 6.
    """
    split = _without_running([page.split("\n") for page in pages])
    lines = [line.strip() for line in chain.from_iterable(split)]
    levels = {title.casefold(): level for title, level in reversed(bookmarks)}
    usual = median([len(line) for line in lines if line] or [0])
    blocks: list[str] = []
    open_ = False  # whether the last block goes on with the next line
    for line in lines:
        if level := levels.pop(" ".join(line.casefold().split()), 0):
            blocks.append(f"{'#' * level} {line}")
            open_ = False
        elif not line:
            open_ = bool(blocks) and open_ and not _SENTENCE_END.search(blocks[-1])
        elif open_ and not _BULLET.match(line):
            blocks[-1] = _glued(blocks[-1], line)
            open_ = not _ends(line, usual)
        else:
            blocks.append(line)
            open_ = not _ends(line, usual)
    return "\n\n".join(blocks)


def _ends(line: str, usual: float) -> bool:
    return len(line) < _SHORT * usual and bool(_SENTENCE_END.search(line))


def _glued(before: str, line: str) -> str:
    """Join two printed lines, mending a word that was hyphenated between them."""
    broken = before.endswith("-") and before[-2:-1].isalpha() and line[:1].islower()
    return before[:-1] + line if broken else f"{before} {line}"


def _without_running(pages: list[list[str]]) -> list[list[str]]:
    """Drop edge lines that stand, numbers aside, on more than half of the pages."""
    filled = [[line for line in page if line.strip()] for page in pages]
    seen = Counter(
        shape for page in filled for shape in {_shape(page[n]) for n in _edges(len(page))}
    )
    enough = max(_FEWEST, len(pages) // 2 + 1)
    running = {shape for shape, times in seen.items() if times >= enough}
    return [_trimmed(page, running) for page in pages]


def _trimmed(page: list[str], running: set[str]) -> list[str]:
    filled = [n for n, line in enumerate(page) if line.strip()]
    edges = {filled[n] for n in _edges(len(filled))}
    return [line for n, line in enumerate(page) if n not in edges or _shape(line) not in running]


def _edges(count: int) -> set[int]:
    return {n for n in range(count) if n < _EDGE or n >= count - _EDGE}


def _shape(line: str) -> str:
    return _NUMBERS.sub("#", " ".join(line.casefold().split()))
