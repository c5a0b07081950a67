"""What every format is turned into, and why a file can be turned away."""

from msgspec import Struct

from service.refusal import Invalid, TooLarge, Unsupported


class Document(Struct, frozen=True):
    """A file's content as normalised Markdown.

    `title` and `language` are what the file says of itself, empty where it says nothing.
    """

    text: str
    title: str = ""
    language: str = ""


class Unreadable(Invalid):
    """The file cannot be read."""


class Empty(Invalid):
    """The file holds no text."""


class FileTooLarge(TooLarge):
    """The file is larger than a source document may be."""


class UnknownType(Unsupported):
    """The file is of a type that cannot be read; send Markdown, plain text, HTML or PDF."""
