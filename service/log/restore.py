"""Importing an exported log into a new database: the same positions, versions, times and seals."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import asyncpg
from msgspec import Struct

from service.database import Database
from service.log import archive, seal
from service.log.archive import Damaged, Header, Kind, Line
from service.sql import SQL

LINES: Final = 2_000
ROOM: Final = 8 << 20
"""A batch ends after so many lines, or bytes."""
TOLD: Final = 10_000
"""Lines between two signs of progress."""
BATCH_SECONDS: Final = 120.0
END_SECONDS: Final = 3_600.0
"""Deadline of the last call, which looks through all jobs of the log."""

Progress = Callable[[int, int], None]


class NotEmpty(Exception):  # noqa: N818 - a sentence about a database
    """The database holds a log already."""


class Restored(Struct, frozen=True):
    """What was imported; `resumed` is the line after which it was gone on with, 0 for none."""

    log_id: UUID
    head: int
    lines: int
    resumed: int
    seals: int


class Batch(Struct, frozen=True):
    """Lines of one kind that follow each other: the number and chain of the last one."""

    kind: Kind
    texts: list[str]
    number: int
    chain: bytes


def check(path: Path, progress: Progress) -> tuple[Header, bytes, int]:
    """Read a whole file; return what its first line says, that line's chain, and the lines' number.

    Raises `Damaged` with the number of the first line that is not as it was written.
    """
    found, counted = None, dict.fromkeys(archive.ORDER, 0)
    for line in archive.read(path):
        if found is None:
            found, first = archive.header(line), line.chain
        counted[line.kind] += 1
        if line.number % TOLD == 0 or line.kind == "end":
            progress(line.number, found.head + found.receipts + 2)
    if found is None or (counted["event"], counted["receipt"]) != (found.head, found.receipts):
        raise Damaged(f"{path} does not hold as many events and receipts as its first line says.")
    return found, first, sum(counted.values())


async def restore(
    database: Database, path: Path, checking: Progress, storing: Progress, sealing: Progress
) -> Restored:
    """Import a file, which is checked whole before anything of it is stored.

    Killed at any point, the next call goes on after what is stored. Raises `Damaged`, `NotEmpty`,
    Unavailable.
    """
    header, first, lines = await asyncio.to_thread(check, path, checking)
    begun = await asked(database, "log/begin_restore", header.log_id, header.head, first)
    stored = lines if begun["line"] is None else begun["line"]
    if begun["line"] is not None:
        batches = rest(path, stored, begun["chain"])
        batch = await asyncio.to_thread(next, batches, None)
        after = stored
        while batch is not None:
            storage = asyncio.create_task(store(database, after, batch))
            after, batch = batch.number, await asyncio.to_thread(next, batches, None)
            await storage
            storing(after, lines)
    await sealed(database, header.head, sealing)
    await compare(database, header)
    seals = header.head // seal.RANGE
    return Restored(header.log_id, header.head, lines, stored if stored > 1 else 0, seals)


def rest(path: Path, stored: int, chain: bytes) -> Iterator[Batch]:
    """Yield what follows the line `stored`, in batches.

    Raises `Damaged` where the lines up to it are not those that are stored.
    """
    gathered: list[Line] = []
    room = 0
    for line in archive.read(path):
        if line.number == stored and line.chain != chain:
            raise Damaged(f"{path} is not the file whose import began here: go on with that one.")
        if line.number <= stored:
            continue
        if gathered and (line.kind != gathered[-1].kind or len(gathered) == LINES or room > ROOM):
            yield batched(gathered)
            gathered, room = [], 0
        gathered.append(line)
        room += len(line.text)
    if gathered:
        yield batched(gathered)


def batched(lines: Sequence[Line]) -> Batch:
    """Return lines as one call takes them."""
    last = lines[-1]
    return Batch(last.kind, [line.text.decode() for line in lines], last.number, last.chain)


async def store(database: Database, after: int, batch: Batch) -> None:
    """Store a batch, which follows the line `after`, in one call."""
    if batch.kind == "end":
        await asked(database, "log/end_restore", after, batch.chain, timeout=END_SECONDS)
    elif batch.kind == "event":
        await asked(database, "log/restore_events", after, batch.texts, batch.chain)
    else:
        await asked(database, "log/restore_receipts", after, batch.texts, batch.chain)


async def asked(
    database: Database, name: str, *arguments: Any, timeout: float = BATCH_SECONDS
) -> Any:
    """Return the first row of a step. Raises `NotEmpty`, or `Damaged` where the log refuses it."""
    try:
        return await database.commands.fetchrow(SQL[name], *arguments, timeout=timeout)
    except asyncpg.ObjectNotInPrerequisiteStateError as error:
        kind = NotEmpty if name == "log/begin_restore" else Damaged
        raise kind(f"{error}.") from error


async def sealed(database: Database, head: int, progress: Progress) -> None:
    """Seal every closed range, which an import leaves to its end."""
    done = 0
    while made := await seal.seal(database):
        done += made * seal.RANGE
        progress(done, head)


async def compare(database: Database, header: Header) -> None:
    """Raise `Damaged` where the seals are not those of the log that was exported."""
    if header.seal is None:
        return
    row = await database.ops.fetchrow(SQL["log/sealed"], bytes.fromhex(header.seal.hash))
    if row["noted"] != header.seal.upto:
        raise Damaged(
            f"The imported log does not have the seal of the exported one at position"
            f" {header.seal.upto}: the file was altered, line by line, after it was written."
        )
