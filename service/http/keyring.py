"""The keys that sign access tokens: one signs, those before it still verify until they retire.

A new key is in the ring `LEAD` before it signs, so every process has read it by then; the one
before it stays until its last token has ended. So a token of any process verifies at every other.
"""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

from msgspec import Struct
from msgspec.structs import replace

from service.settings import Secret

FIRST: Final = "1"
"""The id of the key that is made of DAYBOOK_SECRET_KEY, before any rotation."""
LEAD: Final = timedelta(seconds=30)
"""How long a new key is known before it signs; clocks may differ by most of it."""
LOOK_SECONDS: Final = 2.0
"""The longest that a running process is content with the ring it has read."""
AGAIN_SECONDS: Final = 0.1
"""The least time between two looks, however many unknown keys are named meanwhile."""
UNTOLD: Final = timedelta(hours=1)
"""The longest life of a token that may be signed without a note in the ring."""
SLACK: Final = timedelta(minutes=1)
"""What a key outlives its last token by: the leeway of `verify`, and clocks that differ."""


class Key(Struct, frozen=True):
    """One key; it signs from `not_before` on and verifies until `retire_at`, None: no end.

    `tokens_until` is when the last of its tokens ends that live longer than `UNTOLD`.
    """

    id: str
    secret: Secret
    not_before: datetime | None = None
    retire_at: datetime | None = None
    tokens_until: datetime | None = None

    def verifies(self, now: datetime) -> bool:
        """Tell whether tokens of this key are good at `now`."""
        return self.retire_at is None or now < self.retire_at

    def signs(self, now: datetime) -> bool:
        """Tell whether this key may sign at `now`, if there is no newer one."""
        return self.verifies(now) and (self.not_before is None or self.not_before <= now)


class Source(Protocol):
    """Where a ring is kept; `changed` gives its keys if they are others than at the last look."""

    def changed(self) -> Sequence[Key] | None:
        """Return the keys, oldest first, or None: nothing new, or nothing that can be used."""


class KeyRing:
    """The keys of the service, oldest first; followed where they are kept, a look is cheap."""

    def __init__(
        self,
        keys: Sequence[Key],
        source: Source | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Hold `keys`, oldest first; there is at least one. `clock` is in seconds."""
        self._keys = tuple(keys)
        self._ids = {key.id: key for key in keys}
        self._source = source
        self._clock = clock
        self._looked = clock()

    @classmethod
    def of(cls, secret: Secret) -> "KeyRing":
        """Return the ring of a service that has never rotated its keys."""
        return cls((Key(FIRST, secret),))

    def signing(self, now: datetime) -> Key:
        """Return the newest key that may sign at `now`."""
        self._look(LOOK_SECONDS)
        able = [key for key in self._keys if key.signs(now)]
        return able[-1] if able else self._keys[-1]

    def verifying(self, key_id: object, now: datetime) -> Key | None:
        """Return the key called `key_id` unless there is none, or it has retired at `now`."""
        self._look(LOOK_SECONDS)
        if not isinstance(key_id, str):
            return None
        key = self._ids.get(key_id)
        if key is None and self._look(AGAIN_SECONDS):
            key = self._ids.get(key_id)
        return key if key is not None and key.verifies(now) else None

    def _look(self, after: float) -> bool:
        """Look whether there are other keys, unless that was done in the last `after` seconds."""
        if self._source is None or (moment := self._clock()) - self._looked < after:
            return False
        self._looked = moment
        keys = self._source.changed()
        if keys is not None:
            self._keys = tuple(keys)
            self._ids = {key.id: key for key in keys}
        return keys is not None


def rotated(
    keys: Sequence[Key], fresh: Key, now: datetime, overlap: timedelta | None = None
) -> tuple[Key, ...]:
    """Return `keys` with `fresh` after them; the newest retires once its last token has ended.

    `overlap` lengthens that time. Those that have retired are left out. Raises ValueError for an
    overlap that would end a token before its time.
    """
    begins = now + LEAD
    kept = [key for key in keys if key.verifies(now)]
    least = max(UNTOLD, (kept[-1].tokens_until or begins) - begins)
    if overlap is not None and overlap < least:
        raise ValueError(
            f"An overlap must be at least {whole(least)}, the longest that a token may still live;"
            " to void all tokens at once there is --now."
        )
    retires = begins + (overlap or least) + SLACK
    return (
        *(replace(key, retire_at=key.retire_at or retires) for key in kept),
        replace(fresh, not_before=begins),
    )


def noted(keys: Sequence[Key], signer: str, until: datetime) -> tuple[Key, ...]:
    """Return `keys` with the note that the key called `signer` has a token until `until`."""
    return tuple(_outlasting(key, until) if key.id == signer else key for key in keys)


def _outlasting(key: Key, until: datetime) -> Key:
    last = max(until, key.tokens_until or until)
    retires = key.retire_at and max(key.retire_at, last + SLACK)
    return replace(key, tokens_until=last, retire_at=retires)


def whole(span: timedelta) -> str:
    """Return a span as `--overlap` takes it, in whole minutes, never less."""
    return f"{-(-int(span.total_seconds()) // 60)}m"
