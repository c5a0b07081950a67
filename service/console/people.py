"""Who has acted, by name."""

from collections.abc import Iterable
from uuid import UUID

from service.database import Database
from service.sql import SQL


async def named(database: Database, tenant_id: UUID, actors: Iterable[str]) -> dict[str, str]:
    """Return the names of those of the actors that are accounts of the tenant, by actor."""
    accounts = [UUID(actor) for actor in set(actors) if _is_account(actor)]
    rows = await database.fetch(SQL["console/people"], tenant_id, accounts)
    return {str(row["id"]): row["name"] for row in rows}


def _is_account(actor: str) -> bool:
    try:
        return str(UUID(actor)) == actor
    except ValueError:
        return False
