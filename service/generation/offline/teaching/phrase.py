"""Phrases: headings and clauses of a source fitted into the guide's own sentences."""
# ruff: noqa: RUF001 - typography is meant

import re
from collections.abc import Sequence
from typing import Final

from service.generation.offline.reading.language import content_stems, primary
from service.generation.offline.teaching.wording import series, wording

_IDLE: Final = frozenset(
    """a an the some many most all every each no one two three four five how why what when where who
    which in on at by for with from to of and or as if""".split()  # noqa: SIM905
)
_GERMAN: Final = ("Der", "Die", "Das", "Ein", "Eine")
_SHORT: Final = 4  # words of a heading that can stand in a series
_BRACKETS: Final = re.compile(r"\s*\([^)]*\)")
_TAIL: Final = re.compile(r"\s*(?:: | – | - | — ).+$")


def lowered(text: str, seen: str, language: str) -> str:
    """Return `text` with a small first letter where only its place made it a capital.

    `seen` is running text that shows how the word is written elsewhere.
    """
    first = re.match(r"[A-Za-zÀ-ÿ]+", text)
    if primary(language) == "de":
        return text[:1].lower() + text[1:] if first and first[0] in _GERMAN else text
    if first is None or first[0][1:].isupper():
        return text
    low = first[0].lower()
    small = low in _IDLE or re.search(rf"(?<![.!?] )(?<!^)\b{low}\b", seen) is not None
    return text[:1].lower() + text[1:] if small else text


def brief(heading: str) -> str:
    """Return a heading without what stands in brackets, or behind a colon or a dash."""
    bare = _BRACKETS.sub("", heading).strip()
    return _TAIL.sub("", bare) or heading


def simple(heading: str, language: str) -> bool:
    """Tell whether a heading can stand in a series: short, without an "and" or a question."""
    marks = (f" {wording(language).conjunction} ", ", ", ": ", " – ", "?")
    return len(heading.split()) <= _SHORT and not any(mark in heading for mark in marks)


def listed(names: Sequence[str], language: str) -> str:
    """Return ``A, B and C``, quoted each where one has an "and", a comma or a dash of its own."""
    say = wording(language)
    marks = (f" {say.conjunction} ", ", ", ": ", " – ", "?")
    if any(mark in name for name in names for mark in marks):
        names = [f"{say.opens}{name}{say.closes}" for name in names]
    return series(names, say)


def distinct(names: Sequence[str], language: str) -> list[str]:
    """Leave out a heading that says all that a shorter one before or after it says."""
    stems = [frozenset(content_stems(name, language)) for name in names]
    return [
        name
        for at, name in enumerate(names)
        if not any(
            other and other <= stems[at] and (other < stems[at] or n < at)
            for n, other in enumerate(stems)
            if n != at
        )
    ]
