"""Sentences that say most of a chapter: its main points, and what to take away from it."""

from collections.abc import Set as AbstractSet
from typing import Final

from service.generation.offline.reading.language import content_stems, words
from service.generation.offline.reading.sentence import Sentence, quotable
from service.generation.offline.teaching import rank
from service.generation.offline.teaching.draft import Draft
from service.generation.offline.textbook.asking import alone, askable

_MEMORABLE: Final = range(8, 33)  # words
_ALIKE: Final = 0.5  # of the stems; a sentence that shares so many with another repeats it
_NAMING: Final = 0.08  # for each term of the chapter that a sentence names
_STATING: Final = 0.15  # for a sentence that says something of its subject, not what one may do
_DEMANDING: Final = ("you ", "if you", "note ", "suppose", "let", "when you", "to ", "use ", "if ")


def telling(draft: Draft, most: int, *, without: AbstractSet[Sentence]) -> list[Sentence]:
    """Return up to `most` sentences, those first that stand in sections with none yet.

    They can be read on their own, and none says what another says, or one of `without`.
    """
    language, found = draft.course.language, draft.prose
    near = rank.centrality([one.plain for _, one in found], language)
    scores = [_score(draft, near[n], one) for n, (_, one) in enumerate(found)]
    ranks = [_rank(one, language) for _, one in found]
    fit = [n for n in range(len(found)) if ranks[n] is not None]
    fit.sort(key=lambda n: (ranks[n], -scores[n], n))
    said = [_stems(one, language) for one in without]
    taken: list[int] = []
    for again in range(most):
        for n in fit:
            mine = _stems(found[n][1], language)
            used = sum(found[one][0] == found[n][0] for one in taken)
            if len(taken) < most and used <= again and not any(_alike(mine, own) for own in said):
                taken.append(n)
                said.append(mine)
    return [found[n][1] for n in sorted(taken)]


def _rank(one: Sentence, language: str) -> int | None:
    """Return 0 for a sentence that can be kept in mind, 1 for one that speaks to its reader."""
    whole = len(words(one.plain)) in _MEMORABLE and one.plain.endswith(".") and alone(one)
    if whole and quotable(one, language):
        return 0
    return 1 if whole and askable(one, language) else None


def _score(draft: Draft, near: float, one: Sentence) -> float:
    low = one.plain.lower()
    named = sum(name.lower() in low for name in draft.plan.key_concepts)
    return round(near + _NAMING * named + _STATING * (not low.startswith(_DEMANDING)), 9)


def _stems(one: Sentence, language: str) -> frozenset[str]:
    return frozenset(content_stems(one.plain, language))


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= _ALIKE * min(len(one), len(other)) if one and other else False
