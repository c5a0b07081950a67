"""What has happened, as the log tells it, followed by somebody who never disturbs anybody."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from bench.text import TEXT

LOOK: Final = 0.01
TROUBLE: Final = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)
LESSON: Final = "lesson.generated"


class Event(Struct, frozen=True):
    """One event; `at` is when it was recorded, in seconds since 1970."""

    position: int
    stream_id: UUID
    category: str
    type: str
    data: Any
    at: float


class History:
    """The events of courses and jobs so far, in order."""

    def __init__(self, url: str) -> None:
        """Follow the log of the database at `url`."""
        self._url = url
        self._following: asyncio.Task[None] | None = None
        self.events: list[Event] = []

    @asynccontextmanager
    async def followed(self) -> AsyncIterator[None]:
        """Read what is new, however often the database goes away, until the block ends."""
        self._following = asyncio.create_task(self._follow())
        try:
            yield
        finally:
            self._following.cancel()
            await asyncio.wait({self._following})

    async def _follow(self) -> None:
        while True:
            with suppress(*TROUBLE):
                connection = await asyncpg.connect(self._url, timeout=2, command_timeout=5)
                try:
                    await self._read(connection)
                finally:
                    connection.terminate()
            await asyncio.sleep(LOOK)

    async def _read(self, connection: Any) -> None:
        while True:
            after = self.events[-1].position if self.events else 0
            rows = await connection.fetch(TEXT["chaos/events"], after)
            self.events += [
                Event(**{**row, "data": msgspec.json.decode(row["data"])}) for row in rows
            ]
            await asyncio.sleep(LOOK)

    def of(self, stream_id: UUID) -> list[Event]:
        """Return the events of a stream."""
        return [event for event in self.events if event.stream_id == stream_id]

    async def until(self, holds: Callable[[], bool], seconds: float) -> bool:
        """Wait until `holds`; return whether it came to that within so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not holds():
                    if self._following is not None and self._following.done():
                        self._following.result()
                    await asyncio.sleep(LOOK)
        return holds()
