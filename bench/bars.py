"""Every bar: what it is called, what it must reach, and what measures it."""

from collections.abc import Callable, Coroutine
from typing import Any, Final

from msgspec import Struct

from bench import append, http, jobs, live, many, projections, serve
from bench.machine import Lab
from bench.ratio import Measured

Measure = Callable[[Lab], Coroutine[Any, Any, Measured]]


class Bar(Struct, frozen=True):
    """One figure that is promised; `says` tells people what it compares."""

    name: str
    better: str
    bar: float
    says: str
    measure: Measure


def higher(name: str, bar: float, says: str, measure: Measure) -> Bar:
    """Return a bar that a figure must not fall below."""
    return Bar(name, "higher", bar, says, measure)


def lower(name: str, bar: float, says: str, measure: Measure) -> Bar:
    """Return a bar that a figure must not pass."""
    return Bar(name, "lower", bar, says, measure)


BARS: Final = (
    higher("append_64", 0.30, "commits at 64 callers, every check on ÷ COPY of the same rows",
           lambda lab: append.against_copy(lab, 64)),
    higher("append_1024", 0.45, "commits at 1024 callers, every check on ÷ COPY of the same rows",
           lambda lab: append.against_copy(lab, 1024)),
    higher("group_64", 4, "commits in groups at 64 callers ÷ a call of the same function each",
           lambda lab: append.against_single(lab, 64)),
    higher("group_256", 6, "commits in groups at 256 callers ÷ a call of the same function each",
           lambda lab: append.against_single(lab, 256)),
    lower("append_latency", 8, "p99 of an append at 64 callers ÷ p50 of a lone caller",
          lambda lab: append.latency(lab, 64)),
    higher("processes", 1.0, "commits of three processes at 256 callers each ÷ one process",
           many.processes),
    higher("growth", 0.8, "commits with 5 million events stored ÷ with 50 thousand", many.growth),
    higher("http_commands", 0.5, "POST commands, durable when answered ÷ an empty JSON handler",
           http.commands),
    lower("live_lag", 5, "p99 from durable to visible, at half rate ÷ p99 of an append",
          live.lag),
    higher("rebuild_scan", 0.5, "a build of the heaviest projection ÷ a scan of its events' data",
           projections.against_scan),
    higher("rebuild_rows", 40, "a build of the jobs ÷ a Python loop, 500 events a transaction",
           projections.against_rows),
    higher("rebuild_beside", 0.6, "commits while a projection is rebuilt ÷ before",
           projections.beside),
    higher("jobs_rate", 1000, "jobs a second through enqueue, claim, start and completion",
           jobs.rate),
    lower("jobs_pickup_ms", 10, "ms from a job's creation to its start on an idle system, p50",
          jobs.pickup),
    lower("start", 1.5, "run.py serve to ready with a million events stored ÷ with none",
          serve.start),
    lower("memory", 1.3, "resident size after 100,000 commands ÷ after 10,000", serve.memory),
)  # fmt: skip
