"""What matters most: sections to a topic, passages to a lesson."""

from collections import Counter
from collections.abc import Sequence
from math import log
from typing import Final

import numpy as np

from service.generation.offline.reading.language import content_stems

_SHORT: Final = 4
_OFTEN: Final = 3  # mentions; a word found once or twice is weak evidence of a home
_DRIFT: Final = 0.6  # votes that the far end of a text costs the first of a list
_BACK: Final = 0.6  # votes that going back in a text costs


def hits(topic: Sequence[str], stems: Sequence[str]) -> frozenset[str]:
    """Return the stems of `topic` among `stems`, compounds too ("Zelle" in "Pflanzenzelle")."""
    there = frozenset(stems)
    return frozenset(
        want
        for want in topic
        if want in there or (len(want) >= _SHORT and any(want in stem for stem in there))
    )


def weight(topic: Sequence[str], stems: Sequence[str]) -> float:
    """Return how much a text with `stems` is about `topic`: a damped count, by its length."""
    counts = Counter(stems)
    found = sum(log(1 + counts[want]) for want in topic)
    return found / (1 + log(1 + len(stems)))


def centrality(texts: Sequence[str], language: str) -> list[float]:
    """Return how close each text comes to what all say together, 0 to 1 (centroid of TF-IDF)."""
    bags = [Counter(content_stems(text, language)) for text in texts]
    order = sorted({stem for bag in bags for stem in bag})
    if not order:
        return [0.0] * len(texts)
    column = {stem: at for at, stem in enumerate(order)}
    matrix = np.zeros((len(bags), len(order)))
    for row, bag in enumerate(bags):
        for stem, count in bag.items():
            matrix[row, column[stem]] = 1 + log(count)
    matrix *= np.log1p(len(bags) / (matrix > 0).sum(axis=0))
    matrix /= np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-9)
    centre = matrix.sum(axis=0)
    return [
        round(float(one), 9) for one in matrix @ (centre / max(float(np.linalg.norm(centre)), 1e-9))
    ]


def aligned(wanted: Sequence[Sequence[str]], texts: Sequence[Sequence[str]]) -> list[int | None]:
    """Return for each of `wanted` which of `texts` it is at home in; None where in none.

    Lists that authors make of a text mostly follow it, so going back, or far ahead, costs votes.
    A word votes by its share in each text, so that words found in all of them say little.
    """
    places = range(len(texts))
    votes = [_votes(one, texts) for one in wanted]
    worth = [
        [vote - _DRIFT * _away(n, len(wanted), at, len(texts)) for at, vote in enumerate(row)]
        for n, row in enumerate(votes)
    ]
    best = [(0.0, list[int]()) for _ in places]
    for row in worth:
        best = [
            max(
                (
                    (round(sum_ + row[at] - _BACK * (was > at), 9), [*path, at])
                    for was, (sum_, path) in enumerate(best)
                ),
                key=lambda pair: (pair[0], [-one for one in pair[1]]),
            )
            for at in places
        ]
    path = max(best, key=lambda pair: (pair[0], [-one for one in pair[1]]), default=(0.0, []))[1]
    if not path:
        return [None] * len(wanted)
    return [at if max(row) > 0 else None for at, row in zip(path, votes, strict=True)]


def _away(n: int, count: int, at: int, places: int) -> float:
    """Return how far apart two things stand in their rows, 0 to 1."""
    return abs(n / max(count - 1, 1) - at / max(places - 1, 1)) if count > 1 else 0.0


def _votes(wanted: Sequence[str], texts: Sequence[Sequence[str]]) -> list[float]:
    votes = [0.0] * len(texts)
    for stem in dict.fromkeys(wanted):
        counts = [text.count(stem) / (1 + len(text)) for text in texts]
        total = sum(counts)
        sure = min(sum(text.count(stem) for text in texts) / _OFTEN, 1.0)
        for at, count in enumerate(counts):
            votes[at] += sure * (count / total) ** 2 if total else 0.0
    return votes
