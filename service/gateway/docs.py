"""The docs folder: what is published of textbooks, as pages of a Docusaurus site, kept up.

``<TEXTBOOK_DOCS>/<slug>/``: `_category_.json`, `index.md`, a page per chapter, and a list of them
all, by which those that are no more are known for ours. Other tenants than the default one have a
folder of their own there, ``@<tenant id>``, in addresses too.
"""

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from service.database import Database
from service.export.docusaurus import files as pages
from service.gateway.course_file import name
from service.gateway.files import DEFAULT, ended, opened, waited
from service.gateway.folder import Folder, FolderError
from service.gateway.subscriber import Subscriber
from service.http.call import Resources
from service.log.codec import classes_of
from service.log.event import Recorded
from service.textbook.events import ChapterPublished
from service.textbook.published import PublishedTextbook
from service.textbook.views import published

NAME: Final = "docs"
TYPES: Final = tuple(classes_of((ChapterPublished,)))
LIST: Final = ".daybook.json"

log: Final = logging.getLogger(__name__)


class Listed(Struct, frozen=True):
    """The files of a textbook's folder that we wrote, by name, each with its SHA-256."""

    textbook: UUID
    files: dict[str, str]


def docs(of: Resources) -> Subscriber | None:
    """Return the subscriber that keeps the docs folder, if there is to be one."""
    root = of.settings.textbook_docs
    return None if root is None else Subscriber(NAME, TYPES, partial(keep, of.database, root))


async def keep(database: Database, root: Path, events: Sequence[Recorded]) -> None:
    """Bring the pages of the textbooks that `events` happened to up to date.

    Raises FolderError where the disk does not take it, or another's file stands in the way;
    Unavailable.
    """
    latest = {event.stream_id: event for event in events}
    for event in latest.values():
        await write(database, root, event.tenant_id, event.stream_id, event.position)


async def write(
    database: Database, root: Path, tenant_id: UUID, textbook_id: UUID, position: int = 0
) -> bool:
    """Write the pages of one textbook below `root`, and tell whether something was to be written.

    It is read while the folder is locked, so that nobody writes older things over newer ones.
    Raises `Behind` where the read models are still before `position`, FolderError, Unavailable.
    """
    async with opened(root) as folder:
        book = await published(database, tenant_id, textbook_id)
        if book is None:
            await waited(database, "textbook", textbook_id, position)
            return False
        return await ended(asyncio.to_thread(stored, folder, book))


def stored(folder: Folder, book: PublishedTextbook) -> bool:
    """Let the folder hold the pages of a textbook, and of ours no others. Raises FolderError."""
    place, found = placed(book)
    before = known(folder, place, book.id)
    if before is None:
        refuse_others(folder, place, found)
    stale = {at: digest for at, digest in (before or {}).items() if at not in found}
    now = {at: sha256(data).hexdigest() for at, data in found.items()}
    changed = [
        *folder.store(place, {LIST: listed(book.id, stale | now)}),
        *folder.store(place, found),
    ]
    if stale:
        changed += folder.remove(place, stale)
        folder.store(place, {LIST: listed(book.id, now)})
    return bool(changed)


def placed(book: PublishedTextbook) -> tuple[tuple[str, ...], dict[str, bytes]]:
    """Return the folder of a textbook below that of all, and its pages by their names."""
    own = name(book.slug, book.id)
    place = (own,) if book.tenant_id == DEFAULT else (f"@{book.tenant_id}", own)
    found = pages(replace(book, slug="/".join(place)))
    return place, {path.rpartition("/")[2]: data for path, data in found}


def known(folder: Folder, place: Sequence[str], textbook_id: UUID) -> dict[str, str] | None:
    """Return the files there that are ours; None where there is no list of this textbook."""
    data = folder.held(place, LIST)
    try:
        found = msgspec.json.decode(data or b"", type=Listed)
    except msgspec.DecodeError:
        return None
    return found.files if found.textbook == textbook_id else None


def refuse_others(folder: Folder, place: Sequence[str], found: Mapping[str, bytes]) -> None:
    """Raise FolderError where a file of somebody else stands in the place of one of `found`."""
    for at, data in found.items():
        if folder.held(place, at) not in {None, data}:
            raise FolderError(
                f"{'/'.join((*place, at))} is not of our making, and a page of a textbook is to be"
                " there. Move it away; the page is written then."
            )


def listed(textbook_id: UUID, files: Mapping[str, str]) -> bytes:
    """Return the list of our files, as it stands in the folder."""
    held = {"textbook": str(textbook_id), "files": dict(sorted(files.items()))}
    return json.dumps(held, ensure_ascii=False, indent=2).encode() + b"\n"
