"""The file in which the ring of keys is kept: read whole or not at all, replaced in one step."""

import fcntl
import logging
import os
import re
import secrets
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from service.http.keyring import FIRST, Key, KeyRing
from service.settings import Secret, Settings
from service.variables import KEY_BYTES

NAME: Final = "keys.json"
MODE: Final = 0o600
FORBIDDEN: Final = stat.S_IRWXO | stat.S_IWGRP | stat.S_IXGRP
"""A group may read, as with mounted secrets; others may do nothing."""
LARGEST: Final = 64 * 1024
MOST: Final = 100
RANDOM_BYTES: Final = 64
KEY_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")

log: Final = logging.getLogger(__name__)


class KeyFileError(ValueError):
    """Why the ring cannot be used, and what to do; it never holds a key."""


class Entry(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A key as it is written; without a secret it is the one made of DAYBOOK_SECRET_KEY."""

    id: str
    secret: str | None = None
    not_before: datetime | None = None
    retire_at: datetime | None = None
    tokens_until: datetime | None = None

    def __repr__(self) -> str:
        """Return what may be seen of it."""
        return f"Entry({self.id})"


class Written(Struct, frozen=True, forbid_unknown_fields=True):
    """The file: its keys, oldest first."""

    keys: tuple[Entry, ...]


class KeyFile:
    """The ring at `path`; while there is no file, it is the one key made of `secret`."""

    def __init__(self, path: Path, secret: Secret, *, required: bool = False) -> None:
        """Look nowhere yet; `required` means that the file must be there."""
        self.path = path
        self._secret = secret
        self._required = required
        self._mark: tuple[int, ...] | int = ()

    def read(self) -> tuple[Key, ...]:
        """Return the keys, oldest first. Raises `KeyFileError`."""
        self._mark = self._seen()
        try:
            with self.path.open("rb") as file:
                self._guard(os.fstat(file.fileno()))
                raw = file.read(LARGEST + 1)
        except FileNotFoundError:
            if self._required:
                raise KeyFileError(
                    f"DAYBOOK_KEYS names {self.path}, which is not there:"
                    " run.py keys rotate makes it, or unset DAYBOOK_KEYS."
                ) from None
            return (Key(FIRST, self._secret),)
        except OSError as error:
            raise KeyFileError(
                f"The keys at {self.path} cannot be read: {error.strerror}."
            ) from None
        return self._decoded(raw)

    def changed(self) -> Sequence[Key] | None:
        """Return the keys if the file is another than at the last look, and good; else None."""
        if (seen := self._seen()) == self._mark:
            return None
        self._mark = seen
        try:
            keys = self._read_again(seen)
        except KeyFileError as error:
            log.error("%s Those read before stay in use.", error)  # noqa: TRY400 - a sentence
            return None
        log.info("the keys at %s were read again: %s", self.path, ", ".join(k.id for k in keys))
        return keys

    def write(self, keys: Sequence[Key]) -> None:
        """Replace the file in one step that outlives a loss of power. Raises `KeyFileError`."""
        entries = tuple(self._entry(key) for key in keys)
        text = msgspec.json.format(msgspec.json.encode(Written(entries)), indent=2)
        target = self.path.resolve()
        fresh = target.with_name(f".{target.name}.{os.getpid()}.{secrets.token_hex(4)}")
        try:
            fresh.touch(mode=MODE, exist_ok=False)
            with fresh.open("wb") as file:
                self._like_before(file.fileno(), target)
                file.write(text + b"\n")
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(target)
            _sync(target.parent)
        except OSError as error:
            raise KeyFileError(
                f"The keys at {target} cannot be written: {error.strerror}."
            ) from None
        finally:
            fresh.unlink(missing_ok=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the ring alone: who reads, changes and writes it loses nothing of another's."""
        path = self.path.resolve().with_name(f"{self.path.name}.lock")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(mode=MODE)
            file = path.open("rb+")
        except OSError as error:
            raise KeyFileError(
                f"The keys at {self.path} cannot be changed: {error.strerror}."
            ) from None
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _read_again(self, seen: tuple[int, ...] | int) -> tuple[Key, ...]:
        if isinstance(seen, int):
            raise KeyFileError(f"The keys at {self.path} cannot be read: {os.strerror(seen)}.")
        return self.read()

    def _seen(self) -> tuple[int, ...] | int:
        try:
            found = self.path.stat()
        except OSError as error:
            return error.errno or 0
        return found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_size

    def _guard(self, found: os.stat_result) -> None:
        if found.st_mode & FORBIDDEN:
            raise KeyFileError(
                f"The keys at {self.path} are open to others"
                f" (mode {stat.S_IMODE(found.st_mode):o}): chmod 600 {self.path},"
                " and rotate them if anybody could have read them."
            )

    def _decoded(self, raw: bytes) -> tuple[Key, ...]:
        try:
            entries = msgspec.json.decode(raw[: LARGEST + 1], type=Written).keys
            keys = tuple(self._key(entry) for entry in entries)
        except (msgspec.MsgspecError, ValueError):  # its sentence may repeat a key
            raise self._broken("it is not the JSON that run.py keys rotate writes") from None
        ids = [key.id for key in keys]
        if len(raw) > LARGEST or len(ids) > MOST or len(set(ids)) != len(ids):
            raise self._broken("it is too large, or names a key twice")
        if not keys or keys[-1].retire_at is not None:
            raise self._broken("its last key retires, so that none would be left to sign")
        return keys

    def _key(self, entry: Entry) -> Key:
        secret = Secret(entry.secret) if entry.secret is not None else self._secret
        times = (entry.not_before, entry.retire_at, entry.tokens_until)
        if not KEY_ID.fullmatch(entry.id) or (entry.secret is None and entry.id != FIRST):
            raise ValueError
        if len(secret.reveal().encode()) < KEY_BYTES or any(t and t.tzinfo is None for t in times):
            raise ValueError
        return Key(entry.id, secret, *times)

    def _entry(self, key: Key) -> Entry:
        secret = None if key.id == FIRST else key.secret.reveal()
        return Entry(key.id, secret, key.not_before, key.retire_at, key.tokens_until)

    def _broken(self, why: str) -> KeyFileError:
        return KeyFileError(
            f"The keys at {self.path} cannot be used: {why}. Restore the file from its backup."
        )

    @staticmethod
    def _like_before(descriptor: int, target: Path) -> None:
        """Keep the mode and the group of the file that is replaced, so that its readers stay."""
        with suppress(FileNotFoundError, PermissionError):
            before = target.stat()
            os.fchown(descriptor, -1, before.st_gid)
            os.fchmod(descriptor, stat.S_IMODE(before.st_mode) & ~FORBIDDEN)


def fresh_key(now: datetime) -> Key:
    """Return a new random key, named after its day."""
    name = f"{now.astimezone(UTC):%Y%m%d}-{secrets.token_hex(4)}"
    return Key(name, Secret(secrets.token_urlsafe(RANDOM_BYTES)), now)


def file_of(settings: Settings, *, required: bool = True) -> KeyFile:
    """Return where the ring of `settings` is kept: at DAYBOOK_KEYS, which must then be there."""
    path = settings.keys or settings.home / NAME
    return KeyFile(path, settings.secret_key, required=required and settings.keys is not None)


def ring(settings: Settings) -> KeyRing:
    """Return the ring of `settings`, followed while the process runs. Raises `KeyFileError`."""
    file = file_of(settings)
    return KeyRing(file.read(), file)


def _sync(folder: Path) -> None:
    """Make the names in `folder` outlive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
