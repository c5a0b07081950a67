"""Checks: three to five questions a lesson ends with, each answered by a sentence in it."""

from collections.abc import Sequence
from typing import Final

from service.course.content import Check
from service.generation.offline.teaching import fact, question
from service.generation.offline.teaching.draft import Draft

_FEWEST: Final = 3
_KINDS: Final = (question.meanings, question.gaps, fact.steps, fact.tables, fact.years)


def checks(draft: Draft) -> tuple[Check, ...]:
    """Return three to five checks, of different kinds where the text allows, one in own words."""
    kinds = [kind(draft) for kind in _KINDS]
    most = draft.course.wish.checks
    picked: list[Check] = []
    while kinds and len(picked) < most:
        kind = kinds.pop(0)
        fresh = next((one for one in kind if _new(one, picked)), None)
        if fresh is not None:
            picked.append(fresh)
            kinds.append(kind)
    wanted = max(_FEWEST, min(len(picked) + 1, most))
    for one in question.own_words(draft):
        if len(picked) < wanted and _new(one, picked):
            picked.append(one)
    return tuple(picked)


def _new(one: Check, picked: Sequence[Check]) -> bool:
    """Tell whether `one` asks for nothing that another asks for or gives away."""
    return all(
        one.answer.lower() != other.answer.lower()
        and one.explanation != other.explanation
        and one.answer.lower() not in other.question.lower()
        and other.answer.lower() not in one.question.lower()
        for other in picked
    )
