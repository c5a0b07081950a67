"""An exported log as a file: a line of JSON for each thing, and each line chained to those before.

The first line says which log it is and how far it goes, then come its events in order, its receipts
by key, and a last line, without which the file has been cut off. The end of each line, ``"chain"``,
is the beginning of sha256 over the digest of the lines before and this line without that member. A
file whose name ends in .zst is a row of zstd frames (RFC 8878), each of whole lines.
"""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final, Literal, NamedTuple
from uuid import UUID

import msgspec
import zstandard
from msgspec import Struct

FORMAT: Final = 1
MEMBER: Final = b',"chain":"'
SUFFIX: Final = len(MEMBER) + 16 + len(b'"}\n')
CHUNK: Final = 1 << 20
LEVEL: Final = 3

Kind = Literal["header", "event", "receipt", "end"]
BEGINNINGS: Final[dict[bytes, Kind]] = {
    b'{"position"': "event",
    b'{"key":"': "receipt",
    b'{"end":true': "end",
    b'{"daybook":': "header",
}
"""What the kinds of lines begin with, in the order of how many there are."""
ORDER: Final[Sequence[Kind]] = ("header", "event", "receipt", "end")


class Damaged(Exception):  # noqa: N818 - a sentence about a file
    """The file is not, or not whole, what the export wrote."""


class SealedAt(Struct, frozen=True):
    """The last seal of a log: the position it covers, and its hash in hex digits."""

    upto: int
    hash: str


class Header(Struct, frozen=True, kw_only=True):
    """The first line: which log it is, how far it goes, and how much there is of it."""

    daybook: Literal["log"] = "log"
    format: int
    log_id: UUID
    head: int
    receipts: int
    seal: SealedAt | None


class Line(NamedTuple):
    """A line that follows from those before: `text` is without its chain.

    `chain` is the digest of all lines up to it. `end` is where in the file the next line could be
    written; 0 inside a zstd frame.
    """

    number: int
    kind: Kind
    text: bytes
    chain: bytes
    end: int


def chained(texts: Sequence[str], before: bytes) -> tuple[bytes, bytes]:
    """Return JSON objects as lines, and the digest of all lines up to the last of them."""
    lines: list[bytes] = []
    for text in texts:
        line = text.encode()
        before = hashlib.sha256(before + line).digest()
        lines += (line[:-1], MEMBER, before[:8].hex().encode(), b'"}\n')
    return b"".join(lines), before


def read(path: Path) -> Iterator[Line]:
    """Yield the lines of an export, checked one by one.

    Raises `Damaged` with the number of the first line that is not as it was written, and after
    the last line where that is not the one that ends an export.
    """
    chain, stage, number = b"", 0, 0
    with path.open("rb") as file:
        lines = _frames(file) if path.suffix == ".zst" else _plain(file)
        for number, (line, end) in enumerate(lines, 1):
            text = line[:-SUFFIX] + b"}"
            chain = hashlib.sha256(chain + text).digest()
            if line[-SUFFIX:] != b'%s%s"}\n' % (MEMBER, chain[:8].hex().encode()):
                raise Damaged(f"{path}, line {number}: {_said(line, number)}.")
            kind = next((k for begin, k in BEGINNINGS.items() if line.startswith(begin)), None)
            if kind is None or ORDER.index(kind) < stage or (kind == "header") != (number == 1):
                raise Damaged(f"{path}, line {number}: there is no such line in an export.")
            stage = ORDER.index(kind) + (kind in {"header", "end"})
            yield Line(number, kind, text, chain, end)
    if stage <= ORDER.index("end"):
        raise Damaged(f"{path} is cut off after line {number}.")


def header(line: Line) -> Header:
    """Return what the first line says. Raises `Damaged` where this release cannot read the file."""
    try:
        found = msgspec.json.decode(line.text, type=Header)
    except msgspec.ValidationError as error:
        raise Damaged(f"The first line is not that of an exported log: {error}.") from error
    if found.format != FORMAT:
        raise Damaged(f"The file has format {found.format}; this release knows {FORMAT}.")
    return found


def pack(path: Path, lines: bytes) -> bytes:
    """Return lines as they are written to the file of that name."""
    if path.suffix != ".zst":
        return lines
    return zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).compress(lines)


def _said(line: bytes, number: int) -> str:
    if number == 1:
        return "this is no exported log"
    if not line.endswith(b"\n"):
        return "the file is cut off in this line"
    return "it was altered, or a line before it is missing"


def _plain(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    end = 0
    for line in file:
        end += len(line)
        yield line, end


def _frames(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Yield the lines of all frames, the last line of each with where its frame ends."""
    rest, held = b"", b""
    for data, end in _inflated(file):
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            if held:
                yield held, 0
            held = line + b"\n"
        if held and end:
            yield held, 0 if rest else end
            held = b""
    yield from ((line, 0) for line in (held, rest) if line)


def _inflated(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Yield what is in the frames, with where a frame ends; up to where that cannot be read."""
    read = 0
    frame = zstandard.ZstdDecompressor().decompressobj()
    while chunk := file.read(CHUNK):
        read += len(chunk)
        while chunk:
            try:
                data = frame.decompress(chunk)
            except zstandard.ZstdError:
                return
            chunk = frame.unused_data if frame.eof else b""
            yield data, read - len(chunk) if frame.eof else 0
            if frame.eof:
                frame = zstandard.ZstdDecompressor().decompressobj()
