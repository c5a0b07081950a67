"""A folder that files are written into whole: after a crash each is as it was, or as it is to be.

Only one process writes at a time. Nothing leads out of it: names are single ones, and what is a
link, though it stands where a file or a folder of ours is to be, is refused and not followed.
"""

import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

LOCK_SECONDS: Final = 20.0
"""How long a process waits for another that writes into the folder."""
LOOK_AGAIN: Final = 0.05
READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
ENTER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
FRESH: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class FolderError(OSError):
    """A file or folder could not be written; the text names it, and says what to do."""


class Folder:
    """A folder on the disk; its methods block, so a thread calls them."""

    def __init__(self, root: Path) -> None:
        """Touch nothing yet."""
        self._root = root
        self._at = -1

    def open(self, seconds: float = LOCK_SECONDS) -> None:
        """Make the folder if there is none, and lock it. Raises FolderError."""
        deadline = time.monotonic() + seconds
        with self._said(self._root):
            self._root.mkdir(parents=True, exist_ok=True)
            while not self._locked():
                if time.monotonic() > deadline:
                    raise FolderError(
                        f"{self._root} is being written by another process for {seconds:.0f}"
                        " seconds now. See whether one of them hangs."
                    )
                time.sleep(LOOK_AGAIN)

    def store(self, parts: Sequence[str], files: Mapping[str, bytes]) -> list[str]:
        """Let the folder below, named by `parts`, hold `files`; return those that were written.

        What holds the same already is left alone. Other files in it stay. Raises FolderError; of
        several files some may be written then, each whole.
        """
        with self._below(parts) as at:
            where = self._root.joinpath(*parts)
            changed = []
            for name, data in files.items():
                with self._said(where / name):
                    if _content(at, name, len(data)) != data:
                        _write(at, name, data)
                        changed.append(name)
            with self._said(where):
                os.fsync(at)
        return changed

    def held(self, parts: Sequence[str], name: str) -> bytes | None:
        """Return what a file in the folder below holds; None where there is no file of that name.

        Raises FolderError.
        """
        with self._below(parts) as at, self._said(self._root.joinpath(*parts, name)):
            return _content(at, name)

    def remove(self, parts: Sequence[str], names: Mapping[str, str]) -> list[str]:
        """Remove files by their names, each if its SHA-256 is as given; return those removed.

        Raises FolderError.
        """
        with self._below(parts) as at:
            removed = []
            for name, digest in names.items():
                with self._said(self._root.joinpath(*parts, name)):
                    found = _content(at, name)
                    if found is not None and sha256(found).hexdigest() == digest:
                        os.unlink(name, dir_fd=at)
                        removed.append(name)
            with self._said(self._root.joinpath(*parts)):
                os.fsync(at)
        return removed

    def close(self) -> None:
        """Let others write. Safe to call twice."""
        if self._at >= 0:
            os.close(self._at)
            self._at = -1

    def _locked(self) -> bool:
        """Lock what is there by that name now; it may have been removed and made anew meanwhile."""
        self.close()
        try:
            self._at = os.open(self._root, ENTER)
            fcntl.flock(self._at, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return os.path.samestat(os.fstat(self._at), self._root.stat())
        except BlockingIOError:
            return False
        except FileNotFoundError:
            self._root.mkdir(parents=True, exist_ok=True)
            return False

    @contextmanager
    def _below(self, parts: Sequence[str]) -> Iterator[int]:
        """Yield the open folder that `parts` lead to, made where it is missing."""
        at, where = os.dup(self._at), self._root
        try:
            for part in parts:
                where /= part
                with self._said(where):
                    outer, at = at, _entered(at, part)
                    os.close(outer)
            yield at
        finally:
            os.close(at)

    @contextmanager
    def _said(self, where: Path) -> Iterator[None]:
        """Raise what goes wrong as FolderError, with the path in front."""
        try:
            yield
        except FolderError:
            raise
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENOTDIR):
                does = "is a link, or no folder: nothing is written through it. Remove it."
            else:
                why = error.strerror or error
                does = f"cannot be written: {why}. It is tried again once that is mended."
            raise FolderError(f"{where} {does}") from error


def _entered(at: int, name: str) -> int:
    """Return the folder `name` in the folder `at`, open. Raises OSError, ValueError."""
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        raise ValueError(f"{name!r} is no name of one folder")
    with suppress(FileExistsError):
        os.mkdir(name, dir_fd=at)
        os.fsync(at)
    return os.open(name, ENTER | os.O_NOFOLLOW, dir_fd=at)


def _content(at: int, name: str, size: int | None = None) -> bytes | None:
    """Return what a file holds; None where it is none, or surely has not `size` bytes."""
    try:
        file = os.open(name, READ, dir_fd=at)
    except FileNotFoundError:
        return None
    with os.fdopen(file, "rb") as opened:
        found = os.fstat(file)
        wanted = stat.S_ISREG(found.st_mode) and size in {None, found.st_size}
        return opened.read() if wanted else None


def _write(at: int, name: str, data: bytes) -> None:
    """Put `data` in the place of the file, in one step, once all of it is on the disk."""
    part = f".{name}.part"
    with suppress(FileNotFoundError):
        os.unlink(part, dir_fd=at)  # of a process that was killed; nobody else is here
    try:
        with os.fdopen(os.open(part, FRESH, 0o666, dir_fd=at), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, name, src_dir_fd=at, dst_dir_fd=at)
    except BaseException:
        with suppress(OSError):
            os.unlink(part, dir_fd=at)
        raise
