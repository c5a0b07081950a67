"""Vectors for what there is, without a model."""

from service.database import Database

FILL = (
    "INSERT INTO ops.embeddings (chunk_id, tenant_id, model, said, vector)"
    " SELECT c.id, c.tenant_id, 'm-1', gen_random_uuid(), '{0.6,0.8}' FROM read.content_chunks AS c"
)


async def embed_all(database: Database) -> None:
    """Give every chunk a vector."""
    await database.execute(FILL)
