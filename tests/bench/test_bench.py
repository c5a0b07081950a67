import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.__main__ import run
from bench.bars import BARS
from bench.idle import idle
from bench.machine import lab
from bench.ratio import CouldNotMeasure, quotients, side_by_side
from bench.size import SIZES
from service.projection.text import PROJECTIONS

NAMES = (
    "append_64", "append_1024", "group_64", "group_256", "append_latency", "processes", "growth",
    "http_commands", "live_lag", "rebuild_scan", "rebuild_rows", "rebuild_beside", "jobs_rate",
    "jobs_pickup_ms", "start", "memory",
)  # fmt: skip


def test_every_bar_has_its_agreed_name() -> None:
    assert tuple(bar.name for bar in BARS) == NAMES


@pytest.mark.parametrize("name", ["append_64", "rebuild_rows"])
def test_one_bar_is_measured_into_json_and_a_plot(name: str, tmp_path: Path) -> None:
    status = run(name, "small", tmp_path)

    told = json.loads((tmp_path / "latest.json").read_text())
    (bar,) = told["bars"]
    assert status == 0
    assert told["machine"]["fsync"] == "on"
    assert bar["name"] == name
    assert bar["low"] <= bar["value"] <= bar["high"]
    assert (bar["met"], bar["better"]) == (bar["value"] >= bar["bar"], "higher")
    assert (tmp_path / "latest.png").read_bytes().startswith(b"\x89PNG")


async def test_an_idle_service_says_what_it_sends_and_nobody_else_is_counted() -> None:
    with lab(SIZES["small"]) as here:
        figures = await idle(here, len(PROJECTIONS) + 1, seconds=2.0, settle=0.0)

    assert figures["statements"] > 0
    assert figures["by"]
    assert not [said for said in figures["by"] if not said.startswith("--")]


def test_a_bar_nobody_knows_is_refused_with_the_names_there_are(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="The bars are append_64, append_1024"):
        run("append_65", "small", tmp_path)


async def test_a_value_is_the_median_of_the_rounds_own_quotients() -> None:
    above, below = iter([2.0, 30.0, 8.0]), iter([1.0, 10.0, 2.0])

    async def measure(figures: Iterator[float]) -> float:
        return next(figures)

    figure = await side_by_side(3, ("a", lambda: measure(above)), ("b", lambda: measure(below)))

    assert (figure.value, figure.low, figure.high) == (3.0, 2.0, 4.0)


def test_nothing_is_compared_to_a_round_that_came_to_nothing() -> None:
    with pytest.raises(CouldNotMeasure, match="COPY"):
        quotients("commits", [1.0], "COPY", [0.0])
