"""Calls of one job side by side: who finds the budget set aside for the others waits for them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from service.budget.exhausted import BudgetSetAside

T = TypeVar("T")


class Beside:
    """The calls of a job that are under way at once.

    What is set aside for a call is mostly more than it comes to cost. So a budget that has no room
    for another one now may well have some as soon as one of the others has ended.
    """

    def __init__(self) -> None:
        """Begin without any."""
        self._under_way = 0
        self._ended = 0
        self._left = asyncio.Event()

    async def made(self, call: Callable[[], Awaitable[T]]) -> T:
        """Return what `call` returns; it is tried again after another one has ended.

        Raises `BudgetSetAside` where the room is taken by others than those of this job.
        """
        while True:
            ended = self._ended
            try:
                return await self._counted(call)
            except BudgetSetAside:
                while self._ended == ended and self._under_way:
                    await self._left.wait()
                if self._ended == ended:
                    raise

    async def _counted(self, call: Callable[[], Awaitable[T]]) -> T:
        """Make a call; only one that was really made counts as one that has ended."""
        self._under_way += 1
        made = True
        try:
            return await call()
        except BudgetSetAside:
            made = False
            raise
        finally:
            self._under_way -= 1
            self._ended += made
            self._left.set()
            self._left = asyncio.Event()
