"""What the catalogue says an analyst may do: read the views of schema read, nothing else."""

from typing import Final

import pytest

from service.database import Database
from service.projection import engine
from service.projection.text import PROJECTIONS, projection
from tests.analyst.logins import Login
from tests.projection.generations import scratch

OPEN: Final = {
    "freshness": "It tells how far projections are, and its tables hold no tenant's rows.",
    "generations": "It tells how generations are built, and its tables hold no tenant's rows.",
}
"""Views that everybody who may read them sees whole, and why."""
OUTLIVING: Final = {
    "ops.embeddings": "What chunks mean is paid for, so it is no generation's.",
}
"""Tables outside the generations that views show rows of, and why."""
CALLED: Final = {"search_configs", "meant_words", "wait_for"}
"""Functions of schema read; they read its views as whoever calls them."""
LENDING: Final = {
    "analyst_tenant": "A policy asks it for the tenant of whoever logged in.",
    "wait_for": "It tells where the projections stand.",
}
"""Functions that anybody may call and that read what he may not, and why."""


@pytest.fixture
async def generations(database: Database) -> Database:
    """Every projection serves; of one there are also a generation before and an operator's own."""
    await engine.prepare(database)
    await engine.rebuild(database, projection("job"))
    await scratch(database, projection("job"))
    return database


async def test_every_view_of_rows_asks_for_the_rights_of_its_reader(
    generations: Database,
) -> None:
    views = await generations.fetch(
        "SELECT c.relname FROM pg_class AS c"
        " WHERE c.relnamespace = 'read'::regnamespace AND c.relkind <> 'i'"
        "   AND (c.relkind <> 'v' OR c.reloptions IS NULL"
        "        OR 'security_invoker=true' <> ALL (c.reloptions))"
    )

    assert {row["relname"] for row in views} == set(OPEN)


async def test_what_everybody_sees_whole_stands_on_no_table_of_a_generation(
    generations: Database,
) -> None:
    below = await generations.fetch(
        "SELECT DISTINCT u.view_name, u.table_schema FROM information_schema.view_table_usage AS u"
        " WHERE u.view_schema = 'read' AND u.view_name = ANY ($1)",
        list(OPEN),
    )

    assert {row["view_name"] for row in below} == set(OPEN)
    assert {row["table_schema"] for row in below} <= {"ops", "log"}


async def test_every_table_of_every_generation_shows_an_analyst_his_tenant_alone(
    generations: Database,
) -> None:
    tables = await generations.fetch(
        "SELECT g.role, c.oid::regclass::text AS name, c.relrowsecurity AS guarded, array_agg("
        "         concat_ws(' ', p.permissive, p.cmd, p.roles::text, p.qual)) AS policies"
        "  FROM ops.generations AS g"
        "  JOIN pg_class AS c"
        "    ON c.relnamespace = to_regnamespace(g.schema) AND c.relkind IN ('r', 'p')"
        "  LEFT JOIN pg_policies AS p ON p.schemaname = g.schema AND p.tablename = c.relname"
        " GROUP BY g.role, c.oid"
    )
    rule = (
        "PERMISSIVE SELECT {daybook_analyst}"
        " (tenant_id = ( SELECT ops.analyst_tenant() AS analyst_tenant))"
    )

    assert len(tables) > len(PROJECTIONS)
    assert {row["role"] for row in tables} == {"serving", "previous", "candidate"}
    assert [row["name"] for row in tables if not row["guarded"]] == []
    assert [row for row in tables if row["policies"] != [rule]] == []


async def test_what_outlives_generations_shows_an_analyst_his_tenant_alone(
    generations: Database,
) -> None:
    for table in OUTLIVING:
        rules = await generations.fetch(
            "SELECT c.relrowsecurity AS guarded, p.cmd, p.qual FROM pg_class AS c"
            "  LEFT JOIN pg_policies AS p ON format('%s.%s', p.schemaname, p.tablename) = $1"
            "   AND 'daybook_analyst' = ANY (p.roles)"
            " WHERE c.oid = $1::regclass",
            table,
        )

        assert [tuple(rule) for rule in rules] == [
            (True, "SELECT", "(tenant_id = ( SELECT ops.analyst_tenant() AS analyst_tenant))")
        ]


async def test_nothing_is_granted_but_to_read(generations: Database) -> None:
    # What is made in a database, and not with it, has numbers from 16384 on.
    granted = await generations.fetch(
        "SELECT CASE n.nspname WHEN 'ops' THEN c.oid::regclass::text ELSE n.nspname END AS schema,"
        "       a.grantee = 0 AS public, a.privilege_type AS right"
        "  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace"
        " CROSS JOIN LATERAL aclexplode(c.relacl) AS a"
        " WHERE n.oid >= 16384 AND a.grantee IN (0, 'daybook_analyst'::regrole)"
        " UNION ALL"
        " SELECT n.nspname, true, a.privilege_type"
        "  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace"
        "  JOIN pg_attribute AS t ON t.attrelid = c.oid"
        " CROSS JOIN LATERAL aclexplode(t.attacl) AS a"
        " WHERE n.oid >= 16384 AND a.grantee IN (0, 'daybook_analyst'::regrole)"
    )
    built = await engine.generations(generations)

    assert {(row["public"], row["right"]) for row in granted} == {(False, "SELECT")}
    schemas = {"read", *(row["schema"] for row in built)}
    assert {row["schema"] for row in granted} == schemas | set(OUTLIVING)


async def test_every_view_is_granted(generations: Database) -> None:
    kept = await generations.fetch(
        "SELECT c.relname FROM pg_class AS c"
        " WHERE c.relnamespace = 'read'::regnamespace"
        "   AND NOT has_table_privilege('daybook_analyst', c.oid, 'SELECT')"
    )

    assert kept == []


async def test_an_analyst_enters_schema_read_alone_and_makes_nothing(
    generations: Database, ann: Login
) -> None:
    schemas = await generations.fetch(
        "SELECT n.nspname AS name, has_schema_privilege($1, n.oid, 'USAGE') AS enters,"
        "       has_schema_privilege($1, n.oid, 'CREATE') AS makes FROM pg_namespace AS n",
        ann.name,
    )
    entered = {row["name"] for row in schemas if row["enters"]}

    assert entered <= {"read", "public", "pg_catalog", "information_schema"}
    assert "read" in entered
    assert [row["name"] for row in schemas if row["makes"]] == []


async def test_an_analyst_calls_no_function_of_ours_but_those_of_the_views(
    generations: Database, ann: Login
) -> None:
    called = await generations.fetch(
        "SELECT p.proname FROM pg_proc AS p"
        " WHERE p.pronamespace >= 16384 AND has_schema_privilege($1, p.pronamespace, 'USAGE')"
        "   AND has_function_privilege($1, p.oid, 'EXECUTE')",
        ann.name,
    )

    assert {row["proname"] for row in called} <= CALLED


async def test_no_function_lends_its_owners_rights_to_everybody(generations: Database) -> None:
    lending = await generations.fetch(
        "SELECT p.proname FROM pg_proc AS p"
        " WHERE p.pronamespace >= 16384 AND p.prosecdef AND p.prorettype <> 'trigger'::regtype"
        "   AND has_function_privilege('daybook_analyst', p.oid, 'EXECUTE')"
    )

    assert {row["proname"] for row in lending} <= set(LENDING)


async def test_guarding_again_changes_nothing(generations: Database) -> None:
    (schema, *_) = [row["schema"] for row in await engine.generations(generations)]
    policies = "SELECT * FROM pg_policies ORDER BY schemaname, tablename"
    before = await generations.fetch(policies)

    await generations.execute("SELECT ops.guard($1)", schema)

    assert await generations.fetch(policies) == before


async def test_a_table_without_a_tenant_is_refused(database: Database) -> None:
    await database.execute("CREATE SCHEMA loose CREATE TABLE things (id integer)")

    with pytest.raises(Exception, match="things of loose has no column tenant_id uuid"):
        await database.execute("SELECT ops.guard('loose')")
