"""Chunks: a document by heading, then by size; the same text always falls into the same ones.

Lines are scanned here rather than by a Markdown parser, whose tokens for a large book take a
hundred times the book's memory; only headings and fenced code matter.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from service.library.language import detect
from service.library.material import Chunk
from service.library.plain import unmarked

ENOUGH: Final = 1_600  # code points, some 270 English words: a chunk of this size takes no more
MOST: Final = 2_400  # code points, some 400 words: prose above it is cut
LONGEST: Final = 12_000  # code points: only a code block above it is cut, at a line's end
_OWN_LANGUAGE: Final = 12  # little words that let a chunk differ from its document

_FENCE: Final = re.compile(r"\s*(?:[-+*]\s+|\d{1,9}[.)]\s+)?(`{3,}|~{3,})")
_HEADING: Final = re.compile(r" {0,3}(#{1,6})(?:[ \t]+|$)")
_UNDERLINE: Final = re.compile(r" {0,3}(=+|-+)")
_NOT_TITLES: Final = ("|", ">", "-", "*", "+", "    ", "\t")
_INK: Final = re.compile(r"\S")
_LINE_INK: Final = re.compile(r"[^\n]")
_SENTENCE: Final = re.compile(
    r"(?<!\b\w)(?<!\b(?:Dr|Mr|Ms|St|Nr|No|ca|vs|cf))(?<!\b(?:Fig|Abb|Mrs|bzw))"
    r"(?:[.!?…][\"'”’»)\]]*\s+(?=[\"'“„‘«(\[¿¡]*[^\Wa-z_])|[。！？]\s*)"  # noqa: RUF001
)


class Block(NamedTuple):
    """Lines that belong together: a paragraph, list or table, or a fenced code block."""

    start: int
    end: int
    code: bool = False


Section = tuple[tuple[str, ...], list[Block]]


def chunks(text: str, language: str) -> tuple[Chunk, ...]:
    """Return the chunks of a normalised Markdown `text` in reading order.

    They do not overlap, keep to one heading each, and together hold every character that is
    neither white space nor part of a heading. A chunk is in `language` unless it clearly differs.
    """
    return tuple(
        Chunk(heading, start, end, detect(text[start:end], language, _OWN_LANGUAGE))
        for heading, blocks in _sections(text)
        for start, end in _packed(text, blocks)
    )


def _sections(text: str) -> Iterator[Section]:
    """Yield each heading's path and the blocks below it, up to the next heading."""
    path: dict[int, str] = {}
    blocks: list[Block] = []
    for block, level in _blocks(text):
        if not level:
            blocks.append(block)
            continue
        yield tuple(path.values()), blocks
        blocks = []
        path = {above: title for above, title in path.items() if above < level}
        if title := unmarked(_title(text[block.start : block.end])):
            path[level] = title
    yield tuple(path.values()), blocks


def _title(line: str) -> str:
    return line.partition("\n")[0].lstrip(" ").lstrip("#")


def _blocks(text: str) -> Iterator[tuple[Block, int]]:
    """Yield every block with its level: 1 to 6 for headings, 0 for content."""
    fence, start, end = "", -1, -1  # the open fence's marker, the open block
    for at, line in _lines(text):
        if fence:
            end = at + len(line)
            if line.strip().strip(fence[0]) == "" and line.strip().startswith(fence):
                yield Block(start, end, code=True), 0
                fence, start = "", -1
            continue
        opened, headed = _FENCE.match(line), _HEADING.match(line)
        # One line above this one makes a heading of the two (CommonMark 0.31, section 4.3).
        under = start >= 0 and _UNDERLINE.fullmatch(line) and _may_be_title(text, start, end)
        if start >= 0 and not under and (not line or opened or headed):
            yield Block(start, end), 0
            start = -1
        if under:
            yield Block(start, at + len(line)), 1 if "=" in line else 2
            start = -1
        elif headed:
            yield Block(at, at + len(line)), len(headed[1])
        elif line:
            start, end = (start if start >= 0 else at), at + len(line)
            fence = opened[1] if opened else ""
    if start >= 0:
        yield Block(start, end, code=bool(fence)), 0


def _may_be_title(text: str, start: int, end: int) -> bool:
    return text.find("\n", start, end) < 0 and not text.startswith(_NOT_TITLES, start)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    at = 0
    for line in text.split("\n"):
        yield at, line if line.strip() else ""
        at += len(line) + 1


def _packed(text: str, blocks: list[Block]) -> Iterator[tuple[int, int]]:
    """Yield spans of whole blocks up to `MOST` long, cutting only blocks that are longer."""
    start = end = -1
    for piece_start, piece_end in (piece for block in blocks for piece in _pieces(text, block)):
        if start >= 0 and (end - start >= ENOUGH or piece_end - start > MOST):
            yield start, end
            start = -1
        start, end = (start if start >= 0 else piece_start), piece_end
    if start >= 0:
        yield start, end


def _pieces(text: str, block: Block) -> Iterator[tuple[int, int]]:
    start, end, code = block
    longest, wanted = (LONGEST, LONGEST) if code else (MOST, ENOUGH)
    while end - start > longest:
        cut = _cut(text, start, start + wanted, code=code)
        yield start, start + len(text[start:cut].rstrip())
        ink = (_LINE_INK if code else _INK).search(text, cut, end)
        start = ink.start() if ink else end
    if start < end:
        yield start, end


def _cut(text: str, start: int, limit: int, *, code: bool) -> int:
    """Return where to cut before `limit`: behind a sentence, a line, a word, or just there."""
    earliest = (start + limit) // 2
    ends = [] if code else [found.end() for found in _SENTENCE.finditer(text, earliest, limit)]
    if ends:
        return ends[-1]
    line, space = text.rfind("\n", earliest, limit), text.rfind(" ", earliest, limit)
    return line + 1 if line >= 0 else space + 1 if space >= 0 else limit
