"""What the bench says: a JSON file, a table for people, and a plot."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import msgspec
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from msgspec.structs import asdict
from rich.console import Console
from rich.table import Table

from bench.bars import BARS, Bar
from bench.ratio import Measured, Spread

SKY: Final = "#3b6ea5"
BRICK: Final = "#b3452c"


def met(bar: Bar, value: float) -> bool:
    """Tell whether `value` reaches the bar."""
    return value >= bar.bar if bar.better == "higher" else value <= bar.bar


def document(machine: Mapping[str, Any], size: str, figures: Mapping[str, Measured]) -> bytes:
    """Return the JSON that programs read: the machine, and each bar with its figures."""
    bars = [
        {
            "name": bar.name,
            "value": _rounded(figures[bar.name].value),
            "low": _rounded(figures[bar.name].low),
            "high": _rounded(figures[bar.name].high),
            "bar": bar.bar,
            "better": bar.better,
            "met": met(bar, figures[bar.name].value),
            "says": bar.says,
            "rates": {
                label: {
                    "median": _rounded(s.median),
                    "low": _rounded(s.low),
                    "high": _rounded(s.high),
                }
                for label, s in figures[bar.name].rates.items()
            },
            "note": figures[bar.name].note,
        }
        for bar in BARS
        if bar.name in figures
    ]
    text = msgspec.json.encode({"machine": {**machine, "size": size}, "bars": bars})
    return msgspec.json.format(text, indent=2)


def table(machine: Mapping[str, Any], size: str, figures: Mapping[str, Measured]) -> Table:
    """Return the table that people read."""
    caption = (
        f"{machine['cpu']}, {machine['cores']} cores, load {machine['load_before']} at the start; "
        f"PostgreSQL {machine['postgresql']}, fsync {machine['fsync']} "
        f"({machine['fdatasync_us']} us); size {size}"
    )
    grid = Table(title="Daybook bench", caption=caption, title_justify="left", show_lines=True)
    for heading in ("bar", "value", "spread", "wanted", ""):
        grid.add_column(
            heading, justify="left" if heading in ("bar", "") else "right", no_wrap=True
        )
    grid.add_column("behind it: median (low to high)")
    for bar in (b for b in BARS if b.name in figures):
        figure = figures[bar.name]
        good = met(bar, figure.value)
        raw = "\n".join(
            f"{label}: {_short(s.median)} ({_short(s.low)} to {_short(s.high)})"
            for label, s in figure.rates.items()
        )
        grid.add_row(
            bar.name,
            _short(figure.value),
            f"{_short(figure.low)} to {_short(figure.high)}",
            _wanted(bar),
            "[green]ok[/]" if good else "[red]miss[/]",
            raw + (f"\n[dim]{figure.note}[/]" if figure.note else ""),
        )
    return grid


def plot(machine: Mapping[str, Any], figures: Mapping[str, Measured], path: Path) -> None:
    """Draw each figure relative to its bar, so that right of 1 is always the better side."""
    mpl.use("Agg")
    bars = [bar for bar in reversed(BARS) if bar.name in figures]
    figure, axes = plt.subplots(figsize=(10, 1.6 + 0.42 * len(bars)), layout="constrained")
    for row, bar in enumerate(bars):
        got = figures[bar.name]
        ends = sorted(_relative(bar, value) for value in (got.low, got.high))
        middle = _relative(bar, got.value)
        colour = SKY if middle >= 1 else BRICK
        axes.barh(row, middle, color=colour, alpha=0.75, height=0.62)
        axes.plot(ends, [row, row], color="#222222", linewidth=1.6, solid_capstyle="butt")
        says = f"{_short(got.value)}  (bar {_wanted(bar)})"
        _beside(axes, says, max(middle, ends[1]), row)
    axes.axvline(1, color="#222222", linestyle="--", linewidth=1)
    axes.set_yticks(range(len(bars)), [bar.name for bar in bars])
    axes.set_xscale("log")
    axes.margins(x=0.18)
    axes.set_xlabel("times its bar: right of 1 is better; the line is the spread of the rounds")
    axes.set_title(f"Daybook bench: {machine['cpu']}, {machine['cores']} cores", loc="left")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def _beside(axes: Axes, text: str, x: float, row: int) -> None:
    place = {"textcoords": "offset points", "xytext": (6, 0), "va": "center", "fontsize": 9}
    axes.annotate(text, (x, row), **place)  # type: ignore[arg-type]


def _wanted(bar: Bar) -> str:
    return f"{'≥' if bar.better == 'higher' else '≤'} {bar.bar:g}"


def show(machine: Mapping[str, Any], size: str, figures: Mapping[str, Measured]) -> None:
    """Print the table; where nobody watches, wide enough that nothing is cut."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=160)
    console.print(table(machine, size, figures))


def _spread(spread: Spread) -> dict[str, float]:
    return {name: _rounded(value) for name, value in asdict(spread).items()}


def _relative(bar: Bar, value: float) -> float:
    ratio = value / bar.bar if bar.better == "higher" else bar.bar / max(value, 1e-9)
    return max(ratio, 1e-3)


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"
