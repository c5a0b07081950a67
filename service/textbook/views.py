"""Textbooks as they are read: one struct and one function per query."""

from uuid import UUID

from service.database import Database
from service.log.event import PAGE, Recorded, read_stream
from service.sql import SQL
from service.textbook.publication import publication
from service.textbook.published import PublishedTextbook


async def published(
    database: Database, tenant_id: UUID, key: UUID | str
) -> PublishedTextbook | None:
    """Return what is out of a textbook, by its id or its slug; None where nothing is."""
    by_id, by_slug = (key, None) if isinstance(key, UUID) else (None, key)
    row = await database.fetchrow(SQL["textbook/address"], tenant_id, by_id, by_slug)
    if row is None:
        return None
    stream: list[Recorded] = []
    while len(page := await read_stream(database, row["id"], len(stream))) == PAGE:
        stream += page
    return publication(row["slug"], [*stream, *page])
