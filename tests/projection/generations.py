"""Generations to compare: built beside what serves, in any steps, and their rows."""

import asyncio
from itertools import count
from typing import Any, Final

import msgspec
from psycopg import sql

from service.database import Database
from service.projection import engine
from service.projection.text import Projection
from service.sql import SQL

Rows = dict[str, list[str]]

_serial: Final = count(1)


async def rows(database: Database, schema: str) -> Rows:
    """Return every row of every table of a generation, as text, in order of that text."""
    tables = await database.fetch("SELECT tablename FROM pg_tables WHERE schemaname = $1", schema)
    found: Rows = {}
    for table in sorted(row["tablename"] for row in tables):
        name = sql.Identifier(schema, table).as_string()
        query = sql.SQL("SELECT t::text FROM {} AS t ORDER BY 1").format(sql.SQL(name))
        found[table] = [row[0] for row in await database.fetch(query.as_string())]
    return found


async def live(database: Database, name: str) -> str:
    """Return the schema of the generation that serves a projection."""
    [schema] = [
        row["schema"]
        for row in await engine.generations(database)
        if row["projection"] == name and row["role"] == "serving"
    ]
    return str(schema)


async def scratch(database: Database, projection: Projection) -> str:
    """Make an empty generation of the same text, which is not meant to serve."""
    schema = f"{projection.schema}_scratch_{next(_serial)}"
    await engine.install(database, projection, schema)
    return schema


async def build(database: Database, schema: str, cuts: list[int]) -> None:
    """Fold the log into a generation: up to each cut, then to the tail."""
    at = 0
    for cut in sorted(set(cuts)):
        if cut > at:
            row = await step(database, schema, cut - at)
            at = row["reached"]
    await engine.build(database, schema, schema)


async def step(database: Database, schema: str, events: int) -> Any:
    return await database.projector.fetchrow(SQL["projection/build"], schema, events)


async def fold(database: Database, schema: str, after: int, upto: int) -> None:
    """Fold a range outside the engine's books, whether or not it was folded before."""
    call = sql.SQL("SELECT {}.fold({}, {})").format(
        sql.Identifier(schema), sql.Literal(after), sql.Literal(upto)
    )
    await database.projector.execute(call.as_string())


def changed(projection: Projection, old: str, new: str) -> Projection:
    """Return a projection whose text says `new` where it said `old`."""
    script = projection.script.replace(old, new)
    assert script != projection.script
    digest = f"{next(_serial):064x}"[::-1]
    return msgspec.structs.replace(projection, script=script, digest=digest)


async def keep_up(database: Database, over: asyncio.Event, events: int) -> None:
    """Advance on a connection of its own, as another process would, until it is over."""
    connection = await database.connect()
    while not over.is_set():
        await connection.fetchrow(SQL["projection/advance"], events, 1.0)
    await connection.close()
