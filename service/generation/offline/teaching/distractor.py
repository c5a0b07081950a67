"""Distractors: other terms of the same kind that a reader could honestly mistake for the key."""

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

from service.generation.offline.reading.language import content_stems, primary, words
from service.generation.offline.teaching.term import Term

_SURE: Final = 2.0  # stressed by an author
_ENDING: Final = 4  # letters; words of one ending are mostly of one kind
_RATIO: Final = 2.5
_VOWELS: Final = "aeiou"
_SINGULAR: Final = ("ss", "us", "is", "ics")
_PLURALS: Final = ("ae", "mata", "dria", "teria")
_KINDS: Final = (
    ("happening", ("ing", "tion", "sion", "sis", "ment", "ance", "ence", "lysis", "ung", "ismus")),
    ("idea", ("ity", "ness", "ism", "ogy", "ics", "heit", "keit", "tät")),
    ("quality", ("ic", "able", "ible", "ous", "ive", "ed", "ular", "isch")),
)


class Gap(Struct, frozen=True):
    """A sentence with a term in it: `key` is how it stands there, `before` all before it."""

    term: Term
    key: str
    sentence: str
    before: str = ""


def close(key: str, others: Iterable[str], ratio: float) -> list[str]:
    """Return those of about the length of `key`, so that length does not tell it."""
    return [one for one in others if max(len(one), len(key)) <= ratio * min(len(one), len(key)) + 3]


def siblings(gap: Gap, terms: Sequence[Term], known: Iterable[Term], language: str) -> list[str]:
    """Return terms of the same kind and number that the sentence lacks, as the text writes them.

    Only names, and terms that an author stresses or that are `known` to be defined. Best are
    those that differ in a word from the key ("primary structure", "secondary structure").
    """
    defined, mine = frozenset(known), gap.term.key
    made: list[tuple[tuple[bool, bool, bool, int, float], str]] = []
    for other in terms:
        sure = other.weight >= _SURE or other in defined or other.kind == "name"
        if not sure or not _alike(other, gap, language):
            continue
        twin = twins(mine, other.key)
        if set(other.key) & set(mine) and not twin:
            continue
        if other.name.lower() in gap.sentence.lower():
            continue
        far = abs(len(words(other.name)) - len(words(gap.key)))
        if far <= 1 and close(gap.key, [other.name], _RATIO):
            apart = other.name[-_ENDING:].lower() != gap.key[-_ENDING:].lower()
            rank = (not twin, other not in defined, apart, far, -other.weight)
            made.append((rank, other.name))
    return _apart([name for _, name in sorted(made, key=lambda pair: pair[0])], language)


def _alike(other: Term, gap: Gap, language: str) -> bool:
    """Tell whether a term could stand in a gap: of one kind, number and case, after its article."""
    term, key, name = gap.term, gap.key, other.name
    if other.kind != term.kind or name[0].isupper() != term.name[0].isupper():
        return False
    if primary(language) != "en" or term.kind == "code":
        return True
    article = gap.before.lower().split()[-1:] in (["a"], ["an"])
    sounds = (name[0].lower() in _VOWELS) == (key[0].lower() in _VOWELS)
    return plural(name) == plural(key) and _kind(name) == _kind(key) and (sounds or not article)


def plural(name: str) -> bool:
    """Tell whether an English term is written as a plural ("Sons of Liberty")."""
    low = name.lower().split(" of ")[0]
    return (low.endswith("s") and not low.endswith(_SINGULAR)) or low.endswith(_PLURALS)


def _kind(name: str) -> str:
    """Return what kind of thing an English term names, by the ending of its last word."""
    last = name.lower().split()[-1]
    bare = last.removesuffix("s") if plural(last) else last
    return next((kind for kind, ends in _KINDS if bare.endswith(ends)), "thing")


def kin(one: Term, other: Term) -> bool:
    """Tell whether two terms are easily taken for each other: twins, or words of one ending."""
    if one.kind != other.kind or one.kind == "code":
        return False
    if twins(one.key, other.key):
        return True
    single = len(one.key) == len(other.key) == 1
    tails = {name.name.lower().rstrip("s")[-_ENDING - 1 :] for name in (one, other)}
    return single and len(tails) == 1 and one.key != other.key


def twins(one: Sequence[str], other: Sequence[str]) -> bool:
    """Tell whether two terms of equal length differ in one word."""
    return len(one) == len(other) > 1 and sum(a != b for a, b in zip(one, other, strict=True)) == 1


def _apart(names: Sequence[str], language: str) -> list[str]:
    """Leave out a name that says the same as one before it, or part of it."""
    kept: list[tuple[str, ...]] = []
    made = []
    for name in names:
        stems = content_stems(name, language)
        if not any(set(stems) & set(taken) and not twins(stems, taken) for taken in kept):
            kept.append(stems)
            made.append(name)
    return made
