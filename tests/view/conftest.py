"""An analyst at the application on a real database, and rows enough to page through."""

from collections.abc import Awaitable, Callable

import pytest
from psycopg import sql
from pytest_aiohttp.plugin import AiohttpClient

from service.app import make_app
from service.database import Database
from service.http.call import Resources
from service.http.metrics import Metrics
from service.http.token import tenant
from tests.http.conftest import Client, bearer, live, projecting, resources

__all__ = ["bearer", "live", "projecting", "resources"]

SCHOOL = tenant("school")
FILL = """
INSERT INTO {schema}.courses (id, tenant_id, position, version, job_id, user_id, title, topic,
                              grade_level, language, total_lessons, status, error_message,
                              created_at, updated_at, slug)
SELECT md5('course ' || n)::uuid, $1, $3, 1, gen_random_uuid(), 'ann', 'Title ' || n, '', '', 'en',
       n % 7, (ARRAY['QUEUED', 'READY', 'FAILED'])[1 + n % 3], 'Error ' || nullif(n % 4, 0),
       '2026-01-01'::timestamptz + n % 5 * interval '1.000001 day', '2026-06-30', 's-' || n
  FROM generate_series(1, $2) AS n
"""
Fill = Callable[..., Awaitable[None]]


@pytest.fixture
async def desk(
    aiohttp_client: AiohttpClient, live: Resources, bearer: Callable[..., dict[str, str]]
) -> Client:
    """The real application, asked by an analyst."""
    app = make_app(live, Metrics(), ["api"])
    return await aiohttp_client(app, headers=bearer("analyst"))


@pytest.fixture
async def schema(live: Resources) -> str:
    """Where the courses that serve are."""
    return str(
        await live.database.fetchval(
            "SELECT schema FROM ops.generations WHERE projection = 'course' AND role = 'serving'"
        )
    )


@pytest.fixture
async def fill(live: Resources, schema: str) -> Fill:
    """Put so many courses where the fold would, as changed at a position."""

    async def filled(count: int, position: int = 0) -> None:
        await live.database.execute(FILL.format(schema=schema), SCHOOL, count, position)

    return filled


async def rows(database: Database, query: str) -> list[str]:
    """Return the first column of what the school's courses are by plain SQL."""
    asked = sql.SQL("SELECT id::text FROM read.v_course_summary WHERE tenant_id = $1 AND {}")
    text = asked.format(sql.SQL(query)).as_string()
    return [row[0] for row in await database.fetch(text, SCHOOL)]
