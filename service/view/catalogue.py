"""What views there are, as the database itself describes them."""

import msgspec
from msgspec import Struct

from service.database import Database
from service.sql import SQL


class Column(Struct, frozen=True):
    """A column of a view; `type` is PostgreSQL's name of its type."""

    name: str
    type: str
    comment: str | None


class View(Struct, frozen=True):
    """A view of schema `read`; `key` names the columns that identify a row."""

    name: str
    comment: str | None
    key: list[str]
    columns: list[Column]


async def catalogue(database: Database) -> list[View]:
    """Return every view, by name."""
    return [
        View(
            row["name"],
            row["comment"],
            row["key"],
            msgspec.json.decode(row["columns"], type=list[Column]),
        )
        for row in await database.fetch(SQL["view/catalogue"])
    ]
