"""The gate before an endpoint: how many calls are under way, and when the next one is welcome."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from service.generation.model import Trouble

FIRST_REST: Final = 2.0
"""Seconds to leave a server alone that turned a call away and did not say for how long."""
LONGEST_REST: Final = 60.0
TURNS: Final = 8


class Unsent(Trouble):
    """The server was not asked at all: it wants to be left alone, or has all it may have at once.

    Nothing was spent; `after` says when to come again.
    """


class Gate:
    """One for all calls of a process to one endpoint."""

    def __init__(self, places: int, clock: Callable[[], float]) -> None:
        """Let `places` calls be under way at once; `clock` counts seconds and never goes back."""
        self._places = asyncio.Semaphore(places)
        self._turns = asyncio.Semaphore(TURNS)
        self._clock = clock
        self._opens = 0.0
        self._rest = FIRST_REST

    def closed_for(self) -> float:
        """Return the seconds until the server may be asked again; 0 when it may now."""
        return max(0.0, self._opens - self._clock())

    def turned_away(self, after: float | None) -> float:
        """Ask nothing for `after` seconds, or longer each time where the server did not say.

        Return the seconds. A wait that was longer already stays so.
        """
        if after is None:
            after, self._rest = self._rest, min(self._rest * 2, LONGEST_REST)
        self._opens = max(self._opens, self._clock() + after)
        return self.closed_for()

    def welcomed(self) -> None:
        """Note that the server takes calls again."""
        self._rest = FIRST_REST

    @asynccontextmanager
    async def place(self, patience: float) -> AsyncIterator[None]:
        """Hold a place for a call. Raises `Unsent` when none is free within `patience` seconds."""
        self._refuse_while_closed()
        try:
            async with asyncio.timeout(patience):
                await self._places.acquire()
        except TimeoutError:
            raise Unsent(
                "throttled",
                "All the calls that may be under way at once are.",
                after=FIRST_REST,
                free=True,
            ) from None
        with contextlib.ExitStack() as held:
            held.callback(self._places.release)
            self._refuse_while_closed()  # it may have been closed while this waited
            yield

    async def turn(self) -> None:
        """Wait for the turn to send a request: a few go out each time the event loop comes round.

        A thousand at once would hold it up until their own connections had timed out.
        """
        async with self._turns:
            await asyncio.sleep(0)

    def _refuse_while_closed(self) -> None:
        if (left := self.closed_for()) > 0:
            detail = f"The server has asked to be left alone for {left:.0f} more seconds."
            raise Unsent("throttled", detail, after=left, free=True)
