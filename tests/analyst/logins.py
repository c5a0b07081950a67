"""Analysts to test with: logins that are made as the command makes them, and sessions of theirs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import UUID, uuid4

import asyncpg
from msgspec import Struct

from service import dsn
from service.analyst.login import url, verifier
from service.database import Database
from service.sql import SQL

METADATA: Final = {"actor": "ann", "correlation_id": UUID(int=8)}
PASSWORD: Final = "a-pass_word"


class Login(Struct, frozen=True):
    """An analyst: what it is called, whose rows it sees, and how it logs in."""

    name: str
    tenant: UUID
    url: str


@asynccontextmanager
async def login(database: Database, database_url: str, tenant: UUID) -> AsyncIterator[Login]:
    """Yield a new analyst of `tenant`; roles are the server's, so it is dropped afterwards."""
    name = f"ann_{uuid4().hex[:16]}"
    stored = verifier(PASSWORD, name.encode())
    await database.execute(SQL["analyst/create"], name, tenant, stored, "to test", METADATA)
    try:
        yield Login(name, tenant, url(dsn.parse(database_url), name, PASSWORD))
    finally:
        await database.execute(SQL["analyst/drop"], name, "tested", METADATA)


@asynccontextmanager
async def session(of: Login) -> AsyncIterator[Any]:
    """Yield a connection that the analyst has opened."""
    connection = await asyncpg.connect(of.url)
    try:
        yield connection
    finally:
        await connection.close()
