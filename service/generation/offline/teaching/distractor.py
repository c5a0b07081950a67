"""Distractors: other terms of the same kind that a reader could honestly mistake for the key."""

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

from service.generation.offline.reading.language import content_stems, words
from service.generation.offline.teaching.term import Term

_SURE: Final = 1.5
_ENDING: Final = 4  # letters; words of one ending are mostly of one kind
_RATIO: Final = 2.5
_SINGULAR: Final = ("ss", "us", "is")
_UNCOUNTED: Final = ("ing", "tion", "sion", "ism", "ity", "ness", "a")
_SIBILANT: Final = ("s", "x", "z", "ch", "sh")


class Gap(Struct, frozen=True):
    """A sentence with a term in it: `key` is how it stands there, `here` the whole lesson."""

    term: Term
    key: str
    sentence: str
    here: str


def close(key: str, others: Iterable[str], ratio: float) -> list[str]:
    """Return those of about the length of `key`, so that length does not tell it."""
    return [one for one in others if max(len(one), len(key)) <= ratio * min(len(one), len(key)) + 3]


def siblings(gap: Gap, terms: Sequence[Term], language: str) -> list[str]:
    """Return terms of the same kind, number and length that the sentence does not contain.

    Best are those that differ in a word from the key ("primary structure", "secondary structure").
    """
    mine, here = gap.term.key, gap.here.lower()
    plural = gap.key.lower().endswith("s") and not gap.key.lower().endswith(_SINGULAR)
    made: list[tuple[tuple[bool, bool, bool, bool, int, float], str]] = []
    for other in terms:
        twin = _twins(mine, other.key)
        if not _alike(other, gap.term) or (set(other.key) & set(mine) and not twin):
            continue
        if other.name.lower() in gap.sentence.lower():
            continue
        bends = other.name.islower() and language == "en"
        name = _numbered(other.name, plural=plural) if bends else other.name
        far = abs(len(words(name)) - len(words(gap.key)))
        if far <= 1 and close(gap.key, [name], _RATIO):
            absent = name.lower() not in here
            apart = name[-_ENDING:].lower() != gap.key[-_ENDING:].lower()
            made.append(((not twin, other.weight < _SURE, apart, absent, far, -other.weight), name))
    return _apart([name for _, name in sorted(made, key=lambda pair: pair[0])], language)


def _alike(one: Term, other: Term) -> bool:
    """Tell whether two terms are of one kind and both, or neither, begin with a capital."""
    return one.kind == other.kind and one.name[0].isupper() == other.name[0].isupper()


def _twins(one: Sequence[str], other: Sequence[str]) -> bool:
    """Tell whether two terms of equal length differ in one word."""
    return len(one) == len(other) > 1 and sum(a != b for a, b in zip(one, other, strict=True)) == 1


def _apart(names: Sequence[str], language: str) -> list[str]:
    """Leave out a name that says the same as one before it, or part of it."""
    kept: list[tuple[str, ...]] = []
    made = []
    for name in names:
        stems = content_stems(name, language)
        if not any(set(stems) & set(taken) and not _twins(stems, taken) for taken in kept):
            kept.append(stems)
            made.append(name)
    return made


def _numbered(name: str, *, plural: bool) -> str:
    """Return an English term in the number asked for, so that number does not give the key away."""
    if name.endswith("s") and not name.endswith(_SINGULAR):
        if plural:
            return name
        return f"{name[:-3]}y" if name.endswith("ies") else name.removesuffix("s")
    if not plural or name.endswith((*_SINGULAR, *_UNCOUNTED)):
        return name
    if name.endswith("y") and name[-2:-1] not in "aeiou":
        return f"{name[:-1]}ies"
    return f"{name}es" if name.endswith(_SIBILANT) else f"{name}s"
