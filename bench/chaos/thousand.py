"""A thousand courses at once in one worker process: how fast, and what memory they take.

Run as ``python -m bench.chaos.thousand``. Each course is made of the same library, by its own
requests to a model server that takes its time.
"""

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any, Final
from uuid import UUID

from msgspec.structs import asdict
from rich.console import Console
from rich.table import Table
from uuid_utils.compat import uuid4

from bench.chaos.course import TENANT, chapter, names
from bench.chaos.history import LESSON
from bench.chaos.world import Stage, World, world
from bench.machine import RESULTS
from service.course.commands import RequestCourse
from service.course.decider import COURSE
from service.job.decider import JOB, Create
from service.library.decider import SOURCE, AddSource, source_id
from service.library.intake import prepare
from service.log.handle import Context, Write

LESSONS: Final = 3
DOCUMENTS: Final = 8
RIVERS: Final = 40
"""In each of the documents; together they have about 200,000 characters."""
DELAYS: Final = {
    "latency": {"median": 4.0, "sigma": 0.5},
    "chunk_pause": 0.15,
    "chunk_size": 120,
}
"""Seconds until a model begins to answer, and between the parts of its answer."""
EVERY: Final = 1.0
LONGEST: Final = 1800.0
MEBIBYTE: Final = 1024
ENDED: Final = {"job.completed", "job.failed", "job.cancelled"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; the status is 0 if every course was made."""
    parser = argparse.ArgumentParser(prog="thousand", description="Make many courses at once.")
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--out", type=Path, default=RESULTS / "thousand.json")
    asked = parser.parse_args(arguments)
    figures = asyncio.run(measured(asked.jobs))
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(figures, indent=2) + "\n")
    show(figures)
    return 0 if figures["completed"] == asked.jobs else 1


async def measured(jobs: int) -> dict[str, Any]:
    """Have so many courses made by one worker; return what was seen."""
    many = str(jobs)
    async with world(Stage(), workers=1, slots=jobs, OPENAI_CALLS=many) as here:
        await here.tell(**DELAYS)
        await shelve(here)
        [pid] = here.workers
        samples = [await _sample(here, pid, 0.0)]
        started = time.monotonic()
        asking = asyncio.create_task(_ask(here, jobs))
        while _ended(here) < jobs and time.monotonic() - started < LONGEST:
            await asyncio.sleep(EVERY)
            samples.append(await _sample(here, pid, time.monotonic() - started))
        await asking
        seconds = time.monotonic() - started
        return _figures(here, jobs, seconds, samples) | {"server": await here.summary()}


async def shelve(here: World) -> None:
    """Put the library there that all courses are made of."""
    random = Random(5)
    for number in range(DOCUMENTS):
        rivers = names(random, RIVERS)
        text = "# Rivers of the world\n\n" + "\n".join(map(chapter, range(2, RIVERS + 2), rivers))
        path = f"rivers/{number}.md"
        content = prepare(text.encode(), path)
        context = Context(TENANT, "chaos", uuid4())
        await here.log.handle(
            SOURCE, source_id(TENANT, path), AddSource(**asdict(content)), context
        )


async def _ask(here: World, jobs: int) -> None:
    async def one(number: int) -> None:
        course, job = uuid4(), uuid4()
        topic = f"Rivers of the world, part {number}"
        wanted = RequestCourse(topic, "chaos", job, num_lessons=LESSONS, source_filter="rivers/")
        created = JOB.decide(Create("course", course, "chaos"), JOB.initial)
        await here.log.append(
            Context(TENANT, "chaos", uuid4()),
            Write(COURSE, course, 0, COURSE.decide(wanted, COURSE.initial)),
            Write(JOB, job, 0, created),
        )

    await asyncio.gather(*(one(number) for number in range(jobs)))


def _ended(here: World) -> int:
    return sum(event.type in ENDED for event in here.history.events)


async def _sample(here: World, pid: int, at: float) -> dict[str, float]:
    """Return the worker's resident MiB, and how far the courses are, so many seconds after."""
    status = Path(f"/proc/{pid}/status").read_text()  # noqa: ASYNC240 - it is in memory
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    lessons = sum(event.type == LESSON for event in here.history.events)
    mebibytes = int(resident.split()[1]) / MEBIBYTE
    return {"at": round(at, 1), "mib": round(mebibytes, 1), "ended": _ended(here), "made": lessons}


def _figures(here: World, jobs: int, seconds: float, samples: list[Any]) -> dict[str, Any]:
    kinds = Counter(event.type for event in here.history.events)
    first: dict[UUID, float] = {}
    for event in here.history.events:
        if event.type == "job.started":
            first.setdefault(event.stream_id, event.at)
    created = [event.at for event in here.history.events if event.type == "job.created"]
    completed = kinds["job.completed"]
    return {
        "jobs": jobs,
        "completed": completed,
        "seconds": round(seconds, 1),
        "jobs_per_second": round(completed / seconds, 2),
        "all_started_after": round(max(first.values()) - min(created), 1) if first else None,
        "events": dict(kinds),
        "samples": samples,
    }


def show(figures: dict[str, Any]) -> None:
    """Print what was seen, with ten samples of the memory."""
    samples, server = figures["samples"], figures["server"]
    print(
        f"{figures['completed']} of {figures['jobs']} courses of {LESSONS} lessons in"
        f" {figures['seconds']} s: {figures['jobs_per_second']}/s; all begun after"
        f" {figures['all_started_after']} s; {server['finished']} calls,"
        f" {server['most_at_once']} at once"
    )
    table = Table("s", "MiB", "lessons", "courses")
    for sample in samples[:: max(1, len(samples) // 10)] + samples[-1:]:
        table.add_row(*(str(sample[key]) for key in ("at", "mib", "made", "ended")))
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
