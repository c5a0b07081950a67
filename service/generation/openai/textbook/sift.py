"""Sifting: of the things that a model has written, those that stand, if they are enough."""

from collections.abc import Sequence
from typing import Generic, TypeVar

from msgspec import Struct

from service.generation.gate.fault import Fault, Misfit

T = TypeVar("T")


class Weighed(Struct, Generic[T], frozen=True):
    """One thing, and what is wrong with it."""

    value: T
    faults: tuple[Fault, ...]


def sifted(
    path: str, weighed: Sequence[Weighed[T]], least: int, most: int, *, last: bool
) -> tuple[T, ...]:
    """Return those that stand, the first `most` of them. Raises `Misfit` where one does not.

    With `last`, those that do not stand are left out, where as many as `least` others do.
    """
    sound = [one.value for one in weighed if not one.faults]
    faults = [fault for one in weighed for fault in one.faults]
    if last and len(sound) >= least:
        faults = []
    if len(weighed) < least:
        there = "is only 1" if len(weighed) == 1 else f"are only {len(weighed)}"
        faults.append(Fault(path, f"there {there}; there must be {many(least, most)}"))
    if faults:
        raise Misfit(faults)
    return tuple(sound[:most])


def many(least: int, most: int) -> str:
    """Return how many there are to be, in words for people and models."""
    return f"exactly {most}" if least >= most else f"{least} to {most}"
