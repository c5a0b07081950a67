"""The keys that sign access tokens: one signs, those before it still verify until they retire."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from service.settings import Secret

FIRST = "1"
"""The id of the key that is made of DAYBOOK_SECRET_KEY, before any rotation."""


class Key(Struct, frozen=True):
    """One key; it signs from `not_before` on and verifies until `retire_at`, None: no end."""

    id: str
    secret: Secret
    not_before: datetime | None = None
    retire_at: datetime | None = None


class KeyRing:
    """The keys of the service, oldest first."""

    def __init__(self, keys: Sequence[Key]) -> None:
        """Hold `keys`, oldest first; there is at least one."""
        self._keys = tuple(keys)

    @classmethod
    def of(cls, secret: Secret) -> "KeyRing":
        """Return the ring of a service that has never rotated its keys."""
        return cls((Key(FIRST, secret),))

    def signing(self, now: datetime) -> Key:
        """Return the newest key that may sign at `now`."""
        able = [key for key in self._keys if key.not_before is None or key.not_before <= now]
        return able[-1] if able else self._keys[0]

    def verifying(self, key_id: object, now: datetime) -> Key | None:
        """Return the key called `key_id` unless there is none, or it has retired at `now`."""
        for key in self._keys:
            if key.id == key_id and (key.retire_at is None or now < key.retire_at):
                return key
        return None
