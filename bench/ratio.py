"""Ratios: two things measured in the same round, and the median of the rounds' quotients."""

from collections.abc import Awaitable, Callable, Sequence
from statistics import median
from typing import Final

from msgspec import Struct

Side = tuple[str, Callable[[], Awaitable[float]]]
"""What is measured, in words with its unit, and how to measure it once."""

PER_SECOND: Final = "commits/s"


class CouldNotMeasure(Exception):  # noqa: N818 - it says what happened
    """The bench could not measure what it was asked to; no figure is better than a false one."""


class Spread(Struct, frozen=True):
    """The median of the rounds, the lowest and the highest."""

    median: float
    low: float
    high: float


class Measured(Struct, frozen=True):
    """What a bar came to; `rates` are the raw figures behind it, `note` says what it stands on."""

    value: float
    low: float
    high: float
    rates: dict[str, Spread]
    note: str = ""


def spread(values: Sequence[float]) -> Spread:
    """Return the median and the extremes of `values`."""
    return Spread(median(values), min(values), max(values))


def quotients(label: str, above: Sequence[float], base: str, below: Sequence[float]) -> Measured:
    """Return the spread of `above` ÷ `below`, round by round. Raises CouldNotMeasure on a zero."""
    if not all(below):
        raise CouldNotMeasure(f"A round of “{base}” came to nothing, so nothing compares to it.")
    ratio = spread([a / b for a, b in zip(above, below, strict=True)])
    rates = {label: spread(above), base: spread(below)}
    return Measured(ratio.median, ratio.low, ratio.high, rates)


def absolute(label: str, values: Sequence[float]) -> Measured:
    """Return the spread of figures that are compared to nothing but their bar."""
    figure = spread(values)
    return Measured(figure.median, figure.low, figure.high, {label: figure})


async def side_by_side(rounds: int, above: Side, below: Side) -> Measured:
    """Measure both in every round, taking turns at going first, and return their quotients."""
    figures: dict[str, list[float]] = {above[0]: [], below[0]: []}
    for number in range(rounds):
        turn = (above, below) if number % 2 else (below, above)
        for label, measure in turn:
            figures[label].append(await measure())
    return quotients(above[0], figures[above[0]], below[0], figures[below[0]])


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` of `values` do not exceed (nearest rank)."""
    if not values:
        raise CouldNotMeasure("Nothing was answered in a round, so there is no percentile.")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
