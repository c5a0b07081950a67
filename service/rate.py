"""How often something may be done: so many in a while, and how many of them at once (GCRA)."""

import re
from typing import Final

from msgspec import Struct

UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
ON_TIME: Final = 1e-9
"""Seconds before its moment at which one is not early: floating point has no better clock."""
_SPELT: Final = re.compile(r"(\d{1,9})/(\d{1,6})([smhd])(?: burst (\d{1,9}))?", re.ASCII)


class Rate(Struct, frozen=True):
    """`count` in each `period` of seconds, of which `burst` may come at once; none: unlimited."""

    count: int = 0
    period: int = 1
    burst: int = 0

    @property
    def pause(self) -> float:
        """The seconds from one to the next, once the burst is used up."""
        return self.period / self.count if self.count else 0.0

    def __str__(self) -> str:
        """Return the rate as it is spelt in settings: ``600/1m burst 20``."""
        if not self.count:
            return "off"
        size, unit = max((size, unit) for unit, size in UNITS.items() if self.period % size == 0)
        burst = "" if self.burst == self.count else f" burst {self.burst}"
        return f"{self.count}/{self.period // size}{unit}{burst}"


OFF: Final = Rate()
"""No limit."""


class Rates(Struct, frozen=True):
    """What is allowed unless settings or a tenant's own limits say otherwise."""

    commands: Rate = Rate(10_000, 1, 20_000)
    generations: Rate = Rate(60_000, 60, 60_000)
    logins: Rate = Rate(1, 30, 10)
    address: Rate = Rate(1, 2, 300)


def rate(text: str) -> Rate:
    """Read ``600/1m``, ``1/30s burst 10`` or ``off``; a burst that is not given is the count.

    Raises ValueError.
    """
    if text.lower() == "off":
        return OFF
    match = _SPELT.fullmatch(text)
    if match is None or not all(int(number) for number in match.group(1, 2)):
        raise ValueError("must be a rate such as 600/1m, 1/30s burst 10 or off")
    count, length, unit, burst = match.groups()
    return Rate(int(count), int(length) * UNITS[unit], max(1, int(burst or count)))


class Bucket:
    """The generic cell rate algorithm (ITU-T I.371): one moment is all there is to keep."""

    __slots__ = ("_due", "pause", "tolerance")

    def __init__(self, of: Rate) -> None:
        """Begin full."""
        self._due = 0.0
        self.become(of)

    def become(self, of: Rate) -> None:
        """Go on at another rate; what has been taken stays taken."""
        self.pause = of.pause
        self.tolerance = of.pause * (of.burst - 1)

    def take(self, now: float) -> float:
        """Take one and return 0, or return the seconds until one is there; `now` in seconds."""
        due = max(self._due, now)
        early = due - now - self.tolerance
        if early > ON_TIME:
            return early
        self._due = due + self.pause
        return 0.0
