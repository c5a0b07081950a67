"""A textbook as EPUB 3.3, for readers of books. Pure: the same version gives the same bytes.

What is in the container: https://www.w3.org/TR/epub-33/; `toc.ncx` is for readers of EPUB 2.
"""

from datetime import UTC
from typing import Any, Final

from service.export import cover
from service.export.direction import Direction, of_language, well_formed
from service.export.labels import of
from service.export.markup import Frame
from service.export.shown import Shown, shown
from service.export.template import page, text
from service.gateway.zipped import zipped
from service.textbook.published import PublishedTextbook

MEDIA: Final = "application/epub+zip"
FOLDER: Final = "EPUB"
PAGES: Final = ("cover.svg", "cover.xhtml", "nav.xhtml", "package.opf", "title.xhtml", "toc.ncx")


def epub(book: PublishedTextbook) -> bytes:
    """Return a textbook as an EPUB: its media type first, then its files by their names."""
    direction = of_language(book.language)
    files = {f"{FOLDER}/{name}": data for name, data in _files(book, direction)}
    files["META-INF/container.xml"] = page("container.xml")
    return zipped({"mimetype": MEDIA.encode(), **dict(sorted(files.items()))})


def _files(book: PublishedTextbook, direction: Direction) -> list[tuple[str, bytes]]:
    names = {chapter.path: f"chapter-{chapter.number:03d}.xhtml" for chapter in book.chapters}
    frame, labels = Frame(direction, chapters=names), of(book.language)
    chapters = [(names[each.path], shown(each, frame, labels)) for each in book.chapters]
    values = _values(book, direction, chapters)
    return [
        ("style.css", (text("text.css") + text("epub.css")).encode()),
        *((name, page(name, **values)) for name in PAGES),
        *((name, page("chapter.xhtml", **values, chapter=each)) for name, each in chapters),
    ]


def _values(
    book: PublishedTextbook, direction: Direction, chapters: list[tuple[str, Shown]]
) -> dict[str, Any]:
    """Return what the templates speak of."""
    size, lines = cover.lines(book.title)
    labels = of(book.language)
    published = book.published_at.astimezone(UTC)
    return {
        "book": book,
        "direction": direction,
        "language": well_formed(book.language),
        "labels": labels,
        "chapters": chapters,
        "date": published.date().isoformat(),
        "modified": published.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "width": cover.WIDTH,
        "height": cover.HEIGHT,
        "tiles": cover.tiles(book.id),
        "ground": cover.ground(book.id),
        "size": size,
        "small": cover.SMALL,
        "lines": lines,
        "x": cover.MARGIN if direction == "ltr" else cover.WIDTH - cover.MARGIN,
        "subject": cover.line(book.subject),
        "audience": cover.line(labels.audience.format(book.audience)) if book.audience else "",
    }
