"""A commit: what is appended whole or not at all, and what comes of it."""

from uuid import UUID

from msgspec import Struct

from service.log.codec import Encoded
from service.refusal import Invalid, Stale, StateConflict


class StreamWrite(Struct, frozen=True):
    """Events for one stream, which must stand at `expected_version` (0: must not exist yet).

    `metadata` is a JSON text, where theirs is not that of the whole commit.
    """

    stream_id: UUID
    category: str
    expected_version: int
    events: tuple[Encoded, ...]
    metadata: str | None = None


class Lease(Struct, frozen=True):
    """A worker's claim on a job; the append refuses once somebody else holds the job."""

    job_id: UUID
    token: UUID


class Commit(Struct, frozen=True):
    """One or more streams' events under one idempotency key; `metadata` is a JSON text."""

    key: UUID
    fingerprint: bytes
    tenant_id: UUID
    metadata: str
    writes: tuple[StreamWrite, ...]
    lease: Lease | None = None


class Receipt(Struct, frozen=True):
    """What a commit took: its last position, and each of its streams' version after it.

    Streams stand in commit order. Of a `duplicate` they are those that were stored the first time.
    Where a command caused nothing, `changed` is False and the rest says where its stream stands.
    """

    position: int
    versions: tuple[tuple[UUID, int], ...]
    duplicate: bool = False
    changed: bool = True


class Conflict(StateConflict):
    """Somebody else has changed this meanwhile; read it again and decide again."""


class StaleVersion(Stale):
    """The thing has changed since the version that If-Match names; read it again."""


class KeyReused(Invalid):
    """This Idempotency-Key was used for another request; take a fresh key for a new request."""


class Fenced(StateConflict):
    """This worker no longer holds the job: its lease ran out and another worker has claimed it."""
