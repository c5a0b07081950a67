"""Bytes as text, and text in the one normal form that spans are counted in."""

import codecs
import re
import unicodedata
from typing import Final

from service.library.document import Document, Unreadable

_BREAKS: Final = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_DROPPED: Final = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\ufeff\ud800-\udfff]"  # \t and \n stay
)
_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_LINK: Final = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")
_EMPHASIS: Final = re.compile(r"[*`]+|(?<!\w)_+|_+(?!\w)")
_CLOSING: Final = re.compile(r"(?:^|\s)#+$")
_FIELD: Final = re.compile(r"(?P<key>[\w-]+):[ \t]*(?P<value>.*)")


def decode(data: bytes, name: str) -> str:
    """Return the characters of `data`: UTF-8, or UTF-16 where a byte order mark says so.

    Raises `Unreadable`, naming the first byte that does not fit, and for NUL characters, which
    PostgreSQL cannot store.
    """
    encoding = "UTF-16" if data.startswith(_UTF16) else "UTF-8"
    try:
        text = data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise Unreadable(
            f"{name} is not {encoding}: the byte at offset {error.start:,}"
            f" (0x{data[error.start]:02X}) does not fit. Save it as UTF-8 and add it again."
        ) from None
    if (at := text.find("\0")) >= 0:
        raise Unreadable(
            f"{name} has a NUL character at offset {at:,}, so it is not a text file, or it is"
            " UTF-16 without a byte order mark. Save it as UTF-8 and add it again."
        )
    return text


def normalise(text: str) -> str:
    r"""Return `text` in NFC, with ``\n`` line ends, and no trailing space or control characters.

    Applying it twice changes nothing.
    """
    kept = _DROPPED.sub("", _BREAKS.sub("\n", text))
    lines = [line.rstrip() for line in unicodedata.normalize("NFC", kept).split("\n")]
    return "\n".join(lines).strip("\n")


def one_line(text: str, limit: int = 300) -> str:
    """Return `text` normalised, with white space as single spaces, at most `limit` long."""
    return " ".join(normalise(text).split())[:limit].rstrip()


def unmarked(heading: str) -> str:
    """Return a Markdown heading's words: emphasis, code marks and link targets taken off."""
    words = _LINK.sub(r"\1", heading.strip()[:1000])
    return one_line(_CLOSING.sub("", _EMPHASIS.sub("", words)))


def read_text(data: bytes, name: str) -> Document:
    """Read plain text."""
    return Document(normalise(decode(data, name)))


def read_markdown(data: bytes, name: str) -> Document:
    """Read Markdown; front matter gives title and language and is dropped."""
    text = normalise(decode(data, name))
    fields, body = front_matter(text)
    return Document(
        body,
        title=one_line(fields.get("title", "")),
        language=fields.get("language", fields.get("lang", "")),
    )


def front_matter(text: str) -> tuple[dict[str, str], str]:
    """Split off a leading ``---`` block: its plain ``key: value`` lines, and the rest.

    Nested or multi-line values are left out: only scalars are of use here, and a block that is
    not quite YAML must not cost the document.
    """
    lines = text.split("\n")
    end = next((n for n, line in enumerate(lines[1:], 1) if line in ("---", "...")), 0)
    if lines[0] != "---" or not end:
        return {}, text
    found = [match for line in lines[1:end] if (match := _FIELD.fullmatch(line))]
    if not found:
        return {}, text
    fields = {match["key"].lower(): _scalar(match["value"]) for match in found}
    return fields, "\n".join(lines[end + 1 :]).strip("\n")


def _scalar(value: str) -> str:
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return "" if value in (">", "|", ">-", "|-") else value[1:-1] if quoted else value.strip()
