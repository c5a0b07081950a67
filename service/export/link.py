"""Where the links of a text lead: to https pages and mail addresses, and to places of the book."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import unquote, urlsplit

from service.http.markdown import SCHEMES

_WRITTEN: Final = re.compile(
    r"(?:[\w.~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+(?:#(?:[\w.~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?",
    re.ASCII,
)
"""The characters of an address (RFC 3986)."""
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_NAME: Final = rf"(?:{_LABEL}\.)*(?=[A-Za-z]){_LABEL}"
"""A host's name, its last part no number (RFC 2396, which Java's readers still keep)."""
_HOST: Final = re.compile(rf"(?:{_NAME}|\d{{1,3}}(?:\.\d{{1,3}}){{3}})(?::\d{{1,5}})?")
_MAIL: Final = re.compile(rf"[\w.+-]+@{_NAME}", re.ASCII)
_BETWEEN: Final = re.compile(r"[^\w\s-]")


def outward(href: str) -> bool:
    """Whether an address is one of the web or of mail that the strictest reader takes."""
    if not _WRITTEN.fullmatch(href):
        return False
    parts = urlsplit(href)
    if parts.scheme not in SCHEMES:
        return False
    if parts.scheme == "mailto":
        return _MAIL.fullmatch(parts.path) is not None
    return _HOST.fullmatch(parts.netloc) is not None


def resolved(href: str, anchors: Mapping[str, str], chapters: Mapping[str, str]) -> str | None:
    """Return where a link leads: `anchors` are by a heading's name, `chapters` by their path.

    None where that is nowhere that a reader of this book could go.
    """
    if outward(href):
        return href
    path, _, fragment = unquote(href).partition("#")
    if not path:
        return anchors.get(fragment)
    return chapters.get(path.removeprefix("./"))


def named(headings: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the links to headings, given as title and id, by the names that GitHub gives them."""
    found, taken = {}, Counter[str]()
    for title, own in headings:
        name = _name(title)
        found[f"{name}-{taken[name]}" if taken[name] else name] = f"#{own}"
        taken[name] += 1
    return found


def _name(title: str) -> str:
    """Return a title's anchor as github-slugger makes it."""
    folded = _BETWEEN.sub("", unicodedata.normalize("NFC", title).lower())
    return re.sub(r"\s", "-", folded.strip())
