"""How long a chapter is to be, in words of its Markdown."""

from typing import Final

from msgspec import Struct

from service.textbook.content import Policy
from service.textbook.length import WORDS_PER_MINUTE

_SHORT: Final = 0.15
_LONG: Final = 0.95
_USUAL: Final = 0.6


class Room(Struct, frozen=True):
    """A chapter has at least `least` words and at most `most`; `wanted` is what it aims at.

    Sections that have been begun go on until there are `enough`.
    """

    least: int
    most: int
    wanted: int
    enough: int


def room(policy: Policy, changes: frozenset[str] = frozenset()) -> Room:
    """Return what a policy leaves; `changes` are what a person asked for, such as "shorter"."""
    least = max(policy.words_min, (policy.reading_minutes_min - 1) * WORDS_PER_MINUTE + 1, 1)
    most = max(min(policy.words_max, policy.reading_minutes_max * WORDS_PER_MINUTE), least)
    share = _SHORT if "shorter" in changes else _LONG if "longer" in changes else _USUAL
    wanted = least + round((most - least) * share)
    return Room(least, most, wanted, wanted if "longer" in changes else least)
