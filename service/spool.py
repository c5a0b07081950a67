"""A spool: what must outlive this process until the database has it, kept on the disk.

Two of them are in use, each a folder: generation requests that came while the database was away,
and calls of a model that were paid for. Each process has a journal of its own there.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from copy import copy
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeVar
from uuid import UUID

from msgspec import Struct

from service import journal
from service.journal import Journal
from service.refusal import Unavailable

T = TypeVar("T")

MOST: Final = 10_000
MOST_BYTES: Final = 64 << 20
WASTE_BYTES: Final = 4 << 20
"""Bytes of dropped and replaced entries that a journal may hold beside as many that count."""

log: Final = logging.getLogger(__name__)


class SpoolFull(Unavailable):
    """As much as may wait on the disk for the database waits there; repeat the request later."""


class Waiting(Struct, eq=False):
    """A record to be written, what it changes (None drops), and who waits for it."""

    entry_id: UUID
    entry: bytes | None
    durable: bool
    future: "asyncio.Future[None]"


class Spool:
    """The entries of this process: in memory, and in a journal that is made with the first one.

    Whatever has gathered while the disk was busy is written, and made durable, at once. All files
    are touched by one thread of its own, so a slow disk delays nobody else.
    """

    def __init__(self, folder: Path, *, most: int = MOST, most_bytes: int = MOST_BYTES) -> None:
        """Keep at most `most` entries of `most_bytes` together in `folder`; touch nothing yet."""
        self._folder = folder
        self._most = most
        self._most_bytes = most_bytes
        self._left: dict[UUID, bytes] = {}
        self._bytes = 0
        self._queue: list[Waiting] = []
        self._coming = 0
        self._coming_bytes = 0
        self._journal: Journal | None = None
        self._writing: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"spool-{folder.name}")

    async def put(self, entry_id: UUID, entry: bytes, *, durable: bool) -> None:
        """Keep `entry`; it replaces what `entry_id` had, which never meets the bound.

        It outlives the process from then on; a `durable` one, the machine. Raises SpoolFull, and
        OSError where the disk does not take it; nothing is kept then.
        """
        new = entry_id not in self._left
        if new and (
            len(self._left) + self._coming >= self._most
            or self._bytes + self._coming_bytes + len(entry) > self._most_bytes
        ):
            raise SpoolFull(retry_after=10)
        await self._written(entry_id, entry, durable=durable)

    async def drop(self, entry_id: UUID) -> None:
        """Forget an entry. Never raises: what the disk would not forget is only adopted again."""
        if entry_id in self._left or self._coming:
            with suppress(OSError):
                await self._written(entry_id, None, durable=False)

    def left(self) -> Mapping[UUID, bytes]:
        """Return a live view of the entries that are kept, oldest put first."""
        return MappingProxyType(self._left)

    async def adopt(self) -> Mapping[UUID, bytes]:
        """Take over the entries of processes that are gone; return them.

        They are durable in this process's journal before theirs are removed. Those that this
        process has by the same id stay as they are, and the bound does not keep any out. Raises
        OSError where the disk does not take them; they stay where they are then.
        """
        found = await self._threaded(lambda: list(journal.dead(self._folder)))
        adopted: dict[UUID, bytes] = {}
        try:
            for one in found:
                adopted.update(await self._threaded(one.entries))
            adopted = {key: entry for key, entry in adopted.items() if key not in self._left}
            await asyncio.gather(*(self._written(*item, durable=True) for item in adopted.items()))
            for one in found:
                await self._threaded(one.remove)
        finally:
            for one in found:
                one.release()
        return adopted

    async def close(self) -> None:
        """Finish what is being written; leave what is left to whoever adopts it. Twice is once."""
        while self._writing is not None:
            await asyncio.wait({self._writing})
        self._thread.shutdown()
        if self._journal is not None:
            with suppress(OSError):
                self._journal.release() if self._left else self._journal.remove()
            self._journal = None

    async def _written(self, entry_id: UUID, entry: bytes | None, *, durable: bool) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append(Waiting(entry_id, entry, durable, future))
        self._coming += 1
        self._coming_bytes += len(entry or b"")
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        await future

    async def _write(self) -> None:
        try:
            while self._queue:
                batch, self._queue = self._queue, []
                await self._settle(batch)
                self._coming -= len(batch)
                self._coming_bytes -= sum(len(waiting.entry or b"") for waiting in batch)
        finally:
            self._writing = None

    async def _settle(self, batch: list[Waiting]) -> None:
        """Write `batch` and tell each who waits how it went."""
        error: Exception | None = None
        try:
            await self._threaded(lambda: self._store(batch))
        except OSError as raised:
            error = raised
            log.warning("the spool at %s cannot be written: %s", self._folder, error)
        except RuntimeError:
            error = Unavailable("The service is going down.")
        for waiting in batch:
            if error is None or waiting.entry is None:
                self._apply(waiting)
            if waiting.future.done():
                continue
            if error is None:
                waiting.future.set_result(None)
            else:
                waiting.future.set_exception(copy(error))
        if not self._left and error is None:
            await self._threaded(self._empty)

    def _apply(self, waiting: Waiting) -> None:
        before = self._left.pop(waiting.entry_id, None)
        self._bytes -= len(before or b"")
        if waiting.entry is not None:
            self._left[waiting.entry_id] = waiting.entry
            self._bytes += len(waiting.entry)

    def _store(self, batch: list[Waiting]) -> None:
        """Write a batch, in the thread."""
        written = self._opened()
        written.append(
            b"".join(
                journal.drop(waiting.entry_id)
                if waiting.entry is None
                else journal.put(waiting.entry_id, waiting.entry)
                for waiting in batch
            ),
            durable=any(waiting.durable for waiting in batch),
        )

    def _opened(self) -> Journal:
        """Return a journal to write to: a new one where there is none, or most of it is waste.

        One that the disk has failed is not written again: nobody knows what is in it.
        """
        before = self._journal
        if before and before.sound and before.size <= 2 * self._bytes + WASTE_BYTES:
            return before
        try:
            self._journal = journal.begin(self._folder, self._left)
        except OSError:
            if before and before.sound:
                return before
            raise
        if before:
            with suppress(OSError):
                before.remove()
        return self._journal

    def _empty(self) -> None:
        if self._journal is not None:
            with suppress(OSError):
                self._journal.empty()

    async def _threaded(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
