"""What an analyst tries in vain, also after he has changed every setting that he may change."""

import asyncio
from contextlib import AsyncExitStack
from typing import Final

import asyncpg
import pytest

from service.database import Database
from service.projection import engine
from tests.analyst.logins import Login, session

SETTINGS: Final = {
    "default_transaction_read_only": "on",
    "statement_timeout": "30s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "1min",
    "search_path": "read",
}
MOST: Final = 5
VAIN: Final = (
    "INSERT INTO courses SELECT * FROM courses",
    "UPDATE courses SET title = ''",
    "DELETE FROM courses",
    "MERGE INTO {table} AS c USING courses AS d ON c.id = d.id WHEN MATCHED THEN DELETE",
    "TRUNCATE {table}",
    "SELECT * FROM courses FOR UPDATE",
    "DO $$ BEGIN LOCK TABLE courses IN SHARE MODE; END $$",
    "COPY courses FROM STDIN",
    "COPY (SELECT 1) TO '/srv/analyst'",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "CREATE TABLE mine (id integer)",
    "CREATE TABLE public.mine (id integer)",
    "CREATE TEMP TABLE mine (id integer)",
    "CREATE VIEW mine AS SELECT 1",
    "CREATE FUNCTION mine() RETURNS integer LANGUAGE sql RETURN 1",
    "CREATE FUNCTION pg_temp.mine() RETURNS integer LANGUAGE sql RETURN 1",
    "CREATE SCHEMA mine",
    "CREATE ROLE mine",
    "CREATE DATABASE mine",
    "CREATE POLICY mine ON courses USING (true)",
    "ALTER VIEW courses SET (security_invoker = false)",
    "DROP VIEW v_course_summary",
    "COMMENT ON VIEW courses IS ''",
    "GRANT daybook_analyst TO daybook_service",
    "ANALYZE log.events",
    "ALTER ROLE {other} PASSWORD 'taken'",
    "ALTER ROLE {self} SUPERUSER",
    "ALTER ROLE {self} BYPASSRLS",
    "ALTER ROLE {self} CONNECTION LIMIT 50",
    "ALTER SYSTEM SET fsync = off",
    "SET ROLE daybook_service",
    "SET ROLE {other}",
    "SET SESSION AUTHORIZATION {other}",
    "SET session_replication_role = replica",
    "SELECT * FROM log.events",
    "SELECT * FROM log.private",
    "SELECT * FROM ops.analysts",
    "SELECT * FROM ops.generations",
    "SELECT * FROM job.queue",
    "SELECT * FROM {table}",
    "SELECT log.append(" + ", ".join(["NULL"] * 15) + ")",
    "SELECT ops.analyst_tenant()",
    "SELECT ops.advance(1)",
    "SELECT * FROM pg_authid",
    "SELECT lo_import('/etc/passwd')",
    "SELECT lo_create(0)",
    "SELECT lo_creat(-1)",
    "SELECT lo_from_bytea(0, 'x')",
    "SELECT pg_read_file('PG_VERSION')",
    "SELECT pg_ls_dir('.')",
    "SELECT pg_stat_file('PG_VERSION')",
    "SELECT pg_reload_conf()",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename <> session_user",
)


async def test_all_that_is_not_reading_is_refused(
    database: Database, ann: Login, bob: Login
) -> None:
    await engine.prepare(database)
    table = await database.fetchval(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE tablename = 'courses'"
    )
    refused: dict[str, type[Exception] | None] = {}
    async with session(ann) as connection:
        await connection.execute("SET default_transaction_read_only = off")
        await connection.execute("SET row_security = off")
        for statement in VAIN:
            said = statement.format(self=ann.name, other=bob.name, table=table)
            try:
                await connection.execute(said)
            except asyncpg.PostgresError as error:
                refused[said] = type(error)
            else:
                refused[said] = None

    assert {
        said: error
        for said, error in refused.items()
        if error is not asyncpg.InsufficientPrivilegeError
    } == {}


async def test_his_rows_are_not_shown_without_the_guard(database: Database, ann: Login) -> None:
    await engine.prepare(database)
    async with session(ann) as connection:
        await connection.execute("SET row_security = off")

        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            await connection.fetch("SELECT * FROM courses")


async def test_nothing_is_written_even_where_it_could_be(database: Database, ann: Login) -> None:
    async with session(ann) as connection:
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await connection.execute("CREATE TABLE mine (id integer)")


async def test_a_session_starts_with_limits(ann: Login) -> None:
    async with session(ann) as connection:
        found = {name: await connection.fetchval(f"SHOW {name}") for name in SETTINGS}

    assert found == SETTINGS


async def test_he_has_a_few_sessions_at_most(ann: Login) -> None:
    async with AsyncExitStack() as stack:
        opened = [stack.enter_async_context(session(ann)) for _ in range(MOST)]
        await asyncio.gather(*opened)

        with pytest.raises(asyncpg.TooManyConnectionsError):
            await stack.enter_async_context(session(ann))
