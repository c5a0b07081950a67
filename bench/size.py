"""How much is measured: a size for the tests, one for every day, and the whole."""

from typing import Final

from msgspec import Struct


class Size(Struct, frozen=True):
    """Seconds are per side and round; the rest are counts."""

    rounds: int
    seconds: float
    stored: int
    """Events in the large store of `growth` and `start`."""
    few: int
    """Events in the small store of `growth`."""
    courses: int
    """Courses in the history of the rebuilds, each fifteen events."""
    builds: int
    """Rounds of the rebuilds, where a round builds every projection."""
    single: int
    """Events that the row-by-row loop folds in a round."""
    jobs: int
    pickups: int
    commands: int
    """Commands after which `memory` looks first; it looks again after ten times as many."""


SIZES: Final = {
    "small": Size(
        rounds=5, seconds=0.1, stored=2_000, few=500, courses=20, builds=5,
        single=200, jobs=20, pickups=3, commands=100,
    ),
    "usual": Size(
        rounds=5, seconds=0.8, stored=1_000_000, few=50_000, courses=2_500, builds=5,
        single=5_000, jobs=1_000, pickups=20, commands=3_000,
    ),
    "full": Size(
        rounds=7, seconds=3.0, stored=5_000_000, few=50_000, courses=333_334, builds=2,
        single=20_000, jobs=5_000, pickups=100, commands=10_000,
    ),
}  # fmt: skip
