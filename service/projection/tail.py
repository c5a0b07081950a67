"""Where the projections stand, as this process knows it, and waiting for them."""

import asyncio
from typing import Final

from service.database import Database
from service.sql import SQL

LOOK_AGAIN: Final = 0.1
"""Seconds after which a waiter asks the database, should no notification come."""


class Tail:
    """The tail's position; it only grows."""

    def __init__(self, database: Database) -> None:
        """Start at 0, which the first note or wait corrects."""
        self._database = database
        self._moved = asyncio.Event()
        self.position = 0

    def note(self, position: int) -> None:
        """Take note that the projections have reached `position`, and wake whoever waits."""
        if position > self.position:
            self.position = position
            moved, self._moved = self._moved, asyncio.Event()
            moved.set()

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
                self.note(await self._database.fetchval(SQL["projection/tail"]))
        return True
