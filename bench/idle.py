"""What a service costs that has nothing to do: statements and CPU a minute, with many projections.

Run as ``python -m bench.idle``. It is no bar: there is nothing in the same run to compare it to.
"""

import argparse
import asyncio
import json
import os
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any, Final

import psycopg
import uvloop
from rich.console import Console
from rich.table import Table

from bench.machine import RESULTS, Lab, facts, lab
from bench.serve import serving
from bench.size import SIZES
from bench.text import TEXT
from service.database import Database
from service.projection import engine
from service.projection.text import PROJECTIONS, Projection

SETTLE: Final = 30.0
"""Seconds until pauses that grow have grown."""
LOOK: Final = 0.1
STOP: Final = "ALTER SYSTEM SET log_min_duration_statement = -1"
TICKS: Final = os.sysconf("SC_CLK_TCK")
STATEMENT: Final = re.compile(r"duration: .* ms +(?:statement|execute [^:]*): (.*)")


async def idle(
    lab: Lab, projections: int, seconds: float, settle: float = SETTLE
) -> dict[str, Any]:
    """Return what a served database with so many projections costs while nothing happens.

    Statements and CPU seconds are a minute's, of PostgreSQL and of the service; `by` counts
    statements by their first line, over another stretch of `seconds`, in which they are logged.
    """
    url = lab.database("bench_idle")
    await _install(url, projections - len(PROJECTIONS))
    async with serving(lab, url, "api,projector,worker") as (_, pid):
        await asyncio.sleep(settle)
        before = _spent(lab, pid)
        await asyncio.sleep(seconds)
        spent = [after - then for after, then in zip(_spent(lab, pid), before, strict=True)]
        by = await _logged(lab, seconds)
    per_minute = [round(value * 60 / seconds, 2) for value in spent]
    figures = zip(("statements", "postgresql_cpu", "service_cpu"), per_minute, strict=True)
    return {"projections": projections, "seconds": seconds, **dict(figures), "by": by}


async def _install(url: str, more: int) -> None:
    database = Database(url)
    await database.open()
    await engine.prepare(database)
    script = TEXT["idle/projection"]
    for number in range(more):
        small = Projection(f"idle{number}", f"{number:064x}"[::-1], ("idle.noted",), script)
        await engine.candidate(database, small)
    await database.close()


def _spent(lab: Lab, service: int) -> tuple[float, float, float]:
    """Return statements, and the CPU seconds of PostgreSQL and of the service, so far."""
    with psycopg.connect(lab.server, autocommit=True) as session:
        raw = psycopg.RawCursor(session).execute(TEXT["idle/transactions"], ["bench_idle"])
        row: Any = raw.fetchone()
    postmaster = int((lab.home / "home/postgres/postmaster.pid").read_text().split()[0])
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    server = sum(_cpu(pid) for pid in (postmaster, *map(int, children)))
    return float(row[0]), server, _cpu(service)


def _cpu(pid: int) -> float:
    """Return the CPU seconds of a process and of those it has outlived. Linux only."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):  # the latter when it ends amid the reading
        return 0.0
    return sum(map(int, fields[11:15])) / TICKS


async def _logged(lab: Lab, seconds: float) -> dict[str, int]:
    """Return how often each statement is sent while all of them are logged."""
    logs = lab.home / "home/postgres/log"
    before = {path: path.stat().st_size for path in logs.iterdir()}
    _log_statements(lab, 0)
    await asyncio.sleep(seconds)
    _log_statements(lab, -1)  # the last statement to be logged
    found: list[str] = []
    while STOP not in found:
        await asyncio.sleep(LOOK)
        found = [said for path in logs.iterdir() for said in _said(path, before.get(path, 0))]
    return dict(Counter(found[: found.index(STOP)]).most_common())


def _said(path: Path, after: int) -> list[str]:
    """Return the first line of each statement in a log, from a byte on."""
    lines = path.read_bytes()[after:].decode().splitlines()
    return [match[1].strip() for line in lines if (match := STATEMENT.search(line))]


def _log_statements(lab: Lab, least: int) -> None:
    with psycopg.connect(lab.server, autocommit=True) as session:
        session.execute(f"ALTER SYSTEM SET log_min_duration_statement = {least}")
        session.execute("SELECT pg_reload_conf()")


def main() -> int:
    """Measure, print, and leave ``idle.json`` behind."""
    parser = argparse.ArgumentParser(prog="bench.idle", description=__doc__)
    parser.add_argument("--projections", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--out", type=Path, default=RESULTS)
    asked = parser.parse_args()
    with lab(SIZES["small"]) as here:
        machine = facts(here)
        figures = uvloop.run(idle(here, asked.projections, asked.seconds))
    asked.out.mkdir(parents=True, exist_ok=True)
    document = json.dumps({"machine": machine, **figures}, indent=2, default=str)
    (asked.out / "idle.json").write_text(document + "\n")
    show(figures)
    return 0


def show(figures: dict[str, Any]) -> None:
    """Print the figures as a table."""
    table = Table(title=f"Idle with {figures['projections']} projections, a minute")
    table.add_column("what")
    table.add_column("a minute", justify="right")
    table.add_row("transactions (statements)", f"{figures['statements']:,.1f}")
    table.add_row("CPU seconds of PostgreSQL", f"{figures['postgresql_cpu']:.2f}")
    table.add_row("CPU seconds of the service", f"{figures['service_cpu']:.2f}")
    for statement, count in figures["by"].items():
        table.add_row(statement[:100], f"{count * 60 / figures['seconds']:,.1f}")
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
