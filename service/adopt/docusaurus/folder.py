"""The documents of a docs folder in the order of its sidebar, and why others are not among them."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final, Literal
from unicodedata import normalize

import msgspec
from msgspec import Struct

from service.adopt.docusaurus import address, document, matter
from service.adopt.docusaurus.address import Natural
from service.adopt.docusaurus.document import Document, Skipped
from service.adopt.moving import Unfit

LARGEST: Final = 1 << 19
"""Bytes of a document that is still read."""
DEEPEST: Final = 50
"""How many folders a document may lie in."""
SUFFIXES: Final = (".md", ".mdx")
CATEGORY: Final = ("_category_.json", "_category_.yml", "_category_.yaml")

Why = Literal["skipped", "refused"]
Key = tuple[int, float, Natural]


class Left(Struct, frozen=True):
    """What is not taken over, and why."""

    path: str
    why: Why
    reason: str


class Folder(Struct, frozen=True):
    """The documents of a folder, in order, and what is not taken over."""

    documents: tuple[Document, ...]
    left: tuple[Left, ...]


class _Entry(Struct, frozen=True):
    """A document or a folder, with what orders it among those beside it."""

    key: Key
    documents: tuple[Document, ...]


def read(root: Path) -> Folder:
    """Return what the docs folder at `root` holds.

    Raises `Unfit` where the folder itself cannot be read.
    """
    left: list[Left] = []
    documents = _Reading(root.resolve(), left).folder(root.resolve(), PurePosixPath())
    refused = {one.path: one.reason for one in _twice(documents)}
    left += [Left(path, "refused", reason) for path, reason in refused.items()]
    kept = tuple(one for one in documents if one.path not in refused)
    return Folder(kept, tuple(sorted(left, key=lambda one: one.path)))


class _Reading:
    """One pass over a folder."""

    def __init__(self, root: Path, left: list[Left]) -> None:
        self._root = root
        self._left = left
        self._seen = {root}

    def folder(self, place: Path, path: PurePosixPath) -> tuple[Document, ...]:
        """Return the documents of a folder and of those in it, in order."""
        before = len(self._left)
        try:
            names = sorted(os.listdir(place))  # noqa: PTH208 - names alone
        except OSError as error:
            raise Unfit(f"The folder cannot be read: {error.strerror or error}.") from error
        entries = [each for name in names for each in self._entry(place / name, path / name)]
        if not names or (path.parts and not entries and len(self._left) == before):
            self._left.append(Left(_shown(path), "skipped", "The folder is empty."))
        return tuple(one for each in sorted(entries, key=_key) for one in each.documents)

    def _entry(self, place: Path, path: PurePosixPath) -> Iterator[_Entry]:
        """Yield what stands at a path, or say why it is left."""
        try:
            yield from self._read(place, path)
        except Unfit as refusal:
            self._left.append(Left(_shown(path), "refused", str(refusal)))
        except Skipped as skipped:
            self._left.append(Left(_shown(path), "skipped", str(skipped)))
        except OSError as error:
            reason = f"It cannot be read: {error.strerror or error}."
            self._left.append(Left(_shown(path), "refused", reason))

    def _read(self, place: Path, path: PurePosixPath) -> Iterator[_Entry]:
        if path.name in CATEGORY:
            return
        if place.is_symlink() and not place.resolve().is_relative_to(self._root):
            raise Unfit("It is a link that leads out of the folder; put a copy in its place.")
        found = place.stat()
        if _hidden(path):
            raise Skipped("The site takes no page from a name that begins so.")
        if stat.S_ISDIR(found.st_mode):
            yield self._category(place, path)
        elif path.suffix.lower() not in SUFFIXES:
            raise Skipped("It is no page; it stays where it is, and links to it are kept.")
        elif not stat.S_ISREG(found.st_mode):
            raise Skipped("It is no file.")
        else:
            yield _page(place, path, found.st_size)

    def _category(self, place: Path, path: PurePosixPath) -> _Entry:
        if place.resolve() in self._seen:
            raise Unfit("It is a link to a folder that is read already.")
        if len(path.parts) > DEEPEST:
            raise Unfit(f"It lies in more than {DEEPEST} folders; move it up.")
        self._seen.add(place.resolve())
        position = _position(place)
        documents = self.folder(place, path)
        own = next((one for one in documents if _is_page_of(one, path)), None)
        if position is None:
            own_position = own.position if own else None
            position = address.prefix(path.name)[0] if own_position is None else own_position
        return _Entry(_sorting(position, path.name), documents)


def _page(place: Path, path: PurePosixPath, size: int) -> _Entry:
    if size > LARGEST:
        raise Unfit(f"It has {size:,} bytes; a document may have {LARGEST:,}. Split it.")
    found = document.read(place.read_bytes(), _name(path))
    # A folder's own page is the folder's entry in the sidebar, so it comes before what is in it.
    if path.parent.parts and address.is_index(path):
        return _Entry((-1, 0.0, ()), (found,))
    return _Entry(_sorting(found.position, path.name), (found,))


def _position(place: Path) -> float | None:
    """Return the position that a folder's category file gives it. Raises `Unfit`."""
    file = next((place / name for name in CATEGORY if (place / name).is_file()), None)
    if file is None:
        return None
    try:
        text = file.read_bytes()[:LARGEST].decode()
        said = msgspec.json.decode(text) if file.suffix == ".json" else matter.read(text, file.name)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unfit(f"Its {file.name} cannot be read: {error}.") from error
    if not isinstance(said, dict):
        raise Unfit(f"Its {file.name} is no object.")
    position = said.get("position")
    words = {} if position is None else {"position": str(position)}
    return matter.number(words, "position", file.name)


def _twice(documents: tuple[Document, ...]) -> Iterator[Left]:
    """Yield the documents that share their address or, letters' case apart, their path."""
    for name, what in (("address", "address"), ("path", "path, letters' case apart,")):
        known: dict[str, str] = {}
        for one in documents:
            said = normalize("NFC", getattr(one, name)).casefold()
            if said in known:
                reason = f"It has the {what} of {known[said]}. Give one of them another."
                yield Left(one.path, "refused", reason)
            known.setdefault(said, one.path)


def _sorting(position: float | None, name: str) -> Key:
    return (
        (1, 0.0, address.natural(name))
        if position is None
        else (0, position, address.natural(name))
    )


def _key(entry: _Entry) -> Key:
    return entry.key


def _is_page_of(one: Document, path: PurePosixPath) -> bool:
    place = PurePosixPath(one.path)
    return place.parent == path and address.is_index(place)


def _hidden(path: PurePosixPath) -> bool:
    return path.name.startswith((".", "_")) or ".test." in path.name


def _name(path: PurePosixPath) -> str:
    """Return a document's path in the normal form of names. Raises `Unfit` for what is no text."""
    try:
        path.as_posix().encode()
    except UnicodeEncodeError as error:
        raise Unfit("Its name is no UTF-8; rename it.") from error
    return normalize("NFC", path.as_posix())


def _shown(path: PurePosixPath) -> str:
    return path.as_posix().encode("utf-8", "backslashreplace").decode()
