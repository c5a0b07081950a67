"""What a lesson is about: the few terms to name when one tells what it teaches."""

from collections.abc import Iterable, Sequence
from typing import Final

from service.generation.offline.teaching.definition import Definition
from service.generation.offline.teaching.plan import Group
from service.generation.offline.teaching.term import Term, pattern

_MOST: Final = 6
_ENOUGH: Final = 5  # mentions; more make a term no weightier
_HEADED: Final = 2.0  # for a term that a heading names


def importance(term: Term, group: Group, text: str) -> float:
    """Return how much a lesson is about a term: how often it and its headings name it."""
    headings = " ".join(dict.fromkeys(name for unit in group for name in unit.section.path))
    named = _HEADED * (pattern(term.name).search(headings) is not None)
    return 0.6 * min(len(pattern(term.name).findall(text)), _ENOUGH) + named + 0.3 * term.weight


def running(group: Group) -> str:
    """Return all that a group says, a sentence a line."""
    return "\n".join(one.plain for unit in group for one in unit.sentences)


def concepts(
    group: Group, terms: Sequence[Term], defined: Sequence[Definition]
) -> tuple[Term, ...]:
    """Return a lesson's terms in the order it brings them in.

    Those it defines or stresses are weighed by how much it is about them; code never is.
    """
    text = running(group)
    low = text.lower()
    known = {one.term: one.strength for one in defined}
    first = {
        one: found.start()
        for one in terms
        if one.kind != "code" and one.name.lower() in low
        if (found := pattern(one.name).search(text))
    }
    fit = [one for one in first if one in known or (one.weight >= 1 and _again(one, text))]
    score = {one: importance(one, group, text) + min(known.get(one, 0.0), 3.0) for one in fit}
    ranked = sorted(fit, key=lambda one: (one.kind == "name" and one not in known, -score[one]))
    return tuple(sorted(_unlike(ranked)[:_MOST], key=lambda one: first[one]))


def _again(term: Term, text: str) -> bool:
    return len(pattern(term.name).findall(text)) > 1


def _unlike(found: Iterable[Term]) -> list[Term]:
    """Leave out a term whose words another one before it already has."""
    kept: list[Term] = []
    for one in found:
        if not any(set(one.key) <= set(other.key) for other in kept):
            kept.append(one)
    return kept
