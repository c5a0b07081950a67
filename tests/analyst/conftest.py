from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import uuid4

import pytest

from service.audit.events import ORIGIN, OriginSeen
from service.database import Database
from service.log.handle import Context, Log, Write
from service.projection.act import Act
from service.tenant import desk
from tests.analyst.logins import Login, login
from tests.embedding.rows import embed_all
from tests.projection.histories import TENANTS, Place
from tests.test_views import ENDS, enrol, generate


@pytest.fixture
async def ann(database: Database, database_url: str) -> AsyncIterator[Login]:
    """An analyst of the first tenant."""
    async with login(database, database_url, TENANTS[0]) as ann:
        yield ann


@pytest.fixture
async def bob(database: Database, database_url: str) -> AsyncIterator[Login]:
    """An analyst of the second tenant."""
    async with login(database, database_url, TENANTS[1]) as bob:
        yield bob


@pytest.fixture
async def seeded(
    log: Log, database: Database, projected: Callable[[], Awaitable[None]]
) -> Database:
    """Two tenants that have rows in every view."""
    for tenant in TENANTS:
        for number, ends in enumerate(ENDS):
            await generate(log, Place(tenant, uuid4(), uuid4()), f"Topic {number}", *ends)
        await enrol(log, tenant)
        seen = OriginSeen(uuid4(), "account", "192.0.2.7", "curl")
        on = Context(tenant, "ann", uuid4())
        await log.append(on, Write(ORIGIN, uuid4(), 0, (seen,)))
        await desk.create(database, str(tenant), Act("ann", tenant, uuid4(), "to test"))
    await projected()
    await embed_all(database)
    return database
