"""The crowd: how many connections there are, in all and from one address, and who is let go."""

import logging
import resource
from collections import Counter
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from service.limit import line

FILES: Final = 256
"""Files that a process needs besides its connections, those of its embedded server apart."""
EVERY: Final = 10.0
"""Seconds between two lines in the log about clients that were turned away."""

log: Final = logging.getLogger(__name__)


class Room(Struct, frozen=True):
    """How many connections there may be: in all, and from one address."""

    most: int = 10_000
    each: int = 2_000


ROOM: Final = Room()


class Crowd:
    """The connections of one process by address, and what became of those that were let go."""

    def __init__(self, room: Room, trusts: Callable[[str], bool] = lambda _: False) -> None:
        """Keep to `room`; an address that is `trusted` is a proxy, and speaks for many."""
        self.room = room
        self.size = 0
        self._trusts = trusts
        self._by_line: Counter[str] = Counter()
        self._turned_away: Counter[str] = Counter()
        self._told = 0.0

    def enter(self, address: str) -> str | None:
        """Take a connection from `address`; return its line, or None where there is no room."""
        if self.size >= self.room.most:
            self.turned_away("beyond the limit of connections")
            return None
        found = line(address)
        if self._by_line[found] >= self.room.each and not self._trusts(found):
            self.turned_away("beyond the limit of an address")
            return None
        self._by_line[found] += 1
        self.size += 1
        return found

    def leave(self, found: str) -> None:
        """Take note that a connection is gone."""
        self.size -= 1
        self._by_line[found] -= 1
        if not self._by_line[found]:
            del self._by_line[found]

    @property
    def dense(self) -> bool:
        """Whether half of all the places are taken: nobody may rest any more."""
        return 2 * self.size >= self.room.most

    def turned_away(self, why: str) -> None:
        """Count a client whom nobody served."""
        self._turned_away[why] += 1

    def tell(self, now: float) -> None:
        """Write one line about those who were turned away, now and then, not one for each."""
        if self._turned_away and now - self._told >= EVERY:
            counts = ", ".join(f"{count} {why}" for why, count in self._turned_away.most_common())
            log.warning("clients turned away: %s; %d connections are open", counts, self.size)
            self._turned_away.clear()
            self._told = now


def room(most: int, each: int) -> Room:
    """Return the room that there is: the operating system must allow a file for each connection."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = most + FILES
    if resource.RLIM_INFINITY != soft < wanted:
        allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, allowed), hard))
        most = min(most, max(1, max(soft, allowed) - FILES))
    return Room(most, each)
