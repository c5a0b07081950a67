"""What happened on each day, and who was there: counts of all events."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from service.database import Database
from service.job.decider import JOB, Command, Complete, Create, Fail, Start
from service.log.append import GroupAppender
from service.log.handle import Context, Log
from service.projection.text import projection
from service.sql import SQL
from tests.log.batches import commit, write
from tests.projection.generations import fold, live, rows, scratch
from tests.projection.histories import TENANTS, History, happen, histories

Project = Callable[[], Awaitable[None]]
TENANT = TENANTS[0]
CREATE = Create("course", uuid4(), "ann")


async def do(log: Log, actor: str, *commands: Command, tenant: UUID = TENANT) -> None:
    """Let an actor carry out commands on a new job."""
    stream = uuid4()
    for command in commands:
        await log.handle(JOB, stream, command, Context(tenant, actor, uuid4()))


async def on(database: Database, day: datetime) -> None:
    """Let the log's time be so late."""
    await database.queries.execute("UPDATE log.head SET recorded_at = $1", day)


async def view(database: Database, name: str, tenant: UUID = TENANT) -> list[dict[str, Any]]:
    queries = {
        "v_event_counts": "SELECT * FROM read.v_event_counts WHERE tenant_id = $1 ORDER BY type",
        "v_usage_daily": "SELECT * FROM read.v_usage_daily WHERE tenant_id = $1 ORDER BY day",
        "v_active_users": "SELECT * FROM read.v_active_users WHERE tenant_id = $1"
        " ORDER BY period, starts_on",
    }
    return [dict(row) for row in await database.fetch(queries[name], tenant)]


async def test_events_are_counted_by_type(log: Log, database: Database, projected: Project) -> None:
    await do(log, "ann", CREATE, Start("w"), Complete())
    await do(log, "ann", CREATE, Start("w"))
    await do(log, "bob", CREATE, tenant=TENANTS[1])
    await projected()

    counts = {row["type"]: row for row in await view(database, "v_event_counts")}
    assert {name: row["events"] for name, row in counts.items()} == {
        "job.created": 2,
        "job.started": 2,
        "job.completed": 1,
    }
    assert [counts[name]["streams_begun"] for name in ("job.created", "job.started")] == [2, 0]
    assert [row["position"] for row in counts.values()] == [3, 4, 5]
    assert counts["job.created"]["first_seen"] < counts["job.created"]["last_seen"]


async def test_an_event_of_any_type_is_counted_nobody_has_to_declare_it(
    appender: GroupAppender, database: Database, projected: Project
) -> None:
    await appender.append(commit(write(uuid4(), 0, 3, type="thing.unheard-of"), tenant=TENANT))
    await projected()

    [row] = await view(database, "v_event_counts")
    assert (row["type"], row["events"]) == ("thing.unheard-of", 3)


async def test_a_day_says_what_was_done_on_it(
    log: Log, database: Database, projected: Project
) -> None:
    await on(database, datetime(2101, 1, 1, 9, tzinfo=UTC))
    await do(log, "ann", CREATE, Start("w"), Complete())
    await do(log, "worker:1", CREATE, Start("w"), Fail("x", "y", retryable=False))
    await on(database, datetime(2101, 1, 3, 9, tzinfo=UTC))
    await do(log, "bob", CREATE)
    await projected()

    first, second = await view(database, "v_usage_daily")
    assert (first["day"], second["day"]) == (date(2101, 1, 1), date(2101, 1, 3))
    assert (first["events"], second["events"]) == (6, 1)
    assert (first["active_users"], second["active_users"]) == (1, 1)
    named = [f"jobs_{word}" for word in ("created", "completed", "failed", "cancelled")]
    assert [first[name] for name in named] == [2, 1, 1, 0]
    assert [second[name] for name in named] == [1, 0, 0, 0]


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Los_Angeles"])
async def test_days_are_those_of_utc_whoever_folds_and_whoever_reads(
    zone: str, log: Log, database: Database, projected: Project
) -> None:
    for hour in (0, 23):
        await on(database, datetime(2101, 1, 31, hour, 30, tzinfo=UTC))
        await do(log, f"at {hour}", CREATE)
    session = await database.connect()
    await session.execute(f"SET timezone = '{zone}'")
    await session.fetchrow(SQL["projection/advance"], 1_000, 1.0)

    days = await session.fetch("SELECT * FROM read.v_usage_daily")
    months = await session.fetch("SELECT * FROM read.v_active_users WHERE period = 'month'")
    await session.close()
    assert [row["day"] for row in days] == [date(2101, 1, 31)]
    assert [row["starts_on"] for row in months] == [date(2101, 1, 1)]


async def test_a_person_who_comes_every_day_is_one_user_of_the_week(
    log: Log, database: Database, projected: Project
) -> None:
    for day in (29, 30, 31):  # a Saturday, a Sunday and a Monday
        await on(database, datetime(2101, 1, day, 9, tzinfo=UTC))
        await do(log, "ann", CREATE, Start("w"))
    await do(log, "bob", CREATE)
    await projected()

    found = [
        (row["period"], row["starts_on"].day, row["users"], row["who"], row["events"])
        for row in await view(database, "v_active_users")
    ]
    assert found == [
        ("day", 29, 1, ["ann"], 2),
        ("day", 30, 1, ["ann"], 2),
        ("day", 31, 2, ["ann", "bob"], 3),
        ("month", 1, 2, ["ann", "bob"], 7),
        ("week", 24, 1, ["ann"], 4),
        ("week", 31, 2, ["ann", "bob"], 3),
    ]


async def test_users_of_7_and_of_28_days_are_counted_once(
    log: Log, database: Database, projected: Project
) -> None:
    for day, actor in ((1, "ann"), (8, "bob"), (14, "ann"), (14, "service"), (28, "cid")):
        await on(database, datetime(2101, 1, day, 9, tzinfo=UTC))
        await do(log, actor, CREATE)
    await on(database, datetime(2101, 1, 29, 9, tzinfo=UTC))
    await do(log, "anonymous", CREATE)
    await do(log, "cid", CREATE)
    await projected()

    found = [
        (row["starts_on"].day, row["users"], row["users_7_days"], row["users_28_days"])
        for row in await view(database, "v_active_users")
        if row["period"] != "week"
    ]
    assert found == [
        (1, 1, 1, 1),
        (8, 1, 1, 2),
        (14, 1, 2, 2),
        (28, 1, 1, 3),
        (29, 1, 1, 3),
        (1, 3, 1, 3),  # of the month
    ]


async def test_workers_are_no_users(log: Log, database: Database, projected: Project) -> None:
    await do(log, "worker:1", CREATE, Start("w"))
    await projected()

    [row] = await view(database, "v_usage_daily")
    assert (row["events"], row["active_users"]) == (2, 0)
    assert await view(database, "v_active_users") == []


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(history=histories(), ends=st.lists(st.integers(0, 60), max_size=8).map(sorted))
async def test_ranges_that_overlap_count_each_event_once(
    history: History, ends: list[int], log: Log, database: Database, projected: Project
) -> None:
    await happen(log, history)
    await projected()
    head = await database.fetchval("SELECT position FROM log.head")

    schema = await scratch(database, projection("usage"))
    for before, upto in pairwise([0, 0, *(max(0, head - 60) + end for end in ends), head]):
        await fold(database, schema, before // 2, upto)

    whole = await rows(database, await live(database, "usage"))
    assert await rows(database, schema) == whole
    assert await database.fetchval("SELECT sum(events) FROM read.daily_events") == head
    assert await database.fetchval("SELECT sum(events) FROM read.daily_actors") == head
