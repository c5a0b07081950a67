"""Projections that note which events they were given, and how often; and what they must have got.

``everything`` folds events of every type, ``records`` those of one, and ``sick`` cannot take an
event whose data names a poison.
"""

from collections import Counter
from typing import Any, Final
from uuid import UUID

from psycopg import sql

from service.database import Database
from service.projection import engine
from service.projection.text import Projection
from service.sql import SQL

TEXT: Final = """-- Which events a projection was given, and how often.
-- folds: {types}
CREATE TABLE seen_{name} (
    tenant_id uuid, position bigint PRIMARY KEY, stream_id uuid NOT NULL, times integer NOT NULL);
CREATE FUNCTION fold(after bigint, upto bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO seen_{name} AS n
    SELECT s.tenant_id, s.position, s.stream_id, {times}
      FROM log.slice('{name}', after, upto) AS s
    ON CONFLICT (position) DO UPDATE SET times = n.times + EXCLUDED.times;
END
$$;
"""
INDEXES: Final = "CREATE INDEX seen_{name}_stream_idx ON seen_{name} (stream_id);"
POISON: Final = '{"poison": 0}'


def recorder(name: str, types: tuple[str, ...], digit: str, times: str = "1") -> Projection:
    """Return a projection that records; `digit` makes the text's digest."""
    script = TEXT.format(name=name, types=", ".join(types), times=times)
    return Projection(name, digit * 64, types, script, INDEXES.format(name=name))


EVERYTHING: Final = recorder("everything", ("*",), "1")
RECORDS: Final = recorder("records", ("thing.done",), "2")
SICK: Final = recorder("sick", ("thing.done",), "3", "1 / coalesce((s.data ->> 'poison')::int, 1)")
BY_NAME: Final = {each.name: each for each in (EVERYTHING, RECORDS, SICK)}


async def serve(database: Database, *recorders: Projection) -> list[str]:
    """Let recorders serve; return their schemas."""
    for each in recorders:
        await engine.install(database, each, each.schema)
        await engine.build(database, each.name, each.schema)
        await engine.swap(database, [each.schema])
    return [each.schema for each in recorders]


async def catch_up(database: Database) -> list[dict[str, Any]]:
    """Bring those that do not follow to the tail, as a rollback would; return all recorders'."""
    found = [row for row in await engine.generations(database) if row["projection"] in BY_NAME]
    for row in found:
        if row["state"] in ("building", "behind"):
            await engine.build(database, row["projection"], row["schema"])
    return found


async def assert_each_once(database: Database) -> Counter[str]:
    """Check that every generation of every recorder was given each of its events exactly once.

    What is parked, and what came after it in that stream, it was not given. Returns how many
    generations there are of each role.
    """
    found = await catch_up(database)
    tail = await database.fetchval(SQL["projection/tail"])
    log = await database.fetch("SELECT position, stream_id, type FROM log.events ORDER BY 1")
    assert found
    for row in found:
        given = await seen(database, row["projection"], row["schema"])
        waits = await parked(database, row["schema"])
        wanted = {
            event["position"]: 1
            for event in log
            if event["position"] <= tail
            and ("*" in row["types"] or event["type"] in row["types"])
            and event["position"] < waits.get(event["stream_id"], tail + 1)
        }
        assert given == wanted, (row["schema"], row["role"], unlike(given, wanted))
    return Counter(row["role"] for row in found)


def unlike(given: dict[int, int], wanted: dict[int, int]) -> dict[int, tuple[Any, Any]]:
    """Return the first positions that were not given as wanted, with both numbers of times."""
    every = sorted(given.keys() | wanted.keys())
    wrong = [p for p in every if given.get(p) != wanted.get(p)]
    return {p: (given.get(p), wanted.get(p)) for p in wrong[:10]}


async def seen(database: Database, name: str, schema: str) -> dict[int, int]:
    """Return how often each position was given to a generation."""
    table = sql.Identifier(schema, f"seen_{name}")
    query = sql.SQL("SELECT position, times FROM {}").format(table).as_string()
    return {row["position"]: row["times"] for row in await database.fetch(query)}


async def parked(database: Database, schema: str) -> dict[UUID, int]:
    """Return the streams that a generation has parked, and from where on."""
    query = "SELECT stream_id, position FROM ops.parked WHERE schema = $1"
    return {row["stream_id"]: row["position"] for row in await database.fetch(query, schema)}
