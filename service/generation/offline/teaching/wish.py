"""What a course is asked to be, as figures; and what this generator must decline."""
# ruff: noqa: E501 - word lists and patterns are clearest unbroken, typography is meant

import re
from typing import Final

from msgspec import Struct

from service.generation.generator import Brief, Unsupported
from service.generation.offline.reading.readability import target

_CHANGES: Final[tuple[tuple[str, re.Pattern[str]], ...]] = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in {
        "more_checks": r"\bmore (?:questions|checks|exercises|quiz\w*)|mehr (?:fragen|aufgaben)",
        "fewer_checks": r"\b(?:fewer|less) (?:questions|checks|exercises|quiz\w*)|weniger (?:fragen|aufgaben)",
        "shorter": r"\b(?:shorter|short|brief(?:er)?|condensed?|less text|kürzer|knapper)\b",
        "longer": r"\b(?:longer|long|more (?:detail(?:ed|s)?|text|depth)|länger|ausführlicher)\b",
        "easier": r"\b(?:easier|easy|simpler|simple|plainer|einfacher|leichter)\b",
        "harder": r"\b(?:harder|more (?:difficult|advanced|challenging)|schwerer|anspruchsvoller)\b",
    }.items()
)
_FILLER: Final = re.compile(
    r"\b(?:please|make|made|write|keep|use|it|this|the|a|an|lesson|text|sentences?|language|words?|with|and|but|in|of|be|to|bit|"
    r"little|much|version|bitte|die|der|das|lektion|den|mach\w*|schreib\w*|und|mit|etwas|viel|sätze|sprache|texte?)\b|[\W_]+",
    re.IGNORECASE,
)
_LENGTHS: Final = ((4.0, 600), (6.0, 900), (9.0, 1200), (12.0, 1600))
_LONGEST: Final = 2000
_SHORTER: Final = 0.6
SHORTEST: Final = 60
MOST_CHECKS: Final = 5


class Wish(Struct, frozen=True):
    """`grade` is a US school grade or None, `words` the most a lesson should have, `checks` 3 to 5.

    `share` is how much of its text a lesson keeps at most; `easier` leaves hard passages out.
    """

    grade: float | None
    words: int
    checks: int
    share: float = 1.0
    easier: bool = False


def wish(brief: Brief) -> Wish:
    """Return what `brief` asks for. Raises `Unsupported` for instructions that cannot be honoured."""
    asked = changes(brief.instructions)
    grade = target(brief.grade_level)
    shift = 2 * (("harder" in asked) - ("easier" in asked))
    grade = max(grade + shift, 1.0) if grade is not None else (8.0 + shift if shift else None)
    words = next((most for top, most in _LENGTHS if grade is not None and grade <= top), _LONGEST)
    words = int(words * (_SHORTER if "shorter" in asked else 1.5 if "longer" in asked else 1))
    checks = 3 if "fewer_checks" in asked else MOST_CHECKS if "more_checks" in asked else 4
    share = _SHORTER if "shorter" in asked else 1.0
    return Wish(grade, words, checks, share, "easier" in asked)


def changes(instructions: str) -> frozenset[str]:
    """Return which changes a person asks for. Raises `Unsupported` for any other."""
    rest, asked = instructions, set()
    for name, pattern in _CHANGES:
        if pattern.search(rest):
            asked.add(name)
            rest = pattern.sub(" ", rest)
    if _FILLER.sub("", rest):
        raise Unsupported(
            f"The offline generator cannot follow the instruction “{instructions.strip()}”.",
            "It can make a text shorter or longer, easier or harder, with more or fewer questions; "
            "anything else takes a generator with a language model.",
        )
    return frozenset(asked)


def declined(what: str) -> Unsupported:
    """Return the failure for a kind of content that needs a writer: analogies, stories, translation."""
    return Unsupported(
        f"The offline generator quotes sources and cannot write {what}.",
        "That takes a generator with a language model.",
    )
