"""Old courses in tables: courses, lessons, lesson_bodies and lesson_checks of the old generator.

Whatever columns they have is taken as JSON, since installations differ.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg
import msgspec

from service import dsn
from service.adopt.moving import Unfit
from service.adopt.old import OldCourse, course
from service.pool import connect
from service.sql import SQL

READ_SECONDS: Final = 300.0
"""Deadline of a statement; an old database may have no index to find lessons by."""


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Any]:
    """Yield a connection to the old database. Raises ValueError where it cannot be reached."""
    target = dsn.parse(url, "--database")
    try:
        connection = await connect(target)
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        why = str(error) or type(error).__name__
        raise ValueError(f"The old database at {target} cannot be reached: {why}") from error
    try:
        yield connection
    finally:
        await connection.close(timeout=5)


async def listed(connection: Any) -> list[dict[str, Any]]:
    """Return the rows of the old courses, oldest first. Raises ValueError where there are none."""
    try:
        rows = await connection.fetch(SQL["adopt/courses"], timeout=READ_SECONDS)
    except asyncpg.UndefinedTableError as error:
        raise ValueError("That database has no table courses; is it the old one?") from error
    return [msgspec.json.decode(row["course"]) for row in rows]


async def read(connection: Any, row: dict[str, Any]) -> OldCourse | Unfit:
    """Return the course of a row, with its lessons; or why they cannot be read."""
    known_as = str(row.get("id"))
    try:
        found = await connection.fetchval(SQL["adopt/has_checks"], timeout=READ_SECONDS)
        query = SQL["adopt/lessons_checked" if found else "adopt/lessons"]
        rows = await connection.fetch(query, known_as, timeout=READ_SECONDS)
    except asyncpg.PostgresError as error:
        return Unfit(f"Its lessons cannot be read: {error}.")
    return course(known_as, row, [msgspec.json.decode(each["lesson"]) for each in rows])
