"""Texts: what must not stand in one, and its words alone."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from markdown_it import MarkdownIt

from service.generation.offline.reading.markup import plain, shown

_FENCED: Final = re.compile(
    r"^[ \t]*(`{3,}|~{3,}).*?(?:^[ \t]*\1[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL
)
_TICKED: Final = re.compile(r"(`+)[^`].*?\1", re.DOTALL)
_ACTIVE: Final = re.compile(
    r"<\s*/?\s*(?:script|iframe|object|embed|form|style|link|meta|base|svg|math)\b"
    r"|<[^>]*\son\w+\s*=|\bjavascript:|\bdata:text/html",
    re.IGNORECASE,
)
_ASIDE: Final = re.compile(
    r"\bas an? (?:ai|artificial intelligence)(?: language)? (?:model|assistant)\b"
    r"|\bals (?:ki|künstliche intelligenz|sprachmodell)\b|\blorem ipsum\b"
    r"|\[(?:insert|placeholder|your|todo)\b|\bi(?:'m| am) sorry,? but i can(?:no|')t\b",
    re.IGNORECASE,
)
_MARK: Final = re.compile(r"^[ \t]*(?:(?:>|[-+*]|\d{1,3}[.)]|#{1,6})[ \t]+)+")
_RULE: Final = re.compile(r"^[ \t]*(?:[-*_=][ \t]*){3,}$|^[ \t]*\|")
_HEADING: Final = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.*)$", re.MULTILINE)
_ENDS: Final = (".", "!", "?", "…", ":", ";")
_MARKDOWN: Final = MarkdownIt("commonmark")
_NEXT: Final = "And then?"


def faults(markdown: str) -> tuple[str, ...]:
    """Return what is wrong with a text that learners are to read, in words."""
    visible = _TICKED.sub("", _FENCED.sub("", markdown))
    found = []
    if active := _ACTIVE.search(visible):
        found.append(f"the text holds “{active[0]}”, which a page would act upon")
    if aside := _ASIDE.search(visible):
        found.append(f"the text says “{aside[0]}”, which is nothing for learners")
    return tuple(found)


def closed(markdown: str) -> bool:
    """Tell whether a heading below a text is one, and the only one of its level: all is closed.

    It is not where a block of code or a comment goes on to the end, or a line of ``-`` below words
    makes a heading of them.
    """
    tokens = _MARKDOWN.parse(f"{markdown}\n\n## {_NEXT}\n")
    headings = [
        inline.content
        for heading, inline in pairwise(tokens)
        if heading.type == "heading_open" and heading.tag < "h3"
    ]
    return headings == [_NEXT]


def prose(markdown: str) -> str:
    """Return the words of a text without its code, tables and marks, each block a sentence."""
    blocks = _blocks(_FENCED.sub("\n", markdown))
    return " ".join(one if one.endswith(_ENDS) else f"{one}." for one in blocks if one)


def below(markdown: str, heading: str) -> str:
    """Return a text as it can stand below a heading: not repeating it, its own ones narrower."""
    kept, at, least = [], 0, 3
    for fence in [*_FENCED.finditer(markdown), None]:
        end = fence.start() if fence else len(markdown)
        kept.append(_HEADING.sub(lambda one: _lowered(one, least), markdown[at:end]))
        if fence:
            kept.append(fence[0])
            at = fence.end()
    text = "".join(kept).strip()
    first, _, rest = text.partition("\n")
    same = first.lstrip("# ").strip().casefold() == heading.strip().casefold()
    return rest.strip() if first.startswith("#") and same else text


def _lowered(heading: re.Match[str], least: int) -> str:
    return f"{'#' * max(len(heading[1]), least)} {heading[2].rstrip()}"


def _blocks(text: str) -> Iterator[str]:
    """Yield the words of each paragraph and list item."""
    block: list[str] = []
    for line in [*text.split("\n"), ""]:
        starts = _MARK.match(line)
        if block and (starts or not line.strip() or _RULE.match(line)):
            yield plain(shown(" ".join(block)))
            block = []
        if line.strip() and not _RULE.match(line):
            block.append(_MARK.sub("", line))
