"""What those who run the service do with tenants; each act is recorded in the log, and why."""

import re
from typing import Any, Final
from uuid import UUID

from service.database import Database
from service.http.token import tenant
from service.projection.act import Act
from service.refusal import Invalid, NotFound, StateConflict
from service.sql import SQL

NAME: Final = r"^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$"
"""So plain that no two names look alike, and that one fits in a path."""
LIMIT_MAX: Final = 1_000_000


class NoSuchTenant(NotFound):
    """There is no tenant of this name: create it, even where tokens name it already."""


class TenantExists(StateConflict):
    """There is a tenant of this name already."""


class HouseStays(StateConflict):
    """The tenant of those who run the service cannot be suspended."""


class BadTenantName(Invalid):
    """A tenant's name is 1 to 63 of a-z, 0-9, . - _ and begins and ends with none of the last."""


REFUSED: Final = {"exists": TenantExists, "unknown": NoSuchTenant, "house": HouseStays}
"""What the database says of a change that cannot be made."""


async def create(database: Database, name: str, act: Act) -> bool:
    """Create a tenant, whose id follows from its name. Raises `TenantExists`, `BadTenantName`."""
    if not re.fullmatch(NAME, name):
        raise BadTenantName
    return await change(database, tenant(name), "tenant.created", act, name=name)


async def suspend(database: Database, tenant_id: UUID, act: Act) -> bool:
    """Let nothing of a tenant be served: requests, jobs, logins. Raises `HouseStays`."""
    return await change(database, tenant_id, "tenant.suspended", act)


async def resume(database: Database, tenant_id: UUID, act: Act) -> bool:
    """Let all of a tenant be served again; its jobs go on."""
    return await change(database, tenant_id, "tenant.resumed", act)


async def limit(
    database: Database,
    tenant_id: UUID,
    act: Act,
    *,
    commands_per_second: int | None,
    generations_per_minute: int | None,
) -> bool:
    """Set all limits of a tenant; None is the service's own."""
    limits = {
        "commands_per_second": commands_per_second,
        "generations_per_minute": generations_per_minute,
    }
    return await change(database, tenant_id, "tenant.limited", act, **limits)


async def registration(database: Database, tenant_id: UUID, act: Act, *, opened: bool) -> bool:
    """Let people register in a tenant by themselves, or not."""
    happened = "opened" if opened else "closed"
    return await change(database, tenant_id, f"tenant.registration-{happened}", act)


async def change(database: Database, tenant_id: UUID, what: str, act: Act, **data: Any) -> bool:
    """Change a tenant and record `what` happened; tell whether it did not stand so already.

    Raises `NoSuchTenant`, and whichever of `REFUSED` fits.
    """
    arguments = (tenant_id, what, data | {"reason": act.reason}, act.metadata)
    row = await database.commands.fetchrow(SQL["tenant/change"], *arguments)
    if refused := REFUSED.get(row["outcome"]):
        raise refused
    return bool(row["outcome"] == "done")
