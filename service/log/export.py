"""Exporting the log: pages of lines, in flat memory, gone on with after whatever interrupts it."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct

from service.database import Database
from service.log import archive
from service.log.archive import Damaged, Header, Line, SealedAt
from service.sql import SQL

LINES: Final = 2_000
"""Lines of a page; in a .zst file a page is a frame."""
ROOM: Final = 4 << 20
"""Bytes after which a page ends, as the server stores them: here they are a few times more."""
PAGE_SECONDS: Final = 120.0

Progress = Callable[[int, int], None]


class Exported(Struct, frozen=True):
    """What the file holds; `resumed` is the line after which it was gone on with, 0 for none."""

    log_id: UUID
    head: int
    events: int
    receipts: int
    resumed: int


class Stand(Struct):
    """How far the file is: what its good lines hold, the last one's chain, and where it ends."""

    header: Header | None = None
    line: int = 0
    events: int = 0
    receipts: int = 0
    key: UUID | None = None
    chain: bytes = b""
    end: int = 0
    whole: bool = False


class Foreign(Exception):  # noqa: N818 - a sentence about a file
    """There is something else in the file, which stays as it is."""


async def export(database: Database, path: Path, progress: Progress) -> Exported:
    """Write the whole log to `path`, as it is when the export begins.

    A file that an interrupted export of this log has left is gone on with after its last good line,
    and in the end is no other than if nothing had happened. `progress` is told how many lines are
    written, and of how many. Raises `Foreign` where the file holds anything else, Unavailable.
    """
    begins = await database.ops.fetchrow(SQL["log/export_head"], timeout=PAGE_SECONDS)
    stand = await asyncio.to_thread(found, path)
    header = stand.header or opening(begins)
    if header.log_id != begins["id"] or header.head > begins["head"]:
        raise Foreign(f"{path} is an export of another log; name another file.")
    if stand.whole:
        raise Foreign(f"{path} is a whole export, up to position {header.head}; nothing is to do.")
    resumed, total = stand.line, header.head + header.receipts + 2
    with path.open("ab") as file:
        file.truncate(stand.end)
        async for texts in pages(database, header, stand):
            lines, stand.chain = await asyncio.to_thread(archive.chained, texts, stand.chain)
            file.write(await asyncio.to_thread(archive.pack, path, lines))
            file.flush()
            stand.line += len(texts)
            progress(stand.line, total)
        os.fsync(file.fileno())
    return Exported(header.log_id, header.head, stand.events, stand.receipts, resumed)


async def pages(database: Database, header: Header, stand: Stand) -> AsyncIterator[list[str]]:
    """Yield what is missing in the file, page by page; the next is on its way meanwhile."""
    if stand.header is None:
        yield [msgspec.json.encode(header).decode()]
    asked = asyncio.create_task(events(database, stand.events, header.head))
    while rows := await asked:
        stand.events = rows[-1]["position"]
        asked = asyncio.create_task(events(database, stand.events, header.head))
        yield [row["line"] for row in rows]
    asked = asyncio.create_task(receipts(database, stand.key, header.head))
    while rows := await asked:
        stand.key = rows[-1]["key"]
        stand.receipts += len(rows)
        asked = asyncio.create_task(receipts(database, stand.key, header.head))
        yield [row["line"] for row in rows]
    yield [f'{{"end":true,"events":{stand.events},"receipts":{stand.receipts}}}']


async def events(database: Database, after: int, head: int) -> list[Any]:
    """Return a page of events after position `after`, as lines."""
    arguments = (after, head, LINES, ROOM)
    return await database.ops.fetch(SQL["log/export_events"], *arguments, timeout=PAGE_SECONDS)


async def receipts(database: Database, after: UUID | None, head: int) -> list[Any]:
    """Return a page of receipts after key `after`, as lines."""
    arguments = (after, head, LINES)
    return await database.ops.fetch(SQL["log/export_receipts"], *arguments, timeout=PAGE_SECONDS)


def opening(begins: Any) -> Header:
    """Return the first line of an export of the log as it stands."""
    seal = SealedAt(begins["upto"], begins["hash"]) if begins["hash"] else None
    return Header(
        format=archive.FORMAT, log_id=begins["id"], head=begins["head"],
        receipts=begins["receipts"], seal=seal,
    )  # fmt: skip


def found(path: Path) -> Stand:
    """Return how far a file is; in a .zst file, up to its last whole frame.

    Raises `Foreign` where it holds something that no export has left.
    """
    stand, latest = Stand(), Stand()
    if not path.exists() or path.stat().st_size == 0:
        return stand
    try:
        for line in archive.read(path):
            note(latest, line)
            if line.end:
                stand = msgspec.structs.replace(latest)
    except Damaged as error:
        if stand.line == 0 and latest.line == 0:
            raise Foreign(f"{path} holds something else; name another file.") from error
    return stand


def note(stand: Stand, line: Line) -> None:
    """Take a good line into account."""
    match line.kind:
        case "header":
            stand.header = archive.header(line)
        case "event":
            stand.events += 1
        case "receipt":
            stand.receipts += 1
            stand.key = msgspec.json.decode(line.text, type=Key).key
        case "end":
            stand.whole = True
    stand.line, stand.chain, stand.end = line.number, line.chain, line.end


class Key(Struct, frozen=True):
    """What of a receipt says where to go on."""

    key: UUID
