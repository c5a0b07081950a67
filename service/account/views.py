"""Accounts as they are read: one struct and one function per query."""

from datetime import datetime
from typing import Any
from uuid import UUID

from service.account.discreet import Discreet
from service.database import Database
from service.sql import SQL


class AccountView(Discreet, frozen=True):
    """An account as administrators see it; `version` is that of its stream, for If-Match."""

    id: UUID
    version: int
    email: str | None
    username: str | None
    name: str | None
    role: str
    is_active: bool
    created_at: datetime
    updated_at: datetime


class SessionRow(Discreet, frozen=True):
    """An open session."""

    id: UUID
    agent: str | None
    started_at: datetime
    refreshed_at: datetime | None
    expires_at: datetime


async def page(
    database: Database,
    tenant_id: UUID,
    *,
    role: str | None = None,
    active: bool | None = None,
    part: str | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[AccountView]:
    """Return up to `limit` accounts, newest first, older than `before`."""
    created_at, account_id = before or (None, None)
    arguments: tuple[Any, ...] = (tenant_id, role, active, part, created_at, account_id, limit)
    return [AccountView(**row) for row in await database.fetch(SQL["account/page"], *arguments)]


async def account(database: Database, tenant_id: UUID, account_id: UUID) -> AccountView | None:
    """Return one account, unless it is erased."""
    row = await database.fetchrow(SQL["account/account"], tenant_id, account_id)
    return None if row is None else AccountView(**row)


async def sessions(
    database: Database,
    tenant_id: UUID,
    account_id: UUID,
    now: datetime,
    *,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[SessionRow]:
    """Return up to `limit` sessions of an account that are open at `now`, newest first."""
    started_at, session_id = before or (None, None)
    arguments: tuple[Any, ...] = (tenant_id, account_id, now, started_at, session_id, limit)
    rows = await database.fetch(SQL["account/sessions"], *arguments)
    return [SessionRow(**row) for row in rows]
