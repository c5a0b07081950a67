"""PDF as text: what its pages say, with its bookmarks as headings."""

import io
from collections.abc import Iterator
from typing import Any, Final

from pypdf import PdfReader
from pypdf.errors import DependencyError

from service.library.document import Document, Empty, Unreadable
from service.library.pages import join
from service.library.plain import normalise, one_line

LONGEST: Final = 10_000_000  # characters; a small file can unfold into far more
_ENCRYPTED: Final = "is protected by a password. Save a copy without it and add that."
_BROKEN: Final = "cannot be read as a PDF. Open it, export it as PDF again, and add that."
_LONG: Final = f"holds more than {LONGEST:,} characters. Split it and add the parts."
_SCANNED: Final = (
    "holds no text: its pages are pictures. Run it through text recognition (OCR) and add that."
)


def read_pdf(data: bytes, name: str) -> Document:
    """Read a PDF's text; raise `Unreadable` or `Empty`.

    It may take long and much memory: `service.library.apart` bounds both.
    """
    if b"%PDF-" not in data[:1024]:
        raise Unreadable(f"{name} {_BROKEN}")
    try:
        document = _document(_opened(data, name), name)
    except Unreadable:
        raise
    except DependencyError:  # a cipher that pypdf leaves to another package
        raise Unreadable(f"{name} {_ENCRYPTED}") from None
    except Exception:  # noqa: BLE001 - a parser fed rubbish may raise anything
        raise Unreadable(f"{name} {_BROKEN}") from None
    if not document.text:
        raise Empty(f"{name} {_SCANNED}")
    return document


def _opened(data: bytes, name: str) -> PdfReader:
    reader = PdfReader(io.BytesIO(data))
    if reader.is_encrypted and not reader.decrypt(""):  # owners' restrictions alone need none
        raise Unreadable(f"{name} {_ENCRYPTED}")
    return reader


def _document(reader: PdfReader, name: str) -> Document:
    pages = []
    left = LONGEST
    for page in reader.pages:
        pages.append(_sound(page.extract_text()))
        left -= len(pages[-1])
        if left < 0:
            raise Unreadable(f"{name} {_LONG}")
    title = (reader.metadata.title if reader.metadata else None) or ""
    text = normalise(join(pages, list(_bookmarks(reader))))
    return Document(text, title=one_line(_sound(title)))


def _bookmarks(reader: PdfReader) -> Iterator[tuple[str, int]]:
    """Yield each bookmark's title and level (1 to 6), in reading order."""
    pending: list[tuple[Any, int]] = [(entry, 1) for entry in reversed(reader.outline)]
    while pending:
        entry, level = pending.pop()
        if isinstance(entry, list):
            pending.extend((child, min(level + 1, 6)) for child in reversed(entry))
        elif entry.title:
            yield one_line(_sound(entry.title)), level


def _sound(text: str) -> str:
    return text.encode("utf-8", "replace").decode()  # fonts can map to lone surrogates
