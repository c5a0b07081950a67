"""Checks: three to five questions a lesson ends with, each answered by a sentence in it."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from service.course.content import Check
from service.generation.offline.teaching import answer, fact, question
from service.generation.offline.teaching.draft import Draft
from service.generation.offline.teaching.option import GAP

_FEWEST: Final = 3
_MOST_GAPS: Final = 2
_KINDS: Final[tuple[Callable[[Draft], Iterator[Check]], ...]] = (
    question.described,
    answer.causes,
    fact.steps,
    question.meanings,
    fact.tables,
    fact.points,
)


def checks(draft: Draft) -> tuple[Check, ...]:
    """Return three to five checks, of different kinds where the text allows, one in own words.

    Gaps come last: they ask for a word where the others ask for a thought.
    """
    most = draft.course.wish.checks
    picked: list[Check] = []
    _turns([kind(draft) for kind in _KINDS], picked, most)
    _turns([fact.years(draft)], picked, min(most, len(picked) + 1))
    _turns([question.gaps(draft)], picked, min(most, len(picked) + _MOST_GAPS))
    _turns([question.named(draft)], picked, _FEWEST - 1)
    wanted = max(_FEWEST, min(len(picked) + 1, most))
    open_ones = answer.own_words(draft)
    if len(picked) == most and (fresh := next((o for o in open_ones if new(o, picked)), None)):
        return (*picked[:-1], fresh)
    for one in open_ones:
        if len(picked) < wanted and new(one, picked):
            picked.append(one)
    return tuple(picked)


def _turns(kinds: list[Iterator[Check]], picked: list[Check], most: int) -> None:
    """Let each kind give one in turn until there are `most`, or none is left."""
    while kinds and len(picked) < most:
        kind = kinds.pop(0)
        fresh = next((one for one in kind if new(one, picked)), None)
        if fresh is not None:
            picked.append(fresh)
            kinds.append(kind)


def new(one: Check, picked: Sequence[Check]) -> bool:
    """Tell whether `one` asks for nothing that another asks for or gives away."""
    return all(
        one.answer.lower() != other.answer.lower()
        and one.question != other.question
        and one.explanation != other.explanation
        and not _tells(one.answer, other)
        and not _tells(other.answer, one)
        for other in picked
    )


def _tells(key: str, other: Check) -> bool:
    """Tell whether the words of `key` stand in another question."""
    return key.lower() in other.question.replace(GAP, "").lower()
