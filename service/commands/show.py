"""How a command shows what it has found: a table for people, JSON for programs."""

import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from rich.console import Console
from rich.table import Table

WIDTH: Final = 200
"""Columns of a table that no terminal limits."""
PAGE: Final = 100
"""Columns of one that is to be pasted into a page."""


def rows(found: Sequence[dict[str, Any]], *, as_json: bool, empty: str, width: int = WIDTH) -> None:
    """Print `found` as a table or as JSON; say `empty` on stderr where there is nothing."""
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(found)).decode())
        return
    if not found:
        print(empty, file=sys.stderr)
        return
    table(found, width)


def table(found: Sequence[dict[str, Any]], width: int = WIDTH) -> None:
    """Print `found`, which is not empty, as a table.

    Columns of numbers end at the right. On a narrow terminal only texts are folded; `width` is
    what no terminal limits.
    """
    table = Table(box=None, pad_edge=False)
    for column in found[0]:
        values = [row[column] for row in found]
        numbers = any(isinstance(value, int | float) for value in values)
        whole = numbers or any(isinstance(value, UUID | datetime) for value in values)
        justify: Literal["left", "right"] = "right" if numbers else "left"
        table.add_column(column, overflow="fold", no_wrap=whole, justify=justify)
    for row in found:
        table.add_row(*(cell(value) for value in row.values()))
    Console(width=None if sys.stdout.isatty() else width).print(table)


def cell(value: Any) -> str:
    """Return `value` as a table shows it."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, float):
        return f"{value:.1f}"
    return str(value)
