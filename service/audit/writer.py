"""Sends what a process has noted to the log, in batches, and never holds up a request."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Final
from uuid import UUID

from service.audit.events import ORIGIN
from service.audit.gathered import Gathered, Parcel
from service.database import Database
from service.log.commit import Conflict
from service.log.handle import Log
from service.refusal import Unavailable
from service.sql import SQL

PAUSE: Final = 0.5
"""Seconds in which notes gather before they are sent."""
LONGEST_PAUSE: Final = 5.0
"""Seconds between two attempts while the database stays away."""
BATCH: Final = 1_000
"""Notes that are sent at a time, so that no flood of refusals becomes a flood of events."""
DRAIN: Final = 3.0
"""Seconds in which a process that stops sends what it has."""

log: Final = logging.getLogger(__name__)


class Writer:
    """Takes what is gathered and sees it stored, whatever happens to the database meanwhile."""

    def __init__(self, gathered: Gathered, new_id: Callable[[], UUID]) -> None:
        """Begin with nothing on its way."""
        self._gathered = gathered
        self._new_id = new_id
        self._parcels: list[Parcel] = []
        self._something = asyncio.Event()
        self._sending = asyncio.Lock()

    def wake(self) -> None:
        """Hear that there is something to send."""
        self._something.set()

    @property
    def waiting(self) -> int:
        """How much is not stored yet."""
        return len(self._gathered) + sum(len(parcel.write.events) for parcel in self._parcels)

    async def run(self, of: Log, database: Database) -> None:
        """Send for ever, at most every half a second; once cancelled, send the rest and end."""
        pause = PAUSE
        try:
            while True:
                await self._something.wait()
                await asyncio.sleep(pause)
                try:
                    await self.send(of, database)
                    pause = PAUSE
                except Unavailable:
                    pause = min(pause * 2, LONGEST_PAUSE)
                if not self.waiting:
                    self._something.clear()
        except asyncio.CancelledError:
            await self.drain(of, database)
            raise

    async def drain(self, of: Log, database: Database) -> None:
        """Send all there is within a few seconds; say what could not be sent."""
        with suppress(Unavailable, TimeoutError):
            async with asyncio.timeout(DRAIN):
                await self.flush(of, database)
        if self.waiting:
            log.warning("%d notes of the audit could not be stored and are lost", self.waiting)

    async def flush(self, of: Log, database: Database) -> None:
        """Send all there is, now. Raises Unavailable; what was not stored is held then."""
        while self.waiting:
            await self.send(of, database)

    async def send(self, of: Log, database: Database) -> None:
        """Send one batch. Raises Unavailable; what was not stored goes again, under its keys."""
        async with self._sending:
            await self._send(of, database)

    async def _send(self, of: Log, database: Database) -> None:
        self._parcels = self._parcels or list(self._gathered.packed(BATCH, self._new_id))
        self._parcels = await self._unknown(database)
        parcels = tuple(self._parcels)
        results = await asyncio.gather(
            *(of.append(parcel.context, parcel.write) for parcel in parcels), return_exceptions=True
        )
        self._parcels = []
        for parcel, result in zip(parcels, results, strict=True):
            if isinstance(result, Unavailable):
                self._parcels.append(parcel)
            elif isinstance(result, BaseException) and not isinstance(result, Conflict):
                log.error("what the audit noted could not be stored", exc_info=result)
                self._gathered.drop(parcel.context.tenant_id, len(parcel.write.events))
        if self._parcels:
            raise Unavailable

    async def _unknown(self, database: Database) -> list[Parcel]:
        """Leave out the origins that another process, or an earlier one, has told of."""
        met = [parcel for parcel in self._parcels if parcel.write.decider is ORIGIN]
        streams = [parcel.write.stream_id for parcel in met]
        rows = await database.fetch(SQL["audit/known"], streams) if streams else ()
        known = {row["stream_id"] for row in rows}
        return [parcel for parcel in self._parcels if parcel.write.stream_id not in known]
