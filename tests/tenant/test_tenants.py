"""Tenants in the database: the table, the log and the rows say the same, whatever was done."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from service.database import Database
from service.http.token import HOUSE, tenant
from service.log.export import export
from service.log.restore import restore
from service.projection.text import projection
from service.refusal import Refusal
from service.tenant import desk, tenants
from service.tenant.desk import TenantExists
from service.tenant.tenants import Tenant
from tests.log.archives import cloned
from tests.log.moving import silent
from tests.projection.generations import build, live, rows, scratch
from tests.tenant.conftest import act

Project = Callable[[], Awaitable[None]]
Deed = tuple[str, str, Any]
LIMITS = st.none() | st.integers(1, 3)
DEEDS = st.one_of(
    st.tuples(st.just("create"), st.none()),
    st.tuples(st.just("create"), st.none()),
    st.tuples(st.sampled_from(["suspend", "resume"]), st.none()),
    st.tuples(st.just("registration"), st.booleans()),
    st.tuples(st.just("limit"), st.tuples(LIMITS, LIMITS)),
)
FACTS = ("name", "state", "registration", "commands_per_second", "generations_per_minute")


async def do(database: Database, name: str, deed: str, how: Any) -> bool:
    """Do one thing to a tenant; tell whether it changed anything."""
    why = act(f"{deed} {name}")
    match deed:
        case "create":
            return await desk.create(database, name, why)
        case "suspend":
            return await desk.suspend(database, tenant(name), why)
        case "resume":
            return await desk.resume(database, tenant(name), why)
        case "registration":
            return await desk.registration(database, tenant(name), why, opened=how)
        case _:
            per_second, per_minute = how
            return await desk.limit(
                database,
                tenant(name),
                why,
                commands_per_second=per_second,
                generations_per_minute=per_minute,
            )


def done(model: dict[str, dict[str, Any]], name: str, deed: str, how: Any) -> bool:
    """Do the same to what a tenant should be; tell whether that changes anything."""
    known = model.get(name)
    if deed == "create":
        if known is None:
            model[name] = dict.fromkeys(FACTS) | {"state": "open", "registration": "closed"}
        return known is None
    if known is None or (deed == "suspend" and name == "default"):
        return False
    before = dict(known)
    match deed:
        case "suspend" | "resume":
            known["state"] = "suspended" if deed == "suspend" else "open"
        case "registration":
            known["registration"] = "open" if how else "closed"
        case _:
            known["commands_per_second"], known["generations_per_minute"] = how
    return known != before


@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(
    deeds=st.lists(st.tuples(st.integers(0, 3), DEEDS), min_size=10, max_size=30),
    every=st.integers(1, 9),
    cuts=st.lists(st.integers(1, 40), max_size=8),
)
async def test_whatever_is_done_the_table_and_the_rows_are_what_the_log_says(
    deeds: list[tuple[int, tuple[str, Any]]],
    every: int,
    cuts: list[int],
    database: Database,
    projected: Project,
) -> None:
    names = ["default", *(f"t-{uuid4().hex}" for _ in range(3))]
    house = await tenants.of(database, HOUSE)
    model: dict[str, dict[str, Any]] = {"default": {fact: getattr(house, fact) for fact in FACTS}}
    for turn, (number, (deed, how)) in enumerate(deeds):
        name, changed = names[number], False
        with suppress(Refusal):
            changed = await do(database, name, deed, how)
        assert changed == done(model, name, deed, how), (name, deed, how)
        if turn % every == 0:
            await projected()
    await projected()

    table = [await tenants.of(database, tenant(name)) for name in names]
    for name, found in zip(names, table, strict=True):
        wanted = model.get(name, {}) | {"name": name if name in model else None}
        assert {fact: getattr(found, fact) for fact in wanted} == wanted
        await shows(database, found)
    await database.execute("SELECT ops.recall_tenants()")
    assert [await tenants.of(database, tenant(name)) for name in names] == table
    schema = await scratch(database, projection("tenant"))
    head = await database.fetchval("SELECT position FROM log.head")
    await build(database, schema, [max(1, head - 40) + cut for cut in cuts])
    assert await rows(database, schema) == await rows(database, await live(database, "tenant"))


async def shows(database: Database, found: Tenant) -> None:
    """Check that a tenant's own row says what the table says; one without events has none."""
    row = await database.fetchrow(
        "SELECT *, suspended_at IS NOT NULL AS suspended FROM read.tenants WHERE tenant_id = $1",
        found.tenant_id,
    )
    assert (row is None) == (found.position == 0)
    if row is not None:
        facts = (*FACTS[1:], "position", "created_at", "suspended")
        assert {fact: row[fact] for fact in facts} == {fact: getattr(found, fact) for fact in facts}


async def test_of_many_who_do_the_same_at_once_one_does_it(database: Database) -> None:
    created = await asyncio.gather(
        *(do(database, "school", "create", None) for _ in range(12)), return_exceptions=True
    )
    suspended = await asyncio.gather(*(do(database, "school", "suspend", None) for _ in range(12)))

    assert sorted(map(type, created), key=str) == [bool, *[TenantExists] * 11]
    assert suspended.count(True) == 1
    events = await database.fetch("SELECT type, tenant_id, metadata FROM log.events ORDER BY 1")
    assert [row["type"] for row in events] == ["tenant.created", "tenant.suspended"]
    assert {row["tenant_id"] for row in events} == {tenant("school")}
    assert await database.fetchval("SELECT ops.house()") == HOUSE


async def test_workers_hear_of_a_tenant_that_is_resumed(database: Database) -> None:
    heard = asyncio.Event()
    connection = await database.connect()
    await do(database, "school", "create", None)
    await do(database, "school", "suspend", None)
    await connection.add_listener("daybook_queue", lambda *_: heard.set())

    await do(database, "school", "resume", None)
    async with asyncio.timeout(5):
        await heard.wait()
    await connection.close()


@pytest.fixture
async def second(server: str, template: str) -> AsyncIterator[Database]:
    """A second migrated database, with an empty log."""
    urls: Iterator[str] = cloned(server, template)
    database = Database(next(urls))
    await database.open()
    yield database
    await database.close()
    assert next(urls, None) is None


async def test_an_imported_log_brings_its_tenants(
    database: Database, second: Database, tmp_path: Path
) -> None:
    for name, deed, how in (
        ("school", "create", None),
        ("school", "limit", (3, None)),
        ("default", "registration", False),
        ("school", "suspend", None),
    ):
        await do(database, name, deed, how)
    await export(database, tmp_path / "log.ndjson", silent)
    await restore(second, tmp_path / "log.ndjson", silent, silent, silent)

    listed = await tenants.listed(second, None, 10)
    assert listed == await tenants.listed(database, None, 10)
    assert [(each.name, each.state) for each in listed] == [
        ("default", "open"),
        ("school", "suspended"),
    ]
