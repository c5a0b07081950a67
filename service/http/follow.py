"""Waiting for the log to move on: however many streams wait, one question is asked for them all."""

import asyncio
from typing import Final

from service.projection.tail import Tail

PATIENCE: Final = 15.0
"""Seconds that one question waits for an answer."""


class Follow:
    """The streams' shared watch on the projections' tail."""

    def __init__(self, tail: Tail) -> None:
        """Ask nothing until somebody waits."""
        self._tail = tail
        self._watch: asyncio.Task[bool] | None = None

    async def beyond(self, position: int) -> None:
        """Return once the projections stand beyond `position`. Raises Unavailable."""
        while self._tail.position <= position:
            if self._watch is None or self._watch.done():
                following = self._tail.reached(self._tail.position + 1, PATIENCE)
                self._watch = asyncio.create_task(following)
            await asyncio.shield(self._watch)
