"""The table that tells what came of each fault."""

from collections.abc import Sequence
from statistics import median
from typing import Final

from rich.console import Console
from rich.table import Table

from bench.chaos.verdict import Result

NONE: Final = "–"  # noqa: RUF001 - a dash for people
COLUMNS: Final = (
    "fault", "courses", "accidents", "duplicates", "lost", "calls", "repeated",
    "recovery p50, s", "recovery max, s", "ledger, $", "server, $", "unknown", "wrong", "kept",
)  # fmt: skip


def show(results: Sequence[Result]) -> None:
    """Print a line per fault, and below it what was remarkable."""
    table = Table(title="What came of it")
    for column in COLUMNS:
        table.add_column(column, justify="left" if column == "fault" else "right")
    for result in results:
        table.add_row(*row(result))
    console = Console(width=180)
    console.print(table)
    for result in results:
        for note in result.notes:
            console.print(f"{result.fault}: {note}")


def row(result: Result) -> tuple[str, ...]:
    """Return a result as words."""
    bill, seconds = result.bill, result.recoveries
    return (
        result.fault,
        str(result.runs),
        str(result.accidents),
        str(result.duplicates),
        str(result.lost),
        str(bill.calls),
        str(result.repeated),
        f"{median(seconds):.1f}" if seconds else NONE,
        f"{max(seconds):.1f}" if seconds else NONE,
        f"{bill.ledger:.6f}",
        f"{bill.server:.6f}",
        f"{bill.unknown} (${bill.owed:.6f})",
        str(bill.wrong),
        "yes" if result.holds else "NO",
    )
