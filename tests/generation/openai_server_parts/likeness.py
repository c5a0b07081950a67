"""Vectors in which like texts lie near: a hashed bag of stems, so that it needs no model."""

import math
import re
from functools import cache
from hashlib import blake2b
from typing import Final

import snowballstemmer

DIMENSIONS: Final = 256
SHORTEST: Final = 4
"""Words below this length are mostly grammar."""
SAME: Final = {
    "automobile": "car",
    "vehicle": "car",
    "feline": "cat",
    "physician": "doctor",
    "illness": "disease",
    "sickness": "disease",
    "photosynthesis": "sunlight",
    "begin": "start",
    "commence": "start",
}
"""Words that mean the same to this server: what full text cannot know."""

STEMMER: Final = snowballstemmer.stemmer("english")


def vector(text: str) -> list[float]:
    """Return the unit vector of a text; that of a text without words lies far from all others."""
    sums = [0.0] * DIMENSIONS
    for word in re.findall(r"\w+", text.lower()):
        if len(word) >= SHORTEST or word in SAME.values():
            place, sign = _place(word)
            sums[place] += sign
    length = math.sqrt(sum(value * value for value in sums))
    if not length:
        return [1 / math.sqrt(DIMENSIONS)] * DIMENSIONS
    return [value / length for value in sums]


@cache
def _place(word: str) -> tuple[int, float]:
    stem = STEMMER.stemWord(SAME.get(word, word))
    digest = int.from_bytes(blake2b(stem.encode(), digest_size=4).digest())
    return digest % DIMENSIONS, 1.0 if digest & (1 << 20) else -1.0
