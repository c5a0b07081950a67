"""What a recipe reads: a source document and the spans it falls into."""

from msgspec import Struct


class Chunk(Struct, frozen=True):
    """A span of a source: ``text[start:end]`` in code points, below the headings that lead to it.

    `heading` holds the titles from the outermost inwards, empty before the first heading;
    `language` is a tag such as ``en``, or ``und`` where none was recognised.
    """

    heading: tuple[str, ...]
    start: int
    end: int
    language: str


class Material(Struct, frozen=True, weakref=True):
    """A source document as generators read it; `text` is normalised Markdown."""

    source_id: str
    path: str
    title: str
    language: str
    text: str
    chunks: tuple[Chunk, ...]
