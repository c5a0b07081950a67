"""Leaving an idle database alone, so that a serverless one may sleep."""

import time
from collections.abc import Callable
from typing import Final

AFTER: Final = 300.0
"""Seconds without an event after which a database that may sleep is let alone."""
ASLEEP: Final = 900.0
"""Seconds between two looks at a database that is let alone."""


class Quiet:
    """How long nothing has happened. Only where the database may sleep does it matter."""

    def __init__(self, *, may_sleep: bool, now: Callable[[], float] = time.monotonic) -> None:
        """Begin awake; `now` is a clock in seconds."""
        self._may_sleep = may_sleep
        self._now = now
        self._last = now()

    def stir(self) -> bool:
        """Take note that something happens; return whether all was asleep."""
        slept = self.asleep()
        self._last = self._now()
        return slept

    def asleep(self) -> bool:
        """Tell whether the database is to be let alone."""
        return self._may_sleep and self._now() - self._last >= AFTER

    def longest(self, usual: float) -> float:
        """Return the longest pause between two looks, `usual` seconds while awake."""
        return ASLEEP if self.asleep() else usual
