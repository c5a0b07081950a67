"""The order of sources as their authors number them: "Chapter 7. …", "4.3. …"."""

import re
from collections.abc import Sequence
from typing import Final

from service.generation.offline.reading.source import Source, teaching_order

_NUMBER: Final = re.compile(
    r"\s*(?:chapter|lesson|unit|module|part|section|kapitel|lektion|teil|chapitre|cap[ií]tulo)?\s*"
    r"(\d+(?:\.\d+)*)(?:[.:)]|\s|$)",
    re.IGNORECASE,
)


def numbered(found: Sequence[Source]) -> frozenset[int]:
    """Return which sources have a number in their titles; all of them where most have none."""
    own = frozenset(at for at, one in enumerate(found) if _NUMBER.match(one.material.title))
    return own if len(own) * 2 > len(found) else frozenset(range(len(found)))


def ordered(found: Sequence[Source]) -> list[Source]:
    """Return sources by the numbers in their titles, where most have one; else as courses do.

    What has no number then comes last.
    """
    numbers = [_NUMBER.match(one.material.title) for one in found]
    if sum(map(bool, numbers)) * 2 <= len(found):
        return teaching_order(found)
    keys = [
        (0, [int(part) for part in number[1].split(".")]) if number else (1, list[int]())
        for number in numbers
    ]
    return [found[at] for at in sorted(range(len(found)), key=lambda at: (keys[at], at))]
