"""Anybody's Markdown, written anew so that MDX and CommonMark read the same in it.

It is parsed as on our own pages, HTML shown and pictures as their descriptions, and each piece is
written in the form that both know: no indented code, no ``<address>``, no link told elsewhere.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from typing import Final
from urllib.parse import unquote, urlsplit

from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode
from msgspec import Struct

from service.export.mdx_text import UNPRINTABLE, address, code, fenced, literal
from service.http.markdown import ALIGNED, DEEPEST, HIGHEST, parser

SCHEMES: Final = frozenset({"http", "https", "mailto"})
"""Links that lead out of the book; of all others but those to its own files the words are left."""
BREAKS: Final = frozenset({"softbreak", "hardbreak"})
BLANK: Final = "&#32;"
UNMARKED: Final = "none"
INNERMOST: Final = 20
"""How many marks of emphasis may stand in one another, as the parser has it of blocks."""
UNWRAPPED: Final = "mdx-code-block"
"""A language by which Docusaurus takes code for what is to be run."""
OTHER: Final = {"-": "*", "*": "-", "+": "-", ".": ")", ")": "."}
RULES: Final = {"left": ":--", "center": ":-:", "right": "--:"}
Node = SyntaxTreeNode | None
_LANGUAGE: Final = re.compile(r"[\w+#.-]+")
_parser: Final = parser()


class Piece(Struct, frozen=True):
    """A section with its heading, as that was; what stands before the first has the level 0."""

    level: int
    heading: str
    text: str


def pieces(markdown: str, files: Collection[str] = ()) -> list[Piece]:
    """Return a chapter by its sections, for a file beside `files`, to which its links may lead.

    Headings are of level two and below.
    """
    nodes = _parsed(markdown, files)
    heads = [place for place, node in enumerate(nodes) if node.type == "heading"]
    cuts, writer = [0, *heads, len(nodes)], _Writer(frozenset(files), divides=True)
    found = [nodes[start:end] for start, end in pairwise(cuts) if end > start]
    return [Piece(*_heading(each[0]), writer.blocks(each)) for each in found]


def written(markdown: str, files: Collection[str] = (), *, divides: bool = False) -> str:
    """Return `markdown`, whose headings become bold lines unless it `divides` a page."""
    return _Writer(frozenset(files), divides=divides).blocks(_parsed(markdown, files))


def sentence(markdown: str, files: Collection[str] = ()) -> str:
    """Return Markdown without blocks on one line, such as an option of a question."""
    tokens = _parser.parseInline(" ".join(UNPRINTABLE.sub("", markdown).split()))
    writer = _Writer(frozenset(files), divides=False)
    return writer.words(SyntaxTreeNode(_joined(tokens, files)).children)


def _parsed(markdown: str, files: Collection[str]) -> list[SyntaxTreeNode]:
    tokens = _parser.parse(UNPRINTABLE.sub("", markdown))
    return SyntaxTreeNode(_joined(tokens, files)).children


def _joined(tokens: Sequence[Token], files: Collection[str]) -> Sequence[Token]:
    """Let words stand together that a picture or a link to nowhere would keep apart.

    For together they may be markup, as ``im![port](x)`` becomes ``import``. Emphasis within too
    many others, which nobody sees, is left out.
    """
    for inline in (token for token in tokens if token.children):
        found: list[Token] = []
        leads = False
        for token in inline.children or ():
            if token.type == "link_open":
                leads = bool(_destination(str(token.attrs["href"]), files))
            if token.type in {"link_open", "link_close"} and not leads:
                continue
            if token.nesting and token.level >= INNERMOST:
                continue
            text = token.type in {"text", "image"}
            if text and found and found[-1].type == "text":
                found[-1].content += token.content
            else:
                found.append(Token("text", "", 0, content=token.content) if text else token)
        inline.children = found
    return tokens


def _heading(node: SyntaxTreeNode) -> tuple[int, str]:
    return (int(node.tag[1:]), node.children[0].content) if node.type == "heading" else (0, "")


class _Writer:
    """Writes parsed Markdown down again; a method for each kind of node."""

    def __init__(self, files: frozenset[str], *, divides: bool) -> None:
        self._files = files
        self._divides = divides
        self._cell = False
        self._marks = ""
        self._named = 0

    def blocks(self, nodes: Sequence[SyntaxTreeNode], *, tight: bool = False) -> str:
        """Return blocks, with an empty line between two where they are not `tight`."""
        text, before, marker = "", None, ""
        for node in nodes:
            marker = _marker(node, before, marker)
            block = self.block(node, marker)
            if block is None:
                continue
            close = tight and node.type != "table"
            text += block if before is None else ("\n" if close else "\n\n") + block
            before = node
        return text

    def block(self, node: SyntaxTreeNode, marker: str) -> str | None:
        """Return one block, or None where there is nothing of it to see."""
        match node.type:
            case "heading":
                return self._heading(node)
            case "paragraph":
                return self.inline(node.children[0]) or None
            case "bullet_list" | "ordered_list":
                return self._list(node, marker)
            case "blockquote":
                return "\n".join(f"> {row}" if row else ">" for row in self._inner(node))
            case "table":
                return "\n".join(self._table(node))
            case "hr":
                return "___"
            case _:  # fence, code_block
                return fenced(node.content, _language(node.info))

    def words(self, nodes: Sequence[SyntaxTreeNode]) -> str:
        """Return what stands in a line, or in the lines of a paragraph."""
        around = zip([None, *nodes], nodes, [*nodes[1:], None], strict=False)
        return "".join(self.inline(node, before, after) for before, node, after in around)

    def inline(self, node: SyntaxTreeNode, before: Node = None, after: Node = None) -> str:
        """Return one part of a line, which stands between two others."""
        match node.type:
            case "inline":
                return self._line(node)
            case "text":
                said = literal(node.content, starts=_starts(node, before))
                return _edged(said, before, after)
            case "code_inline":
                return code(node.content, cell=self._cell)
            case "softbreak":
                return "\n"
            case "hardbreak":
                return "\\\n"
            case "link":
                return self._link(node)
            case _:  # em, strong, s
                return self._emphasised(node)

    def _line(self, node: SyntaxTreeNode) -> str:
        """Return what stands in a line, its emphasis by marks that are read as what they were.

        What they mean depends on what stands beside them, and that is escaped now.
        """
        opened = _opened(node.token.children or () if node.token else ())
        for marks in ("", "*_", "_*") if opened else ("",):
            self._marks = marks
            said = self.words(node.children)
            if not opened or _opened(_parser.parseInline(said)[0].children or ()) == opened:
                return said
        self._marks = UNMARKED
        return self.words(node.children)

    def _emphasised(self, node: SyntaxTreeNode) -> str:
        mark, marks = node.markup, self._marks
        if marks == UNMARKED:
            return self.words(node.children)
        if marks and node.type != "s":
            mark = mark.replace(mark[0], marks[0])
            self._marks = marks[::-1]
        said = self.words(node.children)
        self._marks = marks
        return f"{mark}{said}{mark}"

    def _link(self, node: SyntaxTreeNode) -> str:
        words = self.words(node.children)
        to = _destination(str(node.attrs.get("href", "")), self._files)
        return f"[{words}]({to})" if to and words else words

    def _heading(self, node: SyntaxTreeNode) -> str | None:
        """Return a heading, with an id where Docusaurus would take its last word for one."""
        words = self.inline(node.children[0]).replace("\\\n", " ").replace("\n", " ")
        if not words:
            return None
        if not self._divides:
            return f"**{words}**"
        marks = "#" * min(max(int(node.tag[1:]), HIGHEST), DEEPEST)
        own = ""
        if _ends_in_an_id(node.children[0].content):
            self._named += 1
            own = f" \\{{#section-{self._named}}}"
        return f"{marks} {words}{own}"

    def _list(self, node: SyntaxTreeNode, marker: str) -> str:
        first = int(node.attrs.get("start", 1))
        ordered = node.type == "ordered_list"
        tight = not any(
            child.type == "paragraph" and not child.hidden
            for item in node.children
            for child in item.children
        )
        items = []
        for number, item in enumerate(node.children, first):
            lead = f"{number}{marker} " if ordered else f"{marker} "
            inner = self.blocks(item.children, tight=tight)
            items.append(lead + _indented(inner, len(lead)) if inner else lead.rstrip())
        return ("\n" if tight else "\n\n").join(items)

    def _inner(self, node: SyntaxTreeNode) -> list[str]:
        return self.blocks(node.children).split("\n")

    def _table(self, node: SyntaxTreeNode) -> Iterator[str]:
        rows = [row.children for part in node.children for row in part.children]
        for number, cells in enumerate(rows):
            self._cell = True
            yield "| " + " | ".join(self.inline(cell.children[0]) for cell in cells) + " |"
            self._cell = False
            if number == 0:
                yield "| " + " | ".join(map(_rule, cells)) + " |"


def _opened(children: Sequence[Token]) -> list[str]:
    """Return what in a line begins and ends, in order."""
    return [each.type for each in children if each.nesting]


def _ends_in_an_id(heading: str) -> bool:
    """Tell whether Docusaurus takes what a heading ends in, such as ``{#top}``, for its id."""
    return heading.endswith("}") and 0 <= heading.find("{#") < len(heading) - 3


def _starts(node: SyntaxTreeNode, before: Node) -> bool:
    """Tell whether a line begins with this text."""
    first = before is None and node.parent is not None and node.parent.type in {"inline", "root"}
    return first or (before is not None and before.type in BREAKS)


def _edged(words: str, before: Node, after: Node) -> str:
    """Return `words` so that its blanks count, also where a line or an emphasis begins or ends."""
    if words.startswith(" ") and (before is None or before.type in BREAKS):
        words = BLANK + words[1:]
    if words.endswith(" ") and (after is None or after.type in BREAKS):
        words = words[:-1] + BLANK
    if words.endswith("!") and after is not None and after.type == "link":
        words = words[:-1] + "\\!"  # or the link would be a picture
    return words


def _marker(node: SyntaxTreeNode, before: SyntaxTreeNode | None, last: str) -> str:
    """Return what the items of a list begin with: never as in one right before it."""
    if not node.type.endswith("_list"):
        return ""
    follows = before is not None and before.type == node.type and last == node.markup
    return OTHER[node.markup] if follows else node.markup


def _rule(cell: SyntaxTreeNode) -> str:
    return RULES.get(str(cell.attrs.get("style", "")).removeprefix(ALIGNED), "---")


def _indented(text: str, width: int) -> str:
    return re.sub(r"\n(?=[^\n])", "\n" + " " * width, text)


def _language(info: str) -> str:
    """Return the language of a block of code, and nothing of what else it may be told to be."""
    found = _LANGUAGE.match(info)
    return found[0] if found and found[0] != UNWRAPPED else ""


def _destination(href: str, files: Collection[str]) -> str:
    """Return where a link leads, or nothing where nobody would arrive."""
    if unquote(href).removeprefix("./") in files:
        return "./" + address(href.removeprefix("./"))
    try:
        outside = urlsplit(href).scheme.lower() in SCHEMES
    except ValueError:
        outside = False
    return address(href) if outside else ""
