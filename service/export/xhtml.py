"""HTML that Markdown gave, cleaned and then written as XML: what is not on the list is not there.

Readers of EPUB know none of HTML's named entities, and forgive nothing.
"""

import re
from collections.abc import Collection, Mapping
from html import escape
from html.parser import HTMLParser
from typing import Final
from xml.etree import ElementTree as ET

from markupsafe import Markup

from service.export.link import outward
from service.http.markdown import ATTRIBUTES, DEEPEST, HIGHEST, clean

HEADINGS: Final = tuple(f"h{level}" for level in range(HIGHEST, DEEPEST + 1))
DIRECTED: Final = frozenset({"blockquote", "li", "ol", "p", "table", "td", "th", "ul", *HEADINGS})
"""Elements that may run the other way than what they stand in."""
CODE: Final = frozenset({"code", "pre"})
VOID: Final = frozenset({"br", "hr"})
KEPT: Final[Mapping[str, Collection[str]]] = {
    **{tag: {"dir"} for tag in DIRECTED},
    **{tag: {"dir", "id"} for tag in HEADINGS},
    "a": ATTRIBUTES["a"],
    "ol": {"dir", "start"},
    "td": {"class", "dir"},
    "th": {"class", "dir"},
}
"""The attributes that may stay: no styles, and no classes but those of a cell's alignment."""
VALUES: Final = {"dir": ("ltr", "rtl"), "class": ("left", "center", "right")}
_PLANES: Final = "".join(
    f"{chr(plane << 16 | 0xFFFE)}-{chr(plane << 16 | 0xFFFF)}" for plane in range(1, 17)
)
_UNPRINTABLE: Final = re.compile(
    f"[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff{_PLANES}]"
)


def printable(text: str) -> str:
    """Return `text` without what XML or HTML has no place for: control characters and the like."""
    return _UNPRINTABLE.sub("", text)


def written(html: str, inward: Collection[str], ids: Collection[str] = ()) -> Markup:
    """Return `html` as clean XHTML; `inward` are the links within the book that may stay."""

    def judge(_tag: str, attribute: str, value: str) -> str | None:
        if attribute == "href":
            return value if value in inward or outward(value) else None
        if attribute == "id":
            return value if value in ids else None
        return value if value in VALUES.get(attribute, (value,)) else None

    writer = _Writer()
    writer.feed(clean(html, KEPT, judge))
    writer.close()
    return Markup("".join(writer.parts))  # noqa: S704 - it is clean


def checked(page: str) -> bytes:
    """Return a page as bytes, once it has been read as XML. Raises ParseError."""
    data = printable(page).encode()
    ET.fromstring(data)  # noqa: S314 - we have written it, and it declares no entities
    return data


class _Writer(HTMLParser):
    """Writes HTML that is clean as XML, all code from left to right; a link to nowhere is text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._linked = True

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Write the beginning of an element."""
        own = [*attrs, ("dir", "ltr")] if tag in CODE else attrs
        if tag == "a":
            href = dict(attrs).get("href") or ""
            self._linked = bool(href)
            own = attrs if outward(href) else [each for each in attrs if each[0] != "rel"]
        if tag != "a" or self._linked:
            said = "".join(f' {name}="{escape(value or "")}"' for name, value in own)
            self.parts.append(f"<{tag}{said}{' /' * (tag in VOID)}>")

    def handle_endtag(self, tag: str) -> None:
        """Write the end of an element."""
        if tag not in VOID and (tag != "a" or self._linked):
            self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        """Write text."""
        self.parts.append(escape(data, quote=False))
