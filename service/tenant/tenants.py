"""A tenant as the service keeps it: whether it is open, who may register, what limits it has."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from service.database import Database
from service.refusal import Forbidden
from service.sql import SQL


class TenantSuspended(Forbidden):
    """This tenant is suspended: nothing of it is served until those who run this resume it."""


class Tenant(Struct, frozen=True):
    """One tenant; `name` is None where it was never created, so that only tokens name it.

    `reason` says why it is suspended, for those who run the service. A limit of None is the
    service's own. `position` is that of the last change.
    """

    tenant_id: UUID
    name: str | None = None
    state: Literal["open", "suspended"] = "open"
    registration: Literal["open", "closed"] = "closed"
    commands_per_second: int | None = None
    generations_per_minute: int | None = None
    reason: str | None = None
    created_at: datetime | None = None
    position: int = 0

    @property
    def suspended(self) -> bool:
        """Whether nothing of it is served."""
        return self.state == "suspended"

    def admit(self) -> None:
        """Raise `TenantSuspended` where it is."""
        if self.suspended:
            raise TenantSuspended


async def of(database: Database, tenant_id: UUID) -> Tenant:
    """Return a tenant; one that was never created is open, and nobody can register in it."""
    row = await database.fetchrow(SQL["tenant/tenant"], tenant_id)
    return Tenant(tenant_id) if row is None else Tenant(**row)


async def listed(database: Database, after: str | None, limit: int) -> list[Tenant]:
    """Return up to `limit` tenants whose names follow `after`, by name; the house's is one."""
    rows = await database.fetch(SQL["tenant/tenants"], after, limit)
    return [Tenant(**row) for row in rows]
