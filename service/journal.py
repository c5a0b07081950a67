"""A journal: entries by id in one file, which outlives its process; a free lock means that it did.

A file begins with `MAGIC`. Records follow: the length and the crc32 of a body (4 bytes each, big
endian), then the body: what it does (1 byte), the id (16 bytes), and of a put the entry.
"""

import fcntl
import logging
import os
import struct
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

MAGIC: Final = b"daybook spool 1\n"
SUFFIX: Final = ".journal"
HEAD: Final = struct.Struct(">II")
PUT: Final = b"+"
DROP: Final = b"-"
KEYED: Final = 17
"""Bytes of a body that are no entry: what it does, and the id."""

log: Final = logging.getLogger(__name__)


class Journal:
    """One file, locked by whoever has it open; `size` is where its last whole record ends.

    It is `sound` until the disk has failed in a way that leaves open what is in it.
    """

    def __init__(self, path: Path, file: FileIO, size: int) -> None:
        """Take a file that is open and locked."""
        self.path = path
        self.size = size
        self.sound = True
        self._file = file

    def append(self, records: bytes, *, durable: bool) -> None:
        """Write `records` after the last whole one; `durable` ones are on the disk then.

        Raises OSError; nothing of them is left in a file that is still `sound` then.
        """
        self.sound = False
        view = memoryview(records)
        try:
            while view:
                view = view[self._file.write(view) or 0 :]
        except OSError:
            self._cut(self.size)
            raise
        if durable:
            os.fsync(self._file.fileno())  # once this has failed, it would succeed for no reason
        self.size += len(records)
        self.sound = True

    def empty(self) -> None:
        """Forget every record. Raises OSError."""
        self._cut(len(MAGIC))

    def entries(self) -> dict[UUID, bytes]:
        """Return the latest entry of each id that was put and not dropped, oldest put first.

        What a process that died had written in part is no record: it is left out, with a warning.
        """
        self._file.seek(0)
        content = self._file.readall() or b""
        left: dict[UUID, bytes] = {}
        end = len(MAGIC) if content.startswith(MAGIC) else 0
        for body in records_of(content) if end else ():
            end += HEAD.size + len(body)
            entry_id = UUID(bytes=body[1:KEYED])
            left.pop(entry_id, None)
            if body[:1] == PUT:
                left[entry_id] = body[KEYED:]
        if end < len(content):
            lost = len(content) - end
            log.warning("the last %d bytes of %s are no whole record; cut off", lost, self.path)
        return left

    def remove(self) -> None:
        """Delete the file and let it go. Raises OSError."""
        self.path.unlink(missing_ok=True)
        _settle(self.path.parent)
        self.release()

    def release(self) -> None:
        """Let the file go as it is: whoever adopts it finds what is in it."""
        self._file.close()

    def _cut(self, size: int) -> None:
        self._file.truncate(size)
        self.size, self.sound = size, True


def begin(folder: Path, entries: Mapping[UUID, bytes]) -> Journal:
    """Return a new journal of `folder`, locked, that holds `entries` on the disk. Raises OSError.

    It gets its name once it is locked, so nobody takes it for that of a dead process.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{time.time_ns():020}-{uuid4().hex[:8]}{SUFFIX}"
    unnamed = path.with_suffix(".new")
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND
    file = FileIO(os.open(unnamed, flags, mode=0o600), "r+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        journal = Journal(path, file, 0)
        journal.append(MAGIC + b"".join(put(i, e) for i, e in entries.items()), durable=True)
        unnamed.rename(path)
        _settle(folder)
    except OSError:
        file.close()
        for name in (unnamed, path):
            with suppress(OSError):
                name.unlink()
        raise
    return journal


def dead(folder: Path) -> Iterator[Journal]:
    """Yield, locked, each journal of `folder` whose process is gone, oldest first."""
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            file = FileIO(path, "r+")
        except OSError as error:
            if not isinstance(error, FileNotFoundError):  # then another process has adopted it
                log.warning("%s is left alone, since it cannot be opened: %s", path, error)
            continue
        if _locked(path, file):
            yield Journal(path, file, os.fstat(file.fileno()).st_size)
        else:
            file.close()


def put(entry_id: UUID, entry: bytes) -> bytes:
    """Return the record that keeps `entry`."""
    return _record(PUT + entry_id.bytes + entry)


def drop(entry_id: UUID) -> bytes:
    """Return the record that forgets an entry."""
    return _record(DROP + entry_id.bytes)


def records_of(content: bytes) -> Iterator[bytes]:
    """Yield the bodies of the whole records after the magic, up to the first that is none."""
    at = len(MAGIC)
    while at + HEAD.size <= len(content):
        length, checksum = HEAD.unpack_from(content, at)
        body = content[at + HEAD.size : at + HEAD.size + length]
        if not KEYED <= length == len(body) or zlib.crc32(body) != checksum:
            return
        yield body
        at += HEAD.size + length


def _locked(path: Path, file: FileIO) -> bool:
    """Lock `file`, unless its process lives or it has been removed from `path` meanwhile."""
    with suppress(OSError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return path.stat().st_ino == os.fstat(file.fileno()).st_ino
    return False


def _record(body: bytes) -> bytes:
    return HEAD.pack(len(body), zlib.crc32(body)) + body


def _settle(folder: Path) -> None:
    """Make the names in `folder` durable."""
    with suppress(OSError):  # some file systems know no such thing
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
