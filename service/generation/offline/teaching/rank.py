"""What matters most: sections to a topic, passages to a lesson."""

from collections import Counter
from collections.abc import Sequence
from math import log

import numpy as np

from service.generation.offline.reading.language import content_stems

_SHORT = 4


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


def home(wanted: Sequence[str], texts: Sequence[Sequence[str]]) -> int | None:
    """Return which of `texts` the words of `wanted` are most at home in; None where in none.

    Each word votes by its share in each text, so that words found in all of them say little.
    """
    votes = [0.0] * len(texts)
    for stem in dict.fromkeys(wanted):
        counts = [text.count(stem) / (1 + len(text)) for text in texts]
        total = sum(counts)
        for at, count in enumerate(counts):
            votes[at] += (count / total) ** 2 if total else 0.0
    best = max(range(len(texts)), key=lambda at: (round(votes[at], 9), -at), default=None)
    return best if best is not None and votes[best] > 0 else None
