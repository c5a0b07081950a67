"""Plain text for formats whose readers take every text for HTML: all of it is there, as it was."""

import re
from html import escape
from typing import Final

from markupsafe import Markup

from service.export.direction import Direction, of_text
from service.export.xhtml import printable

_LINE_END: Final = re.compile(r"\r\n?|\n")


def html(text: str) -> str:
    """Return `text` as HTML that shows it: nothing of it is markup, a line's end is a ``<br>``."""
    ended = _LINE_END.sub("\n", text)
    return escape(printable(ended), quote=False).replace("\n", "<br>")


def lines(text: str) -> Markup:
    """Return `text` as XHTML that shows it so, without space around it."""
    found = _LINE_END.sub("\n", printable(text)).strip().split("\n")
    return Markup("<br />").join(found)


def directed(text: str, around: Direction) -> str:
    """Return `text` as HTML that says if it runs from right to left; `around` is its book's way."""
    runs_left = of_text(text, around) == "rtl"
    return f'<p dir="rtl">{html(text)}</p>' if runs_left else html(text)


def line(text: str, most: int) -> str:
    """Return `text` as one line of at most `most` characters, which ends in … if it was longer."""
    joined = " ".join(printable(text).split())
    return joined if len(joined) <= most else joined[: most - 1].rstrip() + "…"
