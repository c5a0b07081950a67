"""How a command shows what it has found: a table for people, JSON for programs."""

import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from rich.console import Console
from rich.table import Table

WIDTH: Final = 200
"""Columns of a table that no terminal limits."""


def rows(found: Sequence[dict[str, Any]], *, as_json: bool, empty: str) -> None:
    """Print `found` as a table or as JSON; say `empty` on stderr where there is nothing."""
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(found)).decode())
        return
    if not found:
        print(empty, file=sys.stderr)
        return
    table = Table(box=None, pad_edge=False)
    for column in found[0]:
        table.add_column(column, overflow="fold")
    for row in found:
        table.add_row(*(cell(value) for value in row.values()))
    Console(width=None if sys.stdout.isatty() else WIDTH).print(table)


def cell(value: Any) -> str:
    """Return `value` as a table shows it."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, float):
        return f"{value:.1f}"
    return str(value)
