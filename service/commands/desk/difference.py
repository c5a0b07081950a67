"""How a difference between two generations is shown."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from service.commands import show
from service.projection.diff import Difference, TableDifference
from service.projection.rebuild import Pair


def tell(name: str, of: Pair, found: Difference) -> None:
    """Print for a person what differs."""
    sides = ("what serves", "the candidate")
    if of.role == "serving":
        sides = ("the one before", "what serves")
    print(f"{name} at position {found.position}: {sides[0]} is {found.left},")
    print(f"{' ' * len(name)} and {sides[1]} is {found.right}.")
    if found.tables:
        print()
        show.table([_row(table, *sides) for table in found.tables], show.PAGE)
    lines = [*_tables(found), *(line for table in found.tables for line in _lines(table))]
    print("", *(lines or ["Nothing differs."]), sep="\n")


def json_of(name: str, found: Difference) -> dict[str, Any]:
    """Return what differs for programs; `left` is what there was, `right` what there would be."""
    built: dict[str, Any] = msgspec.to_builtins(found)
    return {"name": name, "clean": found.clean, **built}


def _row(table: TableDifference, was: str, now: str) -> dict[str, Any]:
    sums = (table.checksum_left, table.checksum_right)
    return {
        "table": table.table,
        f"rows of\n{was}": table.rows_left,
        f"rows of\n{now}": table.rows_right,
        "missing": table.missing,
        "extra": table.extra,
        "changed": table.changed,
        "checksum": sums[0] if sums[0] == sums[1] else "\n".join(sums),
    }


def _tables(found: Difference) -> Iterator[str]:
    if found.tables_added:
        yield f"New tables: {', '.join(found.tables_added)}."
    if found.tables_removed:
        yield f"Tables that are no longer there: {', '.join(found.tables_removed)}."


def _lines(table: TableDifference) -> Iterator[str]:
    for word, names in (("added", table.columns_added), ("removed", table.columns_removed)):
        if names:
            yield f"{table.table}: columns {word}: {', '.join(names)}."
    for column in table.columns_retyped:
        yield f"{table.table}: {column.column} was {column.was} and became {column.became}."
    if table.reordered:
        yield f"{table.table}: the columns stand in another order."
    if not table.keyed:
        yield f"{table.table}: the primary key is another one, so rows are matched whole."
    if table.columns_changed:
        counts = sorted(table.columns_changed.items(), key=lambda item: (-item[1], item[0]))
        told = ", ".join(f"{column} in {number}" for column, number in counts)
        yield f"{table.table}: rows changed in {told}."
    yield from _samples(table)


def _samples(table: TableDifference) -> Iterator[str]:
    kinds = (
        ("missing", table.missing, table.missing_keys),
        ("extra", table.extra, table.extra_keys),
        ("changed", table.changed, table.changed_keys),
    )
    for word, number, keys in kinds:
        for line in _keys(keys):
            yield f"  {word} {line}"
        if keys and number > len(keys):
            yield f"  {word} and {number - len(keys)} more"


def _keys(keys: Sequence[dict[str, Any]]) -> Iterator[str]:
    for key in keys:
        yield ", ".join(f"{column} {value}" for column, value in key.items())
