"""JSX elements in a document: those whose every attribute is a text or JSON. Pure."""

import html
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from service.adopt.docusaurus.code import masked

_NAME: Final = re.compile(r"\s+([A-Za-z_][\w-]*)\s*=\s*")
_SPACE: Final = re.compile(r"\s*")
_JSON: Final = json.JSONDecoder()


class Element(Struct, frozen=True):
    """An element that stands on lines of its own: ``text[start:end]``, and what it was given.

    What stands between its tags is given as `children`.
    """

    start: int
    end: int
    given: Mapping[str, Any]


def elements(text: str, name: str) -> Iterator[Element]:
    """Yield the elements called `name` that can be read, in order."""
    shown = masked(text)
    done = 0
    for found in re.finditer(rf"^[ \t]*<{name}(?=[\s/>])", shown, re.MULTILINE):
        element = _read(text, name, found.start(), found.end())
        if element and element.start >= done and not _rest(text, element.end):
            done = element.end
            yield element


def _rest(text: str, at: int) -> str:
    """Return what stands on the line after an element."""
    return text[at:].split("\n", 1)[0].strip()


def _read(text: str, name: str, start: int, at: int) -> Element | None:
    given: dict[str, Any] = {}
    while found := _NAME.match(text, at):
        read = _value(text, found.end())
        if read is None or found[1] in given:
            return None
        given[found[1]], at = read
    at = _past(text, at)
    if text.startswith("/>", at):
        return Element(start, at + 2, given)
    closing = f"</{name}>"
    end = text.find(closing, at)
    if not text.startswith(">", at) or end < 0 or "children" in given:
        return None
    return Element(start, end + len(closing), given | {"children": text[at + 1 : end].strip()})


def _value(text: str, at: int) -> tuple[Any, int] | None:
    """Return an attribute's value and where it ends; None for one that only JavaScript knows."""
    quote = text[at : at + 1]
    if quote in ('"', "'"):
        end = text.find(quote, at + 1)
        return None if end < 0 else (html.unescape(text[at + 1 : end]), end + 1)
    if quote != "{":
        return None
    try:
        found, end = _JSON.raw_decode(text, _past(text, at + 1))
    except (ValueError, RecursionError):
        return None
    end = _past(text, end)
    return (found, end + 1) if text.startswith("}", end) else None


def _past(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
