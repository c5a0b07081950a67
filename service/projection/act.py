"""An operator's act: who does it and why, as it is recorded in the log with what was done."""

from uuid import UUID

from msgspec import Struct


class Act(Struct, frozen=True):
    """Who acts, in which tenant's name, and why.

    `key` and `fingerprint` are those of the request that asked for it, if it came with a key;
    `origin` is what the audit calls the place it came from.
    """

    actor: str
    tenant_id: UUID
    correlation_id: UUID
    reason: str
    key: UUID | None = None
    fingerprint: bytes = b""
    origin: UUID | None = None

    @property
    def metadata(self) -> dict[str, object]:
        """What the log keeps beside the event."""
        known: dict[str, object] = {"actor": self.actor, "correlation_id": self.correlation_id}
        if self.origin is not None:
            known["origin"] = self.origin
        if self.key is None:
            return known
        return known | {"idempotency_key": self.key, "fingerprint": self.fingerprint.hex()}
