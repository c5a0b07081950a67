"""How long a chapter is to be: the words that all of a policy's limits together leave it."""

from typing import Final

from msgspec import Struct

from service.generation.generator import Unsupported
from service.textbook.content import Policy
from service.textbook.length import WORDS_PER_MINUTE

_PLENTY: Final = 600
"""Words that a chapter is asked to have at the least where a policy leaves it open."""


class Size(Struct, frozen=True):
    """From `least` to `most` words; `about` is what is asked for."""

    least: int
    most: int
    about: int


def size(policy: Policy) -> Size:
    """Return the size of a policy's chapters. Raises `Unsupported` where no text could have it."""
    shortest = (policy.reading_minutes_min - 1) * WORDS_PER_MINUTE + 1
    least = max(policy.words_min, shortest, 1)
    most = min(policy.words_max, policy.reading_minutes_max * WORDS_PER_MINUTE)
    if least > most:
        raise Unsupported(
            f"The policy asks for chapters of at least {least} and at most {most} words,"
            f" at {WORDS_PER_MINUTE} words a minute.",
            "Ask for the textbook anew, with words and reading minutes that go together.",
        )
    return Size(least, most, min((least + most) // 2, max(least * 3 // 2, _PLENTY)))
