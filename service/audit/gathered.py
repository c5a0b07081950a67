"""What a process has noted and not yet sent: bounded; what is equal is counted, not repeated."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from service.audit.events import AUDIT, ORIGIN, AuditDropped, Noted, OriginSeen, Written
from service.log.handle import Context, Write

ACTOR: Final = "service"
"""Who writes what the audit notes; whom it is about stands in the events."""
TENANTS: Final = 1_000
"""Of so many tenants it is counted apart what was dropped."""


class Parcel(Struct, frozen=True):
    """One commit on its way; it has a key, so that it may be sent twice and is stored once."""

    context: Context
    write: Write


class Met(Struct, frozen=True):
    """A caller at an address, not met before."""

    tenant_id: UUID
    event: OriginSeen


class Times(Struct):
    """How often something was noted; when and in which trace it was for the first time."""

    at: datetime
    correlation_id: UUID | None
    times: int = 0


class Gathered:
    """Origins and notes of one process, at most `room` of each."""

    def __init__(self, room: int) -> None:
        """Hold nothing yet."""
        self._room = room
        self._origins: dict[UUID, Met] = {}
        self._notes: dict[tuple[UUID, Noted], Times] = {}
        self._missing: dict[UUID, int] = {}
        self.dropped = 0
        """What was dropped since the start."""

    def __len__(self) -> int:
        """Count what waits."""
        return len(self._origins) + len(self._notes) + len(self._missing)

    def meet(self, origin: UUID, met: Met) -> bool:
        """Hold an origin; False where there is no room, so that it is to be met again."""
        if len(self._origins) >= self._room:
            return False
        self._origins.setdefault(origin, met)
        return True

    def note(self, tenant_id: UUID, event: Noted, at: datetime, trace: UUID | None) -> None:
        """Hold an event, or count it where one like it waits, or where there is no room."""
        times = self._notes.get((tenant_id, event))
        if times is None:
            if len(self._notes) >= self._room:
                self.drop(tenant_id, 1)
                return
            times = self._notes[tenant_id, event] = Times(at, trace)
        times.times += 1

    def drop(self, tenant_id: UUID, count: int) -> None:
        """Count what is lost; it is told to whom it belongs to."""
        self.dropped += count
        if tenant_id in self._missing or len(self._missing) < TENANTS:
            self._missing[tenant_id] = self._missing.get(tenant_id, 0) + count

    def packed(self, most: int, new_id: Callable[[], UUID]) -> Iterator[Parcel]:
        """Take up to `most` origins and notes out: a parcel for each origin and each tenant."""
        for origin in list(islice(self._origins, most)):
            met = self._origins.pop(origin)
            yield _parcel(met.tenant_id, Write(ORIGIN, origin, 0, (met.event,)), new_id)
        for tenant_id, events in self._told(most).items():
            yield _parcel(tenant_id, Write(AUDIT, new_id(), 0, tuple(events)), new_id)

    def _told(self, most: int) -> Mapping[UUID, list[Written]]:
        told: dict[UUID, list[Written]] = defaultdict(list)
        for key in list(islice(self._notes, most)):
            tenant_id, event = key
            of = self._notes.pop(key)
            known = replace(event, at=of.at, correlation_id=of.correlation_id, times=of.times)
            told[tenant_id].append(known)
        for tenant_id, count in self._missing.items():
            told[tenant_id].append(AuditDropped(count))
        self._missing.clear()
        return told


def _parcel(tenant_id: UUID, write: Write, new_id: Callable[[], UUID]) -> Parcel:
    return Parcel(Context(tenant_id, ACTOR, new_id(), key=new_id()), write)
