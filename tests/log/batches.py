"""Batches of commits as ``log.append`` takes them, also such as the service would never send."""

from typing import Any, NamedTuple
from uuid import NAMESPACE_OID, UUID, uuid4, uuid5

import asyncpg
from msgspec import Struct

from service.log.append import columns
from service.log.codec import Encoded
from service.log.commit import Commit, Lease, StreamWrite
from service.sql import SQL

TENANT = UUID("7e4a4170-0000-4000-8000-000000000001")
METADATA = '{"actor":"test","correlation_id":"00000000-0000-0000-0000-000000000000"}'


class Asked(Struct, frozen=True):
    """A commit whose events name their versions freely, so that there can be holes."""

    key: UUID
    stream: UUID
    versions: tuple[int, ...]
    fingerprint: bytes = b"print"


class Answer(NamedTuple):
    """What ``log.append`` said; the lists are None where all commits were appended."""

    base: int
    outcomes: list[str] | None
    positions: list[int | None] | None
    actual: list[int | None] | None


def one(
    stream: UUID, *versions: int, key: UUID | None = None, fingerprint: bytes = b"print"
) -> Asked:
    return Asked(key or uuid4(), stream, versions, fingerprint)


async def append(connection: asyncpg.Connection, *asked: Asked) -> Answer:
    """Call ``log.append`` with the versions as they are."""
    commits = [commit(write(a.stream, 0, len(a.versions)), key=a.key) for a in asked]
    arguments: list[Any] = list(columns(commits))
    arguments[1] = [a.fingerprint for a in asked]
    arguments[7] = [version for a in asked for version in a.versions]
    row = await connection.fetchrow(SQL["log/append"], *arguments)
    assert row is not None
    return Answer(*row)


def write(
    stream: UUID,
    expected_version: int,
    events: int = 1,
    data: str = "{}",
    *,
    type: str = "thing.done",  # noqa: A002 - the column's word
    category: str = "thing",
) -> StreamWrite:
    encoded = tuple(Encoded(type, data) for _ in range(events))
    return StreamWrite(stream, category, expected_version, encoded)


def commit(
    *writes: StreamWrite,
    key: UUID | None = None,
    fingerprint: bytes = b"print",
    lease: Lease | None = None,
    tenant: UUID = TENANT,
) -> Commit:
    return Commit(key or uuid4(), fingerprint, tenant, METADATA, writes, lease)


def named(name: str) -> UUID:
    """Return the same id for the same name, so that a retry asks for the same."""
    return uuid5(NAMESPACE_OID, name)
