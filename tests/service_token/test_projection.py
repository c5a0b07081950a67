"""Service tokens as they are read: what was decided, however the rows came about."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from uuid import uuid4

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from service.database import Database
from service.log.handle import Log
from service.projection.text import projection
from service.refusal import Refusal
from service.service_token.decider import SERVICE_TOKEN, Absent, IssueServiceToken, Revoked
from tests.projection.generations import build, live, rows, scratch
from tests.projection.histories import TENANTS, context
from tests.service_token.machines import ISSUE, REVOKE
from tests.shapes import LINES

Project = Callable[[], Awaitable[None]]
NAMES = st.sampled_from(["a", "b c", "ä", " "])
COMMANDS = st.one_of(
    st.builds(
        lambda name, scopes: replace(ISSUE, name=name, scopes=tuple(scopes)),
        NAMES,
        st.lists(st.sampled_from(["*", "courses:read", "jobs:*"]), max_size=3),
    ),
    st.builds(lambda reason: replace(REVOKE, reason=reason), LINES),
)
ROW = (
    "SELECT tenant_id, name, role, scopes, expires_at, revoked_at IS NOT NULL AS revoked"
    "  FROM read.v_service_tokens WHERE id = $1 AND (state = 'revoked') = (remaining IS NULL)"
)


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(
    asked=st.lists(st.tuples(st.integers(0, 4), COMMANDS), min_size=8, max_size=30),
    every=st.integers(1, 9),
    cuts=st.lists(st.integers(1, 30), max_size=8),
)
async def test_the_rows_say_what_was_decided_live_and_rebuilt(
    asked: list[tuple[int, Any]],
    every: int,
    cuts: list[int],
    log: Log,
    database: Database,
    projected: Project,
) -> None:
    tokens = [uuid4() for _ in range(5)]
    for turn, (number, command) in enumerate(asked):
        token, tenant = tokens[number], TENANTS[number % 2]
        if isinstance(command, IssueServiceToken):
            command = replace(command, token=token)  # noqa: PLW2901 - it is the same one, of that id
        with suppress(Refusal):
            await log.handle(SERVICE_TOKEN, token, command, context(tenant))
        if turn % every == 0:
            await projected()
    await projected()

    for number, token in enumerate(tokens):
        state = (await log.load(SERVICE_TOKEN, token, None)).state
        row = await database.fetchrow(ROW, token)
        assert (row is None) == isinstance(state, Absent)
        if row is not None:
            assert row["tenant_id"] == TENANTS[number % 2]
            assert (row["name"], row["revoked"]) == (state.name, isinstance(state, Revoked))
    schema = await scratch(database, projection("service_token"))
    head = await database.fetchval("SELECT position FROM log.head")
    await build(database, schema, [max(1, head - 30) + cut for cut in cuts])
    assert await rows(database, schema) == await rows(
        database, await live(database, "service_token")
    )
