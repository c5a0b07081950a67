"""Where the vectors of chunks are kept: one function per statement."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct

from service.database import Database
from service.embedding.embedder import Vector
from service.library.views import Hit
from service.sql import SQL

LEAST: Final = 0.2
"""How near a chunk must be to what was asked to have to do with it, from 0 to 1."""


class Wanting(Struct, frozen=True):
    """A chunk without a vector: what is to be embedded, and the digest of it."""

    chunk_id: UUID
    said: UUID
    text: str


async def missing(database: Database, tenant_id: UUID, model: str, limit: int) -> list[Wanting]:
    """Return up to `limit` chunks of a tenant that have no vector by `model`."""
    rows = await database.fetch(SQL["embedding/missing"], tenant_id, model, limit)
    return [Wanting(**row) for row in rows]


async def reuse(database: Database, tenant_id: UUID, model: str) -> int:
    """Give vectors to chunks that say what another one says; return how many they are."""
    given: int = await database.commands.fetchval(SQL["embedding/reuse"], tenant_id, model)
    return given


async def keep(
    database: Database,
    tenant_id: UUID,
    model: str,
    chunks: Sequence[Wanting],
    vectors: Sequence[Vector],
) -> None:
    """Keep the vector of each chunk; an empty one says that the model does not take it."""
    texts = ["{" + ",".join(map(repr, vector)) + "}" for vector in vectors]
    ids, said = [chunk.chunk_id for chunk in chunks], [chunk.said for chunk in chunks]
    await database.execute(SQL["embedding/keep"], tenant_id, model, ids, said, texts)


async def sweep(database: Database, tenant_id: UUID) -> None:
    """Remove the vectors of chunks that are no more."""
    await database.execute(SQL["embedding/sweep"], tenant_id)


async def nearest(
    database: Database,
    tenant_id: UUID,
    question: str,
    *,
    source_filter: str,
    model: str,
    vector: Vector,
    limit: int,
) -> list[Hit]:
    """Return up to `limit` chunks that mean most nearly what `question` does, best first."""
    asked = (tenant_id, question, source_filter, model, vector, LEAST, limit)
    rows = await database.fetch(SQL["embedding/nearest"], *asked)
    return [Hit(**row) for row in rows]
