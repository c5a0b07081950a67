"""The bench: measures every bar, prints a table, and leaves JSON and a plot behind."""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import uvloop

from bench import report
from bench.bars import BARS
from bench.machine import RESULTS, Lab, facts, lab
from bench.ratio import Measured
from bench.size import SIZES


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the bench as the command line asks; the status is 0 if all could be measured."""
    parser = argparse.ArgumentParser(prog="bench", description="Measure the product's bars.")
    parser.add_argument("--only", choices=[bar.name for bar in BARS], metavar="NAME")
    parser.add_argument("--size", choices=list(SIZES), default="usual")
    parser.add_argument("--out", type=Path, default=RESULTS)
    asked = parser.parse_args(arguments)
    return run(asked.only, asked.size, asked.out)


def run(only: str | None = None, size: str = "usual", out: Path = RESULTS) -> int:
    """Measure every bar, or the one called `only`; return 0 whether or not the bars are met.

    Returns 1 where something could not be measured. Raises ValueError for a name there is none of.
    """
    names = [bar.name for bar in BARS]
    if only is not None and only not in names:
        raise ValueError(f"There is no bar “{only}”. The bars are {', '.join(names)}.")
    if size not in SIZES:
        raise ValueError(f"There is no size “{size}”. The sizes are {', '.join(SIZES)}.")
    with lab(SIZES[size]) as here:
        machine = facts(here)
        figures, failed = _measured(here, only)
    keep(machine, size, figures, out)
    report.show(machine, size, figures)
    print(f"The figures are in {out / 'latest.json'}, the plot in {out / 'latest.png'}.")
    return 1 if failed else 0


def keep(machine: dict[str, Any], size: str, figures: dict[str, Measured], out: Path) -> None:
    """Write the JSON and the plot of `figures` into the folder `out`."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "latest.json").write_bytes(report.document(machine, size, figures) + b"\n")
    report.plot(machine, figures, out / "latest.png")


def _measured(here: Lab, only: str | None) -> tuple[dict[str, Measured], int]:
    figures: dict[str, Measured] = {}
    failed = 0
    for bar in BARS:
        if only not in (None, bar.name):
            continue
        started = time.monotonic()
        print(f"{bar.name}: {bar.says} …", end=" ", file=sys.stderr, flush=True)
        try:
            figures[bar.name] = uvloop.run(bar.measure(here))
        except Exception as error:  # noqa: BLE001 - one that cannot be measured must not hide the rest
            failed += 1
            print(f"could not be measured: {type(error).__name__}: {error}", file=sys.stderr)
            continue
        took = time.monotonic() - started
        print(f"{figures[bar.name].value:.3g} in {took:.0f} s", file=sys.stderr)
    return figures, failed


if __name__ == "__main__":
    sys.exit(main())
