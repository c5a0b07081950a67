"""Blocks: the paragraphs, items, tables … of a Markdown text, each by an id that stays.

A block's id follows from the content that it is part of and from what it says, so whatever is kept
about a block (a learner's progress, a card, a comment) outlives every change of another block.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final
from uuid import UUID, uuid5

from markdown_it import MarkdownIt
from msgspec import Struct

KINDS: Final = {
    "heading_open": "heading",
    "paragraph_open": "paragraph",
    "list_item_open": "item",
    "table_open": "table",
    "blockquote_open": "quote",
    "fence": "code",
    "code_block": "code",
    "hr": "rule",
}
OTHER: Final = "other"
"""The kind of what Markdown takes for no block, such as a link's address at the end of a text."""
REMEMBERED: Final = 16_384
"""Characters of a text whose blocks are remembered; longer ones are rare, and would fill memory."""
_MARKER: Final = re.compile(r"\s*(?:[-+*]|\d{1,9}[.)])(?:\s+|$)")
_LINE_END: Final = re.compile(r"\r\n?|\n")
_LISTS: Final = frozenset({"bullet_list_open", "ordered_list_open"})
_parser: Final = MarkdownIt("commonmark", {"html": False}).enable("table").disable("inline")


class Block(Struct, frozen=True):
    """A part of a text: ``text[start:end]`` in code points.

    `kind` is heading, paragraph, item (of a list), table, quote, code, rule or other.
    """

    id: UUID
    kind: str
    start: int
    end: int


def blocks(of: UUID, text: str) -> tuple[Block, ...]:
    """Return the blocks of the Markdown `text` of the content `of`, in order.

    Every character that is no white space is in one. Two blocks that say the same are told apart
    by which comes first; spacing and the marker of a list's item do not count, save in code.
    """
    return _remembered(of, text) if len(text) <= REMEMBERED else _blocks(of, text)


def ids(of: UUID, sayings: Iterable[tuple[str, str]]) -> list[UUID]:
    """Return an id for each kind and text in the content `of`, equal ones told apart by order."""
    said: Counter[tuple[str, str]] = Counter()
    found = []
    for kind, text in sayings:
        saying = (kind, _saying(kind, text))
        said[saying] += 1
        found.append(uuid5(of, f"{kind} {said[saying]} {saying[1]}"))
    return found


def _blocks(of: UUID, text: str) -> tuple[Block, ...]:
    spans = list(_spans(text))
    known = ids(of, [(kind, text[start:end]) for kind, start, end in spans])
    return tuple(Block(at, *span) for at, span in zip(known, spans, strict=True))


_remembered: Final = lru_cache(maxsize=64)(_blocks)


def _saying(kind: str, text: str) -> str:
    if kind == "code":
        return text
    if kind == "item":
        text = _MARKER.sub("", text, count=1)
    return " ".join(unicodedata.normalize("NFC", text).split())


def _spans(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield kind, start and end of each block; what lies between two is a block of its own."""
    starts = [0, *(end.end() for end in _LINE_END.finditer(text)), len(text)]
    done = 0
    for kind, first, last in _lines(text):
        begin, end = starts[first], starts[min(last, len(starts) - 1)]
        yield from _inked(OTHER, text, done, begin)
        yield from _inked(kind, text, max(begin, done), end)
        done = max(end, done)
    yield from _inked(OTHER, text, done, len(text))


def _lines(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield each block's kind, first line, and the line after its last."""
    within = 0
    for token in _parser.parse(text):
        if token.map and token.level == within and token.type in KINDS:
            yield KINDS[token.type], token.map[0], token.map[1]
        if token.level == 0 and token.nesting:
            within = 1 if token.type in _LISTS else 0


def _inked(kind: str, text: str, start: int, end: int) -> Iterator[tuple[str, int, int]]:
    inked = text[start:end].strip()
    if inked:
        start += len(text[start:end]) - len(text[start:end].lstrip())
        yield kind, start, start + len(inked)
