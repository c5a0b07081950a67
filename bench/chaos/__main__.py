"""The chaos table: each fault many times over, and what came of it. Run as ``make chaos``."""

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final

import msgspec

from bench.chaos.disk import full_disks
from bench.chaos.freeze import freezes
from bench.chaos.kill import kills, textbooks
from bench.chaos.outage import killed, outages, restarted, stopped
from bench.chaos.table import show
from bench.chaos.trouble import everything, troubles
from bench.chaos.verdict import Result
from bench.chaos.world import Stage
from bench.machine import RESULTS

Fault = Callable[[int, Stage], Awaitable[Result]]

FAULTS: Final = MappingProxyType[str, Fault](
    {
        "kill": kills,
        "textbook": textbooks,
        "freeze": freezes,
        "restart": partial(outages, "PostgreSQL restarted mid-run", restarted),
        "crash": partial(outages, "PostgreSQL killed mid-run", killed),
        "stop": partial(outages, "SIGSTOP of PostgreSQL", stopped),
        "disk": full_disks,
        "trouble": troubles,
        "everything": everything,
    }
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the faults that the command line names; the status is 0 if all was kept."""
    parser = argparse.ArgumentParser(prog="chaos", description="Generate courses amid accidents.")
    parser.add_argument("--only", choices=list(FAULTS), action="append", metavar="FAULT")
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--generator", choices=["openai", "offline"], default="openai")
    parser.add_argument("--out", type=Path, default=RESULTS / "chaos.json")
    asked = parser.parse_args(arguments)
    results = [run(name, asked.seeds, Stage(asked.generator)) for name in asked.only or FAULTS]
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=2) + b"\n")
    show(results)
    return 0 if all(result.holds for result in results) else 1


def run(name: str, seeds: int, stage: Stage) -> Result:
    """Have a fault happen with so many seeds."""
    started = time.monotonic()
    print(f"{name} …", end=" ", file=sys.stderr, flush=True)
    result = asyncio.run(_run(name, seeds, stage))
    print(f"{time.monotonic() - started:.0f} s", file=sys.stderr)
    return result


async def _run(name: str, seeds: int, stage: Stage) -> Result:
    return await FAULTS[name](seeds, stage)


if __name__ == "__main__":
    sys.exit(main())
