"""A received file as a document: what it is, how it is read, when it is refused."""

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Final

from msgspec.structs import replace

from service.library.apart import read_apart
from service.library.document import Document, Empty, FileTooLarge, UnknownType
from service.library.html import read_html
from service.library.plain import read_markdown, read_text, unmarked

LIMIT: Final = 20_000_000  # bytes of one file

Reader = Callable[[bytes, str, float], Document]
_NEAR: Final = 100_000  # bytes of HTML that even at its worst is parsed in half a second


def _plain(read: Callable[[bytes, str], Document]) -> Reader:
    return lambda data, name, _: read(data, name)


def _html(data: bytes, name: str, seconds: float) -> Document:
    if len(data) <= _NEAR:
        return read_html(data, name)
    return read_apart(data, name, "text/html", seconds=seconds)


def _pdf(data: bytes, name: str, seconds: float) -> Document:
    return read_apart(data, name, "application/pdf", seconds=seconds)


READERS: Final[Mapping[str, Reader]] = {
    "text/markdown": _plain(read_markdown),
    "text/plain": _plain(read_text),
    "text/html": _html,
    "application/pdf": _pdf,
}
SUFFIXES: Final[Mapping[str, str]] = {
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".mdx": "text/markdown",
    ".txt": "text/plain",
    ".text": "text/plain",
    ".html": "text/html",
    ".htm": "text/html",
    ".xhtml": "text/html",
    ".pdf": "application/pdf",
}
_ALIASES: Final = {"text/x-markdown": "text/markdown", "application/xhtml+xml": "text/html"}
_VAGUE: Final = ("", "application/octet-stream", "binary/octet-stream", "text/plain")


def media_type_of(name: str, declared: str = "") -> str:
    """Return the media type to read `name` as; the suffix decides where `declared` is vague.

    Raises `UnknownType`.
    """
    said = declared.partition(";")[0].strip().lower()
    suffix = PurePosixPath(name).suffix.lower()
    vague = said in _VAGUE
    found = (SUFFIXES.get(suffix, said) if vague else _ALIASES.get(said, said)) or suffix
    if found not in READERS:
        raise UnknownType(
            f"{name} is of a type that cannot be read ({found or 'no suffix, no media type'})."
            " Send Markdown (.md), plain text (.txt), HTML (.html) or PDF (.pdf)."
        )
    return found


def extract(data: bytes, name: str, media_type: str, *, seconds: float = 60.0) -> Document:
    """Read `data`, a file called `name`, as `media_type` (one of `READERS`).

    The result always has text and a title. Raises `FileTooLarge`, `Unreadable` or `Empty`.
    May take up to `seconds` for a large PDF: call it in a thread.
    """
    if len(data) > LIMIT:
        raise FileTooLarge(
            f"{name} has {len(data):,} bytes; a source may have {LIMIT:,}. Split it and add the"
            " parts."
        )
    document = READERS[media_type](data, name, seconds)
    if not any(map(str.isalnum, document.text)):
        raise Empty(f"{name} holds no text. Check that it is the file you meant.")
    return document if document.title else replace(document, title=_title(document.text, name))


def _title(text: str, name: str) -> str:
    first = next((line for line in text.split("\n") if line.startswith("# ")), "")
    stem = PurePosixPath(name).stem.replace("_", " ").replace("-", " ")
    return unmarked(first[2:]) or stem.strip() or name
