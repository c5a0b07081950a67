"""Reciprocal rank fusion: one list out of several, by how high each thing stands in each.

Cormack, Clarke, Büttcher: Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning
Methods, SIGIR 2009.
"""

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from service.library.views import Hit

K: Final = 60
"""How little the first places count more than the next; 60 is the paper's."""


def fused(*lists: Sequence[Hit], limit: int) -> list[Hit]:
    """Return up to `limit` hits of all lists, best first; the score is the sum of 1 / (60 + rank).

    A hit in several lists is told as in the first that has it, so that words are shown in bold.
    Equal scores stand in the order of path and place.
    """
    scores: dict[str, float] = {}
    hits: dict[str, Hit] = {}
    for listed in lists:
        for rank, hit in enumerate(listed, 1):
            key = str(hit.chunk_id)
            hits.setdefault(key, hit)
            scores[key] = scores.get(key, 0.0) + 1 / (K + rank)
    best = sorted(scores, key=lambda key: (-scores[key], hits[key].path, hits[key].span_start))
    return [replace(hits[key], score=scores[key]) for key in best[:limit]]
