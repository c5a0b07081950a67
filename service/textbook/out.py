"""What is out of a textbook, or why nothing is."""

from uuid import UUID

from service.database import Database
from service.refusal import StateConflict
from service.sql import SQL
from service.textbook.decider import NoSuchTextbook
from service.textbook.published import PublishedTextbook
from service.textbook.views import published


class NothingIsOut(StateConflict):
    """Nothing of this textbook is published yet; publish it, or one of its chapters, first."""


async def out(database: Database, tenant_id: UUID, key: UUID | str) -> PublishedTextbook:
    """Return what is out of a textbook, by its id or slug. Raises NoSuchTextbook, NothingIsOut."""
    book = await published(database, tenant_id, key)
    if book is not None:
        return book
    by_id, by_slug = (key, None) if isinstance(key, UUID) else (None, key)
    if await database.fetchrow(SQL["textbook/address"], tenant_id, by_id, by_slug) is None:
        raise NoSuchTextbook
    raise NothingIsOut
