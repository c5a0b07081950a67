"""Where the projections stand, as this process knows it, and waiting for them."""

import asyncio
import hashlib
import hmac
from contextlib import suppress
from typing import Final
from uuid import UUID

from service.database import Database
from service.sql import SQL

LOOK_AGAIN: Final = 0.1
"""Seconds after which a waiter asks the database, should no notification come."""


class Tail:
    """The tail's position; while the database is the same one, it only grows."""

    def __init__(self, database: Database) -> None:
        """Start at 0, which the first note or wait corrects."""
        self._database = database
        self._moved = asyncio.Event()
        self._secret: UUID | None = None
        self.position = 0

    def note(self, position: int) -> None:
        """Take note that the projections have reached `position`, and wake whoever waits."""
        if position > self.position:
            self.position = position
            moved, self._moved = self._moved, asyncio.Event()
            moved.set()

    def heard(self, payload: str) -> None:
        """Take note of a notification, if the projector has signed it: any login may send one.

        An empty one says that nobody listened until now.
        """
        if not payload:
            self.forget()
            return
        position, _, signature = payload.partition(" ")
        signed = hashlib.sha256(f"{self._secret}/{position}".encode()).hexdigest()
        if self._secret is not None and hmac.compare_digest(signed, signature):
            self.note(int(position))

    async def look(self) -> None:
        """Ask the database where the projections stand. Raises Unavailable."""
        row = await self._database.fetchrow(SQL["projection/tail"])
        self._secret = row["secret"]
        self.note(row["position"])

    def forget(self) -> None:
        """Believe nothing of what was noted: while nobody listened, a backup may have come back."""
        self.position = 0

    async def beyond(self, position: int, timeout: float) -> None:
        """Wait up to `timeout` seconds until it is noted that the projections passed `position`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while self.position <= position:
                    await self._moved.wait()

    async def reached(self, position: int, timeout: float) -> bool:
        """Wait up to `timeout` seconds for the projections to reach `position`; tell if they did.

        Raises Unavailable where the database cannot be asked.
        """
        deadline = asyncio.get_running_loop().time() + timeout
        while self.position < position:
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                return False
            try:
                async with asyncio.timeout(min(left, LOOK_AGAIN)):
                    await self._moved.wait()
            except TimeoutError:
                await self.look()
        return True
