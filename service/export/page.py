"""A textbook as one page of HTML, for screens and for paper. Pure: same version, same bytes.

It fetches nothing and runs nothing: its policy allows its own style, by its digest, and no more.
Page numbers and running heads are CSS Paged Media's, which browsers take when they print.
"""

import base64
import hashlib
import re
from collections.abc import Iterable
from datetime import UTC
from typing import Final

from markupsafe import Markup

from service.export import cover, template
from service.export.direction import of_language, well_formed
from service.export.labels import of
from service.export.markup import Frame
from service.export.shown import shown
from service.textbook.published import PublishedChapter, PublishedTextbook

MEDIA: Final = "text/html; charset=utf-8"
LONGEST_HEAD: Final = 72
"""Characters of a title that a running head has room for."""
ROWS: Final = 2
"""Of the cover's pattern, above the title."""
HEAD: Final = """\
#chapter-{0} {{ page: chapter-{0}; }}
@page chapter-{0} {{ @top-center {{ content: "{1}"; {2} }} }}
"""
HEAD_STYLE: Final = 'font: 9pt Georgia, "Noto Serif", "DejaVu Serif", serif; color: #555;'
_PLAIN: Final = re.compile(r"[^A-Za-z0-9 ]")


def page(book: PublishedTextbook) -> bytes:
    """Return a textbook as a page, the answers to all questions at its end."""
    direction, labels = of_language(book.language), of(book.language)
    links = {each.path: f"#chapter-{each.number}" for each in book.chapters}
    frame = Frame(direction, shift=1, chapters=links)
    chapters = [shown(each, frame, labels, f"c{each.number}-") for each in book.chapters]
    style = template.text("text.css") + template.text("page.css") + heads(book.chapters)
    published = book.published_at.astimezone(UTC)
    return template.page(
        "page.html",
        book=book,
        direction=direction,
        language=well_formed(book.language),
        labels=labels,
        chapters=chapters,
        asked=[chapter for chapter in chapters if chapter.questions],
        style=Markup(style),  # noqa: S704 - ours; of the book there are only letters and escapes
        digest=digest(style),
        date=published.date().isoformat(),
        modified=published.strftime("%Y-%m-%dT%H:%M:%SZ"),
        width=cover.WIDTH,
        band=ROWS * cover.TILE,
        tiles=cover.tiles(book.id)[: ROWS * cover.ACROSS],
    )


def heads(chapters: Iterable[PublishedChapter]) -> str:
    """Return the rules by which each chapter's pages are headed by its title."""
    return "".join(
        HEAD.format(each.number, quoted(shortened(each.title)), HEAD_STYLE) for each in chapters
    )


def shortened(title: str) -> str:
    """Return a title that fits into a line."""
    title = " ".join(title.split())
    return title if len(title) <= LONGEST_HEAD else f"{title[: LONGEST_HEAD - 2].rstrip()} …"


def quoted(text: str) -> str:
    """Return `text` as what stands between the quotes of a CSS string: nothing in it can end it."""
    return _PLAIN.sub(lambda found: f"\\{ord(found[0]):x} ", text)


def digest(style: str) -> str:
    """Return a style's digest as a content security policy names it (CSP 3, section 2.3.1)."""
    return "sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
