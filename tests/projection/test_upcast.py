"""Every reader sees events as the present understands them."""

from collections.abc import Awaitable, Callable
from uuid import uuid4

from service.database import Database
from service.job.decider import JOB, Create
from service.job.views import job
from service.log.append import GroupAppender
from service.log.event import read_range, read_stream
from service.log.handle import Log
from tests.projection.histories import TENANTS, context

UPCAST = """
CREATE OR REPLACE FUNCTION log.upcast(type text, data jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE type WHEN 'job.created' THEN data || '{"kind": "upcast"}' ELSE data END
"""


async def test_an_upcast_reaches_every_reader(
    log: Log,
    appender: GroupAppender,
    database: Database,
    projected: Callable[[], Awaitable[None]],
) -> None:
    stream, tenant = uuid4(), TENANTS[0]
    await log.handle(JOB, stream, Create("course", uuid4(), "ann"), context(tenant))
    [before] = await read_stream(database, stream)

    await database.execute(UPCAST)
    await projected()

    view = await job(database, tenant, stream)
    found = [*await read_stream(database, stream), *await read_range(database, tenant, 0)]
    state = (await Log(database, appender).load(JOB, stream, tenant)).state
    assert '"course"' in before.data
    assert all('"upcast"' in event.data for event in found)
    assert len(found) == 2
    assert state.request.kind == "upcast"
    assert view is not None
    assert view.kind == "upcast"
