"""What a lesson is about: the few terms to name when one tells what it teaches."""

from collections.abc import Iterable, Sequence
from typing import Final

from service.generation.offline.teaching.definition import Definition
from service.generation.offline.teaching.plan import Group
from service.generation.offline.teaching.term import Term, pattern

_MOST: Final = 6
_ENOUGH: Final = 5  # mentions; more make a term no weightier


def concepts(
    group: Group, terms: Sequence[Term], defined: Sequence[Definition]
) -> tuple[Term, ...]:
    """Return a lesson's terms in the order it brings them in.

    Those it defines are chosen first, then those it uses most; code comes in by neither way.
    """
    text = "\n".join(
        one.plain for unit in group for passage in unit.passages for one in passage.sentences
    )
    low = text.lower()
    uses = {
        one: [found.start() for found in pattern(one.name).finditer(text)]
        for one in terms
        if one.kind != "code" and one.name.lower() in low
    }
    known = sorted(defined, key=lambda one: -one.strength * one.term.weight)
    often = sorted(
        (one for one, at in uses.items() if one.weight >= 1 and len(at) > 1),
        key=lambda one: (one.kind == "name", -one.weight * min(len(uses[one]), _ENOUGH)),
    )
    chosen = dict.fromkeys([*(one.term for one in known), *often])
    found = _unlike(one for one in chosen if uses.get(one))[:_MOST]
    return tuple(sorted(found, key=lambda one: uses[one][0]))


def _unlike(found: Iterable[Term]) -> list[Term]:
    """Leave out a term whose words another one before it already has."""
    kept: list[Term] = []
    for one in found:
        if not any(set(one.key) <= set(other.key) for other in kept):
            kept.append(one)
    return kept
