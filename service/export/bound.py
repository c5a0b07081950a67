"""A printed PDF made a book: dated as it was published, with an outline that says its headings.

What Chromium prints bears the time of printing. The titles of its outline are gathered from what
is painted: words broken over two lines are joined, those from right to left come in reverse.
"""

import io
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final
from xml.etree import ElementTree as ET

from pypdf import PdfWriter
from pypdf.generic import BooleanObject, DictionaryObject, NameObject, TextStringObject

HEADER: Final = "%PDF-1.4"
"""What Chromium writes; pypdf would say 1.3, which has no tags."""
PRODUCER: Final = "Daybook"
XHTML: Final = "{http://www.w3.org/1999/xhtml}"
HEADINGS: Final = frozenset(f"{XHTML}h{level}" for level in range(1, 7))


def bound(data: bytes, html: bytes) -> bytes:
    """Return the PDF `data` of the page `html`, which tells its date, direction and headings."""
    page = ET.fromstring(html)  # noqa: S314 - our own page, which declares no entities
    writer = PdfWriter(clone_from=io.BytesIO(data))
    writer.pdf_header = HEADER
    date = published(page)
    writer.add_metadata({"/CreationDate": date, "/ModDate": date, "/Creator": PRODUCER})
    preferences = writer.create_viewer_preferences()
    preferences[NameObject("/DisplayDocTitle")] = BooleanObject(True)
    direction = "/R2L" if page.get("dir") == "rtl" else "/L2R"
    preferences[NameObject("/Direction")] = NameObject(direction)
    writer.page_mode = "/UseOutlines"
    name(list(items(writer.root_object)), headings(page))
    made = io.BytesIO()
    writer.write(made)
    return made.getvalue()


def published(page: ET.Element) -> str:
    """Return when the book on a page was published, as PDF writes a time (ISO 32000, 7.9.4)."""
    meta = page.find(f"{XHTML}head/{XHTML}meta[@name='dcterms.modified']")
    said = "" if meta is None else meta.get("content", "")
    return f"D:{datetime.fromisoformat(said):%Y%m%d%H%M%S}Z"


def headings(page: ET.Element) -> list[str]:
    """Return the headings of a page, in the order of reading."""
    return [
        " ".join("".join(each.itertext()).split()) for each in page.iter() if each.tag in HEADINGS
    ]


def items(above: Any) -> Iterator[DictionaryObject]:
    """Yield the items of an outline, each before those below it."""
    outlines = above.get("/Outlines")
    waiting = [outlines.get_object().get("/First")] if outlines else []
    while waiting:
        if (held := waiting.pop()) is not None:
            item = held.get_object()
            yield item
            waiting += [item.get("/Next"), item.get("/First")]


def name(outline: list[DictionaryObject], titles: list[str]) -> None:
    """Call the items of an outline as the headings they lead to, if it has one for each."""
    if len(outline) == len(titles):
        for item, title in zip(outline, titles, strict=True):
            item[NameObject("/Title")] = TextStringObject(title)
