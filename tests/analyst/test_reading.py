"""What an analyst sees over a connection of his own: every view, and of it his tenant's rows."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from psycopg import sql

from service import dsn
from service.analyst.login import url
from service.database import Database
from service.log.handle import Log
from service.projection import engine
from service.projection.projector import advance
from service.projection.tail import Tail
from service.projection.text import projections
from tests.analyst.logins import Login, session
from tests.analyst.test_catalogue import OPEN
from tests.projection.histories import TENANTS, Place, request


@pytest.fixture
async def member(database: Database, database_url: str) -> AsyncIterator[Database]:
    """The database as a service reaches it whose login is but a member of daybook_service."""
    name = f"service_{uuid4().hex[:16]}"
    await database.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'pass' IN ROLE daybook_service")
    place = await database.fetchval("SELECT quote_ident(current_database())")
    await database.execute(f"GRANT CREATE ON DATABASE {place} TO daybook_service")
    member = Database(url(dsn.parse(database_url), name, "pass"))
    await member.open()
    yield member
    await member.close()
    await database.execute(f"REASSIGN OWNED BY {name} TO CURRENT_USER")
    await database.execute(f"DROP OWNED BY {name}")
    await database.execute(f"DROP ROLE {name}")


async def tenants(connection: Any) -> dict[str, list[Any]]:
    """Return whose rows each view that he can read shows."""
    views = await connection.fetch("SELECT viewname FROM pg_views WHERE schemaname = 'read'")
    found = {}
    for view in {row["viewname"] for row in views} - set(OPEN):
        query = sql.SQL("SELECT DISTINCT tenant_id FROM {}").format(sql.Identifier(view))
        found[view] = [row[0] for row in await connection.fetch(query.as_string())]
    return found


@pytest.mark.parametrize("again", [False, True], ids=["as built", "rebuilt"])
async def test_every_view_shows_an_analyst_rows_of_his_own_tenant_and_no_others(
    seeded: Database, ann: Login, bob: Login, *, again: bool
) -> None:
    for current in projections() if again else ():
        await engine.rebuild(seeded, current)

    for analyst in (ann, bob):
        async with session(analyst) as connection:
            seen = await tenants(connection)

            assert len(seen) > 20
            assert {view: whose for view, whose in seen.items() if whose != [analyst.tenant]} == {}


async def test_what_stands_on_no_tenant_is_seen_whole(seeded: Database, ann: Login) -> None:
    async with session(ann) as connection:
        fresh = await connection.fetch("SELECT name FROM freshness")
        built = await connection.fetch("SELECT DISTINCT projection FROM generations")

    names = {current.name for current in projections()}
    assert {row["name"] for row in fresh} == {row["projection"] for row in built} == names


async def test_another_role_shows_him_nothing_more(
    seeded: Database, ann: Login, bob: Login
) -> None:
    await seeded.execute(f"GRANT {bob.name} TO {ann.name}")
    async with session(ann) as connection:
        for role in (bob.name, "daybook_analyst"):
            await connection.execute(f"SET ROLE {role}")

            assert await connection.fetch("SELECT DISTINCT tenant_id FROM courses") == [
                (TENANTS[0],)
            ]


async def test_who_is_no_analyst_by_name_sees_no_row(seeded: Database, ann: Login) -> None:
    await seeded.execute("DELETE FROM ops.analysts WHERE role = $1", ann.name)

    async with session(ann) as connection:
        seen = await tenants(connection)

    await seeded.execute("INSERT INTO ops.analysts VALUES ($1, $2, 'ann')", ann.name, ann.tenant)
    assert {view: whose for view, whose in seen.items() if whose} == {}


async def test_who_becomes_an_analyst_for_a_moment_sees_no_row(
    seeded: Database, ann: Login
) -> None:
    async with seeded.ops.connection() as connection, connection.transaction():
        await connection.execute(f"SET LOCAL ROLE {ann.name}")

        assert await connection.fetch("SELECT FROM read.courses") == []


async def test_a_condition_is_never_tried_on_anothers_row(seeded: Database, ann: Login) -> None:
    await seeded.execute(
        "CREATE FUNCTION public.tell(tenant uuid) RETURNS boolean LANGUAGE plpgsql COST 0.0001"
        " AS $$ BEGIN RAISE NOTICE '%', tenant; RETURN true; END $$"
    )
    others = await seeded.fetchval(
        "SELECT max(position) FROM read.courses WHERE tenant_id = $1", TENANTS[1]
    )
    heard: list[str] = []
    async with session(ann) as connection:
        connection.add_log_listener(lambda _, message: heard.append(message.message))
        told = await connection.fetch("SELECT FROM courses WHERE public.tell(tenant_id)")
        divided = await connection.fetch(
            "SELECT FROM courses WHERE 1 / (position - $1) >= 0", others
        )

    assert heard == [str(TENANTS[0])] * len(told)
    assert len(told) == 4
    assert len(divided) <= 4


async def test_what_the_server_knows_of_others_is_not_shown(seeded: Database, ann: Login) -> None:
    await seeded.execute("ANALYZE")
    async with session(ann) as connection:
        values = await connection.fetch(
            "SELECT FROM pg_stats WHERE schemaname IN (SELECT generation FROM generations)"
        )
        queries = await connection.fetch(
            "SELECT DISTINCT query FROM pg_stat_activity WHERE usename <> session_user"
        )

    assert values == []
    assert {row["query"] for row in queries} == {"<insufficient privilege>"}


async def test_the_error_of_a_projection_is_for_operators(seeded: Database, ann: Login) -> None:
    await seeded.execute("UPDATE ops.generations SET error = 'invalid input: \"secret\"'")

    async with session(ann) as connection:
        told = [
            row["error"]
            for view in OPEN
            for row in await connection.fetch(f"SELECT error FROM {view}")  # noqa: S608 - a literal list
        ]

    assert told
    assert [error for error in told if "secret" in (error or "")] == []


async def test_his_tenant_is_asked_for_once_and_indexes_serve_him(
    seeded: Database, ann: Login
) -> None:
    async with session(ann) as connection:
        await connection.execute("SET enable_seqscan = off")
        lines = await connection.fetch(
            "EXPLAIN SELECT * FROM courses WHERE id = gen_random_uuid()::text::uuid"
        )
        plan = "\n".join(row[0] for row in lines)

    assert "InitPlan" in plan
    assert "Index" in plan


async def test_the_service_owns_what_it_makes_and_is_not_bound_by_the_guard(
    seeded: Database,
) -> None:
    seen = await seeded.fetch("SELECT DISTINCT tenant_id FROM read.courses ORDER BY 1")

    assert [row["tenant_id"] for row in seen] == list(TENANTS)


async def test_nor_is_a_service_that_is_a_member_of_its_role(
    member: Database, log: Log, tail: Tail, ann: Login
) -> None:
    await engine.prepare(member)
    for tenant in TENANTS:
        await request(log, Place(tenant, uuid4(), uuid4()), "Light")
    while not await advance(member, tail):
        pass

    seen = await member.fetch("SELECT DISTINCT tenant_id FROM read.courses ORDER BY 1")
    async with session(ann) as connection:
        shown = await connection.fetch("SELECT DISTINCT tenant_id FROM courses")

    assert [row["tenant_id"] for row in seen] == list(TENANTS)
    assert [row["tenant_id"] for row in shown] == [ann.tenant]
