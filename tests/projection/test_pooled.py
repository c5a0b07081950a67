"""Comparing, replaying and looking back through PgBouncer: nothing rests on a session."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from service.database import Database
from service.log.handle import Log
from service.projection import diff, lineage, past, replay
from tests.conftest import on
from tests.pooler import BINARY, MISSING, pooled
from tests.projection.generations import live
from tests.projection.histories import TENANTS, Place, request
from tests.projection.spoil import spoil
from tests.projection.test_as_of import ACT

pytestmark = pytest.mark.skipif(BINARY is None, reason=MISSING)


@pytest.fixture(scope="module")
def pooler(server: str) -> Iterator[str]:
    with pooled(server) as url:
        yield url


@pytest.fixture
async def behind(pooler: str, database_url: str) -> AsyncIterator[Database]:
    """The database as it is reached through the pooler."""
    database = Database(on(pooler, urlsplit(database_url).path.removeprefix("/")), size=30)
    await database.open()
    yield database
    await database.close()


async def test_many_at_once_share_a_few_sessions_of_the_server(
    behind: Database, database: Database, log: Log, projected: Callable[[], Awaitable[None]]
) -> None:
    places = [Place(tenant, uuid4(), uuid4()) for tenant in TENANTS]
    for place in places:
        await request(log, place, "Light")
    await projected()
    await spoil(database, await live(database, "course"), "UPDATE courses SET title = 'spoilt'")

    explained = [lineage.explain(behind, "generation_jobs", str(place.job)) for place in places * 6]
    recalled = [past.as_of(behind, position, ACT) for position in (2, 4)]
    replayed = [replay.replay(behind, "course", ACT, tenant=tenant) for tenant in TENANTS]
    told, made, done = await asyncio.gather(
        asyncio.gather(*explained), asyncio.gather(*recalled), asyncio.gather(*replayed)
    )

    assert [each.exact for each in told] == [True] * 12
    assert [each.state for each in made] == ["ready"] * 2
    assert [each.rows for each in done] == [1, 1]
    assert (await diff.verify(behind, "course")).clean
