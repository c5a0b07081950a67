"""Rules about the SQL: each file is prepared, used, and says what it is; hot ones stay fast."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from msgspec import Struct

from service.audit import http as audit
from service.course import views as course
from service.database import Database
from service.embedding.store import Wanting
from service.gateway import subscriber
from service.job import views as job
from service.library import views as library
from service.library.material import Material
from service.log.event import Recorded
from service.price import views as prices
from service.projection import engine
from service.projection.text import PROJECTIONS, projections
from service.service_token import views as service_token
from service.sql import SQL
from service.tenant.tenants import Tenant
from service.textbook.version import Act
from service.view.catalogue import View
from service.view.rows import Part
from tests.log.batches import append, one

SERVICE = Path(__file__).parent.parent / "service"
PARTS = ("projection", "indexes", "views")
SCRIPTS = {f"{name}/{part}" for name in PROJECTIONS for part in PARTS}
STATEMENTS = sorted(SQL.keys() - SCRIPTS)
GLIMPSED = {
    "course/then", "course/contents_then",
    "textbook/textbook_then", "textbook/chapters_then", "textbook/chapter_then",
}  # fmt: skip
"""What a glimpse is asked: the tables are found by search_path, and are named as in `read`.

So are the tables of the old generator, which `adopt` reads: their names are kept.
"""
READS: dict[str, type[Struct]] = {
    "audit/addresses": audit.Place,
    "budget/accounts": Recorded,
    "course/course": course.CourseView,
    "course/lesson": course.LessonView,
    "course/lessons": course.LessonLine,
    "course/page": course.Summary,
    "embedding/missing": Wanting,
    "embedding/nearest": library.Hit,
    "gateway/events": Recorded,
    "gateway/list": subscriber.Line,
    "gateway/move": subscriber.Standing,
    "gateway/take": subscriber.Standing,
    "job/job": job.JobView,
    "library/material": Material,
    "library/search": library.Hit,
    "library/search_forgiving": library.Hit,
    "library/source": library.SourceView,
    "library/sources": library.SourceLine,
    "log/read_range": Recorded,
    "log/read_stream": Recorded,
    "price/page": prices.PriceView,
    "service_token/page": service_token.ServiceTokenView,
    "tenant/tenant": Tenant,
    "tenant/tenants": Tenant,
    "textbook/acts": Act,
    "view/catalogue": View,
    "view/page": Part,
}
"""Which struct each query's rows go straight into."""


@pytest.fixture
async def connection(database: Database) -> AsyncIterator[asyncpg.Connection]:
    await engine.prepare(database)
    connection = await database.connect()
    yield connection
    await connection.close()


async def test_every_statement_is_accepted_by_the_migrated_schema(
    connection: asyncpg.Connection,
) -> None:
    refused = {}
    for name in STATEMENTS:
        path = "read" if name in GLIMPSED or name.startswith("adopt/") else "public"
        await connection.execute("SELECT set_config('search_path', $1, false)", path)
        try:
            await connection.prepare(SQL[name])
        except asyncpg.PostgresError as error:
            refused[name] = str(error)

    assert refused == {}


@pytest.mark.parametrize("name", READS)
async def test_a_query_yields_the_fields_of_the_struct_it_feeds(
    name: str, connection: asyncpg.Connection
) -> None:
    statement = await connection.prepare(SQL[name])

    yielded = [attribute.name for attribute in statement.get_attributes()]

    assert sorted(yielded) == sorted(READS[name].__struct_fields__)


def test_every_statement_is_named_in_the_code_and_every_name_has_its_statement() -> None:
    sources = "\n".join(path.read_text() for path in SERVICE.rglob("*.py"))

    named = set(re.findall(r'SQL\["([^"]+)"\]', sources))
    quoted = set(re.findall(r'"(\w+/\w+)"', sources))

    assert named - set(SQL) == set()
    assert set(STATEMENTS) - quoted == set()


@pytest.mark.parametrize("name", SQL)
def test_a_file_opens_with_a_sentence(name: str) -> None:
    comment, _ = halves(SQL[name])

    assert re.match(r"[A-Z].+?[.:]( |$)", comment.replace("\n", " ")), comment


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_legend_names_each_parameter_and_no_other(name: str) -> None:
    comment, statement = halves(SQL[name])

    legend = set(re.findall(r"\$\d+", comment))

    assert legend == set(re.findall(r"\$\d+", statement))


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_parameter_is_cast_where_it_first_occurs(name: str) -> None:
    _, statement = halves(SQL[name])
    first = {n: statement[at:] for at, n in reversed(occurrences(statement))}

    uncast = [n for n, rest in first.items() if not rest.removeprefix(n).startswith("::")]

    assert uncast == []


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_file_holds_one_statement(name: str) -> None:
    _, statement = halves(SQL[name])

    assert ";" not in statement.rstrip().removesuffix(";")


async def test_every_projection_installs_and_says_which_tenant_and_position_each_row_has(
    connection: asyncpg.Connection,
) -> None:
    for projection in projections():
        columns = await connection.fetch(
            "SELECT t.tablename, array_agg(c.column_name::text || ' ' || c.data_type) AS columns"
            "  FROM pg_tables AS t JOIN information_schema.columns AS c"
            "    ON c.table_schema = t.schemaname AND c.table_name = t.tablename"
            " WHERE t.schemaname = $1 GROUP BY t.tablename",
            projection.schema,
        )

        assert columns
        for table in columns:
            assert {"tenant_id uuid", "position bigint"} <= set(table["columns"]), table


@pytest.fixture
async def seeded(connection: asyncpg.Connection) -> tuple[asyncpg.Connection, list[UUID]]:
    """A log of 60 streams of 50 events that the planner has statistics of."""
    streams = [uuid4() for _ in range(60)]
    for stream in streams:
        await append(connection, one(stream, *range(1, 51)))
    await connection.execute("ANALYZE log.events, log.receipts")
    return connection, streams


async def test_reading_a_stream_descends_the_index_of_streams(
    seeded: tuple[asyncpg.Connection, list[UUID]],
) -> None:
    connection, streams = seeded

    plan = await explained(connection, "log/read_stream", streams[7], 45, 1000)

    assert "events_stream_id_version_key" in plan
    assert "Seq Scan" not in plan


async def test_reading_on_from_a_position_descends_the_index_of_positions(
    seeded: tuple[asyncpg.Connection, list[UUID]],
) -> None:
    connection, _ = seeded

    plan = await explained(connection, "log/read_range", uuid4(), 2_950, None, None, 10, None)

    assert "Index Scan using events_pkey" in plan
    assert "Seq Scan" not in plan


async def test_appending_reads_a_handful_of_rows_however_long_the_log_and_old_the_plan(
    seeded: tuple[asyncpg.Connection, list[UUID]],
) -> None:
    connection, streams = seeded
    fresh = [one(stream, 51) for stream in streams[:40]]

    before = await scanned(connection)
    await append(connection, *fresh)
    await append(connection, fresh[0], one(streams[50], 50), one(streams[51], 51))
    after = await scanned(connection)

    assert after["seq_scan"] == before["seq_scan"]
    assert after["idx_tup_fetch"] - before["idx_tup_fetch"] < 200


def halves(text: str) -> tuple[str, str]:
    """Return a file's opening comment, without its dashes, and what follows it."""
    lines = text.splitlines()
    first = next(n for n, line in enumerate(lines) if not line.startswith("--"))
    comment = "\n".join(line.removeprefix("--").strip() for line in lines[:first])
    return comment, "\n".join(lines[first:])


def occurrences(statement: str) -> list[tuple[int, str]]:
    return [(found.start(), found[0]) for found in re.finditer(r"\$\d+", statement)]


async def explained(connection: asyncpg.Connection, name: str, *arguments: Any) -> str:
    """Return the plan that a session which has run the statement often uses."""
    await connection.execute("SET plan_cache_mode = force_generic_plan")
    statement = await connection.prepare("EXPLAIN " + SQL[name])
    return "\n".join(row[0] for row in await statement.fetch(*arguments))


async def scanned(connection: asyncpg.Connection) -> asyncpg.Record:
    """Return how much this session has read of the log's two long tables until now."""
    await connection.execute("SELECT pg_stat_force_next_flush()")
    row = await connection.fetchrow(
        "SELECT sum(seq_scan) AS seq_scan, sum(idx_tup_fetch) AS idx_tup_fetch"
        "  FROM pg_stat_user_tables WHERE schemaname = 'log' AND relname IN ('events', 'receipts')"
    )
    assert row is not None
    return row
