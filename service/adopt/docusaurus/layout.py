"""The layout of a document: sections, admonitions, and what its readers never saw. Pure."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import Final

from msgspec import Struct

from service.adopt.docusaurus.code import masked
from service.textbook import section

_HEADING: Final = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.*)$", re.MULTILINE)
_OPENING: Final = re.compile(r"^(:{3,})[ \t]*[a-z]+(?:\[(.*)\]|[ \t]+(.*))?[ \t]*$", re.MULTILINE)
_CLOSING: Final = re.compile(r"^(:{3,})[ \t]*$", re.MULTILINE)
_ALONE: Final = re.compile(r"[ \t]*\n\n?")
_COMMENTS: Final = (("<!--", "-->"), ("{/*", "*/}"))
_IMPORT: Final = re.compile(r"import\s(?:.*\sfrom\s+)?(['\"])[^'\"]+\1;?\s*")
_EXPORT: Final = re.compile(
    r"export\s+(?:(?:const|let|var)\s+[\w$]+\s*=|(?:default\s+)?(?:function|class)\s)"
)
_BLOCK: Final = re.compile(r"(?:^.*\S.*\n?)+", re.MULTILINE)
_WORD: Final = re.compile(r"\w+")

Span = tuple[int, int]


class Section(Struct, frozen=True):
    """A heading and what stands below it: ``text[start:end]``, its body from `body` on."""

    level: int
    heading: str
    start: int
    body: int
    end: int


class Admonition(Struct, frozen=True):
    """An admonition: ``text[start:end]``, its title and content."""

    start: int
    end: int
    title: str
    content: str


def sections(text: str) -> list[Section]:
    """Return the sections of `text`; one ends before the next of its level or a higher one."""
    listed = []
    nearest = [len(text)] * 7  # where the next heading of each level begins
    for match in reversed(list(_HEADING.finditer(masked(text)))):
        level = len(match[1])
        heading = section.words(text[match.start(2) : match.end(2)])
        end = min(nearest[1 : level + 1])
        listed.append(Section(level, heading, match.start(), match.end(), end))
        nearest[level] = match.start()
    return listed[::-1]


def admonitions(text: str) -> Iterator[Admonition]:
    """Yield the admonitions of `text` that hold no other."""
    shown = masked(text)
    closings = [(one.start(), one.end(), one[1]) for one in _CLOSING.finditer(shown)]
    openings = list(_OPENING.finditer(shown))
    for match, after in zip_longest(openings, openings[1:]):
        at = bisect_left(closings, (match.end(),))
        if at == len(closings) or closings[at][2] != match[1]:
            continue
        start, end, _ = closings[at]
        if after is None or start < after.start():
            group = 2 if match[2] is not None else 3
            title = text[match.start(group) : match.end(group)] if match[group] else ""
            yield Admonition(match.start(), end, title, text[match.end() : start].strip("\n"))


def words(title: str) -> str:
    """Return a title's words alone, so that 💡 **Analogy:** is analogy."""
    return " ".join(_WORD.findall(title.casefold()))


def without(text: str, spans: Iterable[Span]) -> str:
    """Return `text` without these spans, which may lie in one another; an empty line is left."""
    kept, done = "", 0
    for start, end in sorted(spans):
        if start >= done:
            kept = _joined(kept, text[done:start])
        done = max(done, end)
    return _joined(kept, text[done:])


def seen(text: str) -> str:
    """Return `text` without what a site's readers never saw: imports, exports and comments."""
    blocks = [(one.start(), one.end()) for one in _BLOCK.finditer(masked(text)) if _is_code(one[0])]
    text = without(text, blocks) if blocks else text
    kept, done = [], 0
    for start, end in _comments(masked(text)):
        kept.append(text[done:start])
        done = end
    return "".join([*kept, text[done:]])


def _comments(shown: str) -> Iterator[Span]:
    """Yield the comments, each with its line where it has that for itself."""
    done = 0
    for start, end in sorted(one for kind in _COMMENTS for one in _between(shown, *kind)):
        if start >= done:
            done = end
            begin = shown.rfind("\n", 0, start) + 1
            alone = _ALONE.match(shown, end) if not shown[begin:start].strip() else None
            yield (begin, alone.end()) if alone else (start, end)


def _between(shown: str, opening: str, closing: str) -> Iterator[Span]:
    at = 0
    while (start := shown.find(opening, at)) >= 0:
        at = start + len(opening)
        if not _is_escaped(shown, start):
            end = shown.find(closing, at)
            if end < 0:
                return
            at = end + len(closing)
            yield start, at


def _is_escaped(text: str, at: int) -> bool:
    before = text[max(at - 64, 0) : at]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1


def is_import(line: str) -> bool:
    """Tell whether a line is an import of JavaScript."""
    return bool(_IMPORT.fullmatch(line))


def _is_code(block: str) -> bool:
    lines = block.rstrip("\n").split("\n")
    if all(is_import(line) for line in lines):
        return True
    return bool(_EXPORT.match(block)) and all(
        block.count(one) == block.count(other) for one, other in ("{}", "()", "[]")
    )


def _joined(before: str, after: str) -> str:
    if not before.strip():
        return after.lstrip("\n") if not before else before + after
    return f"{before.rstrip()}\n\n{after.lstrip()}" if after.strip() else before
