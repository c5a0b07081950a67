"""Markdown as the parts of a page: well formed, all on a list, nothing fetched from elsewhere."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final

from markdown_it.token import Token
from markupsafe import Markup
from msgspec import Struct

from service.export.direction import Direction, of_text
from service.export.link import named, resolved
from service.export.xhtml import DIRECTED, printable, written
from service.http.markdown import DEEPEST, HIGHEST, aligned, parser

_parser: Final = parser()


class Frame(Struct, frozen=True):
    """What a text stands in: the book's direction, and its chapters' links by their paths.

    Headings are written `shift` levels lower than they are.
    """

    direction: Direction = "ltr"
    shift: int = 0
    chapters: Mapping[str, str] = {}


class Section(Struct, frozen=True):
    """A heading and what follows it up to the next one; `html` holds both.

    `level` is that of the heading as written; 0, without id and title, before the first one.
    """

    id: str
    title: str
    level: int
    html: Markup


class Leads:
    """Where links may lead: to a chapter's own headings, by their names, and to chapters."""

    def __init__(self, anchors: Mapping[str, str], chapters: Mapping[str, str]) -> None:
        """Gather them once for all sections of a chapter."""
        self.anchors = anchors
        self.inward = {*chapters.values(), *anchors.values()}
        self.ids = {each.removeprefix("#") for each in anchors.values()}


def inline(text: str, frame: Frame) -> Markup:
    """Return Markdown without its blocks, such as a sentence."""
    return _rendered(_parser.parseInline(printable(text)), frame)


def blocks(text: str, frame: Frame) -> Markup:
    """Return Markdown that is no chapter: its headings are bold lines, as they divide nothing."""
    tokens = _parser.parse(printable(text))
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            token.tag = tokens[place + 2].tag = "p"
            inner = tokens[place + 1]
            opened, closed = Token("strong_open", "strong", 1), Token("strong_close", "strong", -1)
            inner.children = [opened, *(inner.children or ()), closed]
    return _rendered(tokens, frame)


def sections(text: str, frame: Frame, prefix: str) -> list[Section]:
    """Return a chapter's Markdown by its sections, whose ids are `prefix` and a number from 1.

    A link to one of them, by the anchor that GitHub and Docusaurus give it, leads there.
    """
    tokens = _parser.parse(printable(text))
    heads = []
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            level = int(token.tag[1:]) + frame.shift
            token.tag = tokens[place + 2].tag = f"h{min(max(level, HIGHEST), DEEPEST)}"
            if token.level == 0:
                heads.append(place)
                token.attrs["id"] = f"{prefix}{len(heads)}"
    anchors = named((plain(tokens[place + 1]), str(tokens[place].attrs["id"])) for place in heads)
    leads = Leads(anchors, frame.chapters)
    parts = pairwise([0, *heads, len(tokens)])
    return [_section(tokens[start:end], frame, leads) for start, end in parts if start < end]


def plain(inner: Token) -> str:
    """Return the words of an inline token, without their marks."""
    found = (
        plain(each) if each.children else " " if each.type == "softbreak" else each.content
        for each in inner.children or ()
    )
    return "".join(found).strip()


def _section(tokens: Sequence[Token], frame: Frame, leads: Leads) -> Section:
    head, html = tokens[0], _rendered(tokens, frame, leads)
    if head.type != "heading_open" or "id" not in head.attrs:
        return Section("", "", 0, html)
    return Section(str(head.attrs["id"]), plain(tokens[1]), int(head.tag[1:]), html)


def _rendered(tokens: Sequence[Token], frame: Frame, leads: Leads | None = None) -> Markup:
    leads = leads or Leads({}, frame.chapters)
    _direct(tokens, frame.direction)
    for token in tokens:
        if token.type in {"th_open", "td_open"}:
            aligned(token)
            if "align" in token.attrs:
                token.attrs["class"] = token.attrs.pop("align")
        if token.children:
            token.children = list(_linked(token.children, frame, leads.anchors))
    html = _parser.renderer.render(tokens, _parser.options, {})
    return written(html, leads.inward, leads.ids)


def _linked(children: Iterable[Token], frame: Frame, anchors: Mapping[str, str]) -> Iterable[Token]:
    """Yield a text's tokens, its links led to where they go; those that go nowhere are text."""
    leads = True
    for child in children:
        if child.type == "link_open":
            href = resolved(str(child.attrs.get("href", "")), anchors, frame.chapters)
            leads = href is not None
            child.attrs["href"] = href or ""
        if leads or child.type not in {"link_open", "link_close"}:
            yield child


def _direct(tokens: Sequence[Token], direction: Direction) -> None:
    """Say of each block that runs the other way than what it stands in that it does."""
    said = _said(tokens)
    around: list[Direction] = [direction]
    for place, token in enumerate(tokens):
        if token.nesting > 0:
            here = around[-1]
            if token.tag in DIRECTED:
                here = of_text(said[place], around[-1])
            if here != around[-1] and not token.hidden:
                token.attrs["dir"] = here
            around.append(here)
        elif token.nesting < 0:
            around.pop()


def _said(tokens: Sequence[Token]) -> dict[int, str]:
    """Return the words, code left out, that each opening token holds, by its place."""
    opened: list[int] = []
    said: dict[int, list[str]] = {}
    for place, token in enumerate(tokens):
        if token.nesting > 0:
            opened.append(place)
            said[place] = []
        elif token.nesting < 0:
            opened.pop()
        elif token.type == "inline":
            words = "".join(each.content for each in token.children or () if each.type == "text")
            for holder in opened:
                said[holder].append(words)
    return {place: "".join(parts) for place, parts in said.items()}
