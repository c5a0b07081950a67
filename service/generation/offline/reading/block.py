"""A source's blocks, each with the span of the text it stands for."""

from itertools import accumulate
from typing import Final, Literal

from markdown_it import MarkdownIt
from markdown_it.token import Token
from msgspec import Struct

from service.generation.offline.reading import markup

Kind = Literal["heading", "paragraph", "list", "table", "code"]

_PARSER: Final = MarkdownIt("commonmark", {"html": False}).enable("table").disable("html_block")
_PARSER.core.ruler.disable("inline")
_LISTS: Final = ("bullet_list_open", "ordered_list_open")


class Item(Struct, frozen=True):
    """One line of a list, `depth` from 0; ``source[start:end]`` is its text without the bullet."""

    start: int
    end: int
    depth: int


class Block(Struct, frozen=True):
    """A block of Markdown: ``source[start:end]`` (code points), `level` of a heading from 1."""

    kind: Kind
    start: int
    end: int
    level: int = 0
    ordered: bool = False
    items: tuple[Item, ...] = ()


class _Lines:
    """Where lines begin, so that a token's line numbers become offsets."""

    def __init__(self, text: str, base: int) -> None:
        self.text = markup.skeleton(text)
        self.base = base
        self.lines = self.text.split("\n")
        self.starts = [0, *accumulate(len(line) + 1 for line in self.lines)]

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Return the span of lines ``[first, last)`` without white space around it."""
        start, end = self.starts[first], min(self.starts[last], len(self.text))
        body = self.text[start:end]
        start += len(body) - len(body.lstrip("\n"))
        return self.base + start, self.base + start + len(body.strip("\n").rstrip())

    def inline(self, token: Token) -> tuple[int, int]:
        """Return the span of a token's text, without bullets and marks before and after it."""
        first, last = token.map or [0, 1]
        rows = token.content.split("\n")
        start = self.starts[first] + max(self.lines[first].find(rows[0].strip()), 0)
        row = min(first + len(rows) - 1, last - 1)
        tail = rows[-1].strip()
        end = self.starts[row] + max(self.lines[row].rfind(tail), 0) + len(tail)
        return self.base + start, self.base + max(start, end)


def blocks(text: str, start: int = 0, end: int | None = None) -> tuple[Block, ...]:
    """Return the blocks of ``text[start:end]``, in order. HTML around them is looked through."""
    lines = _Lines(text[start:end], start)
    tokens = _PARSER.parse(lines.text)
    found: list[Block] = []
    at = 0
    while at < len(tokens):
        block, at = _block(tokens, at, lines)
        if block is not None and block.end > block.start:
            found.append(block)
    return tuple(found)


def _block(tokens: list[Token], at: int, lines: _Lines) -> tuple[Block | None, int]:
    token = tokens[at]
    if token.type == "heading_open":
        return Block("heading", *lines.inline(tokens[at + 1]), level=int(token.tag[1])), at + 2
    if token.type == "paragraph_open":
        return Block("paragraph", *lines.inline(tokens[at + 1])), at + 2
    if token.type in _LISTS:
        return _list(tokens, at, lines)
    if token.type == "table_open" and token.map:
        return Block("table", *lines.span(*token.map)), _after(tokens, at)
    if token.type in ("fence", "code_block") and token.map and token.level == 0:
        return Block("code", *lines.span(*token.map)), at + 1
    return None, at + 1


def _after(tokens: list[Token], at: int) -> int:
    return next(
        n + 1
        for n in range(at, len(tokens))
        if tokens[n].nesting == -1 and tokens[n].level == tokens[at].level
    )


def _list(tokens: list[Token], at: int, lines: _Lines) -> tuple[Block, int]:
    stop = _after(tokens, at)
    items, depth, level = [], -1, tokens[at].level
    for token in tokens[at:stop]:
        depth += (token.type in _LISTS) - (
            token.type in ("bullet_list_close", "ordered_list_close")
        )
        if token.type == "inline":
            items.append(Item(*lines.inline(token), depth))
    span = lines.span(*(tokens[at].map or [0, 0])) if level == 0 or items else (0, 0)
    return Block("list", *span, ordered=tokens[at].type == _LISTS[1], items=tuple(items)), stop
