"""The intake: requests that came while the database was away, kept on the disk until it is back."""

import asyncio
import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, Self
from uuid import UUID

import msgspec
from msgspec import Struct

from service.http.token import Principal
from service.log.codec import Encoded, encode
from service.log.commit import KeyReused, Receipt
from service.log.handle import Context, Write
from service.refusal import Unavailable
from service.settings import Settings
from service.spool import Spool

AWAY_TOO: Final = "The database is away, and the disk does not take the request; repeat it later."

log: Final = logging.getLogger(__name__)


class NotStoredYet(Unavailable):
    """This was asked for while the database was away and is being stored; ask again in a moment."""


class Later(Receipt, frozen=True):
    """A receipt of what waits on the disk: `position` is 0, since it has none yet."""


class KeptWrite(Struct, frozen=True):
    """The events of one new stream."""

    category: str
    stream_id: UUID
    events: tuple[Encoded, ...]


class Kept(Struct, frozen=True):
    """A request as it is kept: when it came, who sent it, and the commit that it is."""

    at: datetime
    principal: Principal
    context: Context
    writes: tuple[KeptWrite, ...]

    @property
    def key(self) -> UUID:
        """The key of its commit, and its own."""
        assert self.context.key is not None  # noqa: S101 - nothing is kept without one
        return self.context.key

    def receipt(self, *, duplicate: bool) -> Later:
        """Return the receipt that its sender gets."""
        versions = tuple((write.stream_id, len(write.events)) for write in self.writes)
        return Later(0, versions, duplicate=duplicate)


class Intake:
    """The requests that this process keeps, and what it has promised to their senders."""

    def __init__(self, spool: Spool | None = None) -> None:
        """Keep them in `spool`; without one, nothing is kept."""
        self.some = asyncio.Event()
        self._spool = spool
        self._came: dict[UUID, datetime] = {}
        self._fingerprints: dict[UUID, bytes] = {}
        self._promised: dict[UUID, int | None] = {}

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the intake that `settings` ask for."""
        if not settings.spool_limit:
            return cls()
        return cls(Spool(settings.home / "spool" / "requests", most=settings.spool_limit))

    def __len__(self) -> int:
        """How many requests wait."""
        return len(self._came)

    def held(self, context: Context) -> Later | None:
        """Return the receipt that this key was answered with, if its request waits here.

        Raises KeyReused where that was another request.
        """
        if context.key is None or context.key not in self._fingerprints:
            return None
        if self._fingerprints[context.key] != context.fingerprint:
            raise KeyReused
        if context.key not in self._came:
            return None
        return self._read(context.key).receipt(duplicate=True)

    async def keep(
        self, at: datetime, principal: Principal, context: Context, writes: Iterable[Write]
    ) -> Later:
        """Return the receipt of a request once it is durable on the disk.

        Its `context` must have a key. Raises Unavailable where it cannot be kept, and SpoolFull.
        """
        kept = Kept(at, principal, context, tuple(_encoded(write) for write in writes))
        if self._spool is None:
            raise Unavailable
        self._fingerprints.setdefault(kept.key, context.fingerprint)
        try:
            await self._spool.put(kept.key, msgspec.json.encode(kept), durable=True)
        except OSError as error:
            raise Unavailable(AWAY_TOO) from error
        finally:
            if kept.key not in self._spool.left():
                self._fingerprints.pop(kept.key, None)
        self._take(kept)
        return kept.receipt(duplicate=False)

    async def recall(self) -> None:
        """Know from the start what the process before this one has promised."""
        try:
            await self.adopt()
        except OSError as error:
            log.warning("what other processes kept on the disk stays there: %s", error)

    async def adopt(self) -> None:
        """Take over what processes that are gone have kept. Raises OSError."""
        if self._spool is not None:
            for key, entry in (await self._spool.adopt()).items():
                try:
                    self._take(msgspec.json.decode(entry, type=Kept))
                except msgspec.DecodeError as error:
                    log.error("the request %s stays on the disk: %s", key, error)  # noqa: TRY400

    def oldest(self, most: int) -> list[Kept]:
        """Return the requests that came first, in order."""
        keys = sorted(self._came, key=lambda key: (self._came[key], key))
        return [self._read(key) for key in keys[:most]]

    async def stored(self, kept: Kept, position: int) -> None:
        """Let go of a request that is in the log now, at `position`."""
        for write in kept.writes:
            self._promised[write.stream_id] = position
        del self._came[kept.key], self._fingerprints[kept.key]
        assert self._spool is not None  # noqa: S101 - it was kept there
        await self._spool.drop(kept.key)

    def set_aside(self, kept: Kept) -> None:
        """Leave a request that the log cannot take on the disk, for the next process to try."""
        del self._came[kept.key], self._fingerprints[kept.key]

    def promises(self, ids: Iterable[Any]) -> bool:
        """Tell whether one of `ids` was promised to a sender and cannot be read yet."""
        return any(isinstance(each, UUID) and each in self._promised for each in ids)

    def visible(self, position: int) -> None:
        """Take note that everything up to `position` can be read."""
        for each, stored in list(self._promised.items()):
            if stored is not None and stored <= position:
                del self._promised[each]

    async def close(self) -> None:
        """Leave what waits to the next process."""
        if self._spool is not None:
            await self._spool.close()

    def _take(self, kept: Kept) -> None:
        self._came[kept.key] = kept.at
        self._fingerprints[kept.key] = kept.context.fingerprint
        for write in kept.writes:
            self._promised[write.stream_id] = None
        self.some.set()

    def _read(self, key: UUID) -> Kept:
        assert self._spool is not None  # noqa: S101 - it was kept there
        return msgspec.json.decode(self._spool.left()[key], type=Kept)


def _encoded(write: Write) -> KeptWrite:
    events = tuple(encode(event) for event in write.events)
    return KeptWrite(write.decider.category, write.stream_id, events)
