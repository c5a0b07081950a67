"""What differs between two generations that stand at the same position."""

from typing import Any, Final

import asyncpg
import msgspec
from msgspec import Struct

from service.database import Database
from service.projection import engine, scratch
from service.refusal import NotFound, StateConflict
from service.sql import SQL

TRIES: Final = 5
"""How often a generation that fell behind meanwhile is brought to the tail again."""


class Apart(StateConflict):
    """The two generations stand at different positions, so their rows cannot be compared."""


class Retyped(Struct, frozen=True):
    """A column whose type has changed; its values are compared as text."""

    column: str
    was: str
    became: str


class TableDifference(Struct, frozen=True):
    """What differs in one table: left is what there was, right what there would be.

    `missing` rows are only on the left, `extra` ones only on the right, `changed` ones on both;
    `columns_changed` counts by column in how many of these it differs. The `…_keys` are samples,
    each an object of the primary key's columns. Only columns that both sides have are compared.
    Where the primary keys differ, `keyed` is false: rows are matched whole and none is named.
    The checksums are 64 bits in hexadecimal and do not depend on the order of the rows.
    """

    table: str
    rows_left: int
    rows_right: int
    missing: int
    extra: int
    changed: int
    columns_changed: dict[str, int]
    missing_keys: tuple[dict[str, Any], ...]
    extra_keys: tuple[dict[str, Any], ...]
    changed_keys: tuple[dict[str, Any], ...]
    checksum_left: str
    checksum_right: str
    columns_added: tuple[str, ...]
    columns_removed: tuple[str, ...]
    columns_retyped: tuple[Retyped, ...]
    reordered: bool
    keyed: bool

    @property
    def same_rows(self) -> bool:
        """Tell whether the rows are equal on the columns that both sides have."""
        return not (self.missing or self.extra or self.changed)

    @property
    def same_shape(self) -> bool:
        """Tell whether the columns, their types and order, and the primary key are equal."""
        columns = self.columns_added or self.columns_removed or self.columns_retyped
        return self.keyed and not (columns or self.reordered)


class Difference(Struct, frozen=True):
    """What differs between two generations, by their schemas, at one position."""

    left: str
    right: str
    position: int
    tables: tuple[TableDifference, ...]
    tables_added: tuple[str, ...]
    tables_removed: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """Tell whether nothing differs, neither rows nor shapes."""
        tables = all(table.same_rows and table.same_shape for table in self.tables)
        return tables and not (self.tables_added or self.tables_removed)


async def diff(database: Database, left: str, right: str, samples: int = 5) -> Difference:
    """Compare two generations, by their schemas, in one snapshot.

    Names up to `samples` keys of each kind. Raises NotFound where there is no such generation, and
    `Apart` where one is behind the other: bring it on (`engine.build`, `engine.join`), then ask
    again.
    """
    try:
        found = await database.queries.fetchval(
            SQL["projection/diff"], left, right, samples, timeout=scratch.SECONDS
        )
    except asyncpg.NoDataFoundError as error:
        raise NotFound(f"{error}.") from error
    except asyncpg.ObjectNotInPrerequisiteStateError as error:
        raise Apart(f"{error}; bring the one that is behind to the tail.") from error
    return msgspec.json.decode(found, type=Difference)


async def verify(
    database: Database, name: str, progress: engine.Progress = engine.silent, samples: int = 5
) -> Difference:
    """Build what serves once more from its own text, and compare: nothing may differ.

    The second generation is dropped in every case. Raises `scratch.NoProjection`,
    `engine.Stopped`, and `Apart` where the projection does not come to rest at the tail.
    """
    current = await scratch.serving(database, name)
    follows = current.state == "following"
    upto = None if follows else current.position
    async with scratch.beside(database, current.schema, upto=upto) as schema:
        for attempt in range(TRIES):
            await scratch.build(database, name, schema, progress)
            if follows:
                await engine.join(database, schema)
            try:
                return await diff(database, current.schema, schema, samples)
            except Apart:
                if attempt == TRIES - 1:
                    raise
    raise Apart
