"""Service tokens as they are read: what each may do, never what proves it."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from service.database import Database
from service.sql import SQL


class ServiceTokenView(Struct, frozen=True):
    """One service token; `reason` says why it was revoked, if it was."""

    id: UUID
    name: str
    role: str
    scopes: list[str]
    issued_by: str
    issued_at: datetime
    expires_at: datetime
    revoked_by: str | None
    revoked_at: datetime | None
    reason: str | None
    version: int


async def page(
    database: Database, tenant_id: UUID, *, before: tuple[datetime, UUID] | None, limit: int
) -> list[ServiceTokenView]:
    """Return up to `limit` service tokens, newest first, those that ended too."""
    at, token = before or (None, None)
    rows = await database.fetch(SQL["service_token/page"], tenant_id, at, token, limit)
    return [ServiceTokenView(**row) for row in rows]
