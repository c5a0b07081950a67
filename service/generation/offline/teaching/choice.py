"""Which passages a lesson keeps: those that say most, near the grade, within its length."""

from typing import Final

from msgspec import Struct

from service.generation.offline.reading.readability import measure
from service.generation.offline.reading.section import Passage
from service.generation.offline.teaching import rank
from service.generation.offline.teaching.definition import definitions
from service.generation.offline.teaching.plan import Group, Unit
from service.generation.offline.teaching.term import Term
from service.generation.offline.teaching.wish import Wish

_SLACK: Final = 1.15
_TOO_HARD: Final = 4.0  # grades above the asked one
_KEEP_AT_LEAST: Final = 0.55  # of what is there, when hard passages are left out


class Choice(Struct, frozen=True):
    """What is asked for, in which language, and the terms that ought to be defined."""

    wish: Wish
    language: str
    terms: tuple[Term, ...]


def chosen(course: Choice, group: Group) -> Group:
    """Return `group` with the passages worth keeping, in their order."""
    flat = [(at, passage) for at, unit in enumerate(group) for passage in unit.passages]
    scores = _scores(course, group, [passage for _, passage in flat])
    room = course.wish.words * _SLACK
    total = sum(passage.words for _, passage in flat)
    hard = [_too_hard(course, passage) and not _defines(course, passage) for _, passage in flat]
    limit = min(room, total)
    order = sorted(range(len(flat)), key=lambda n: (hard[n], -scores[n], n))
    kept: set[int] = set()
    size = 0
    for n in order:
        words = flat[n][1].words
        enough = size >= max(total * _KEEP_AT_LEAST, 1) and hard[n]
        if kept and (size + words > limit or enough):
            continue
        kept.add(n)
        size += words
    return _rebuilt(group, [(at, passage) for n, (at, passage) in enumerate(flat) if n in kept])


def _defines(course: Choice, passage: Passage) -> bool:
    return any(definitions(course.terms, [passage], course.language))


def _rebuilt(group: Group, kept: list[tuple[int, Passage]]) -> Group:
    made = []
    for at, unit in enumerate(group):
        own = tuple(passage for home, passage in kept if home == at)
        if own:
            made.append(Unit(unit.section, own, unit.continued))
    return tuple(made)


def _scores(course: Choice, group: Group, passages: list[Passage]) -> list[float]:
    """Score passages: central ones, those that define terms, and those that open a section."""
    texts = [" ".join(one.plain for one in passage.sentences) for passage in passages]
    central = rank.centrality(texts, course.language)
    opening = {unit.passages[0] for unit in group}
    made = []
    for passage, near in zip(passages, central, strict=True):
        defined = definitions(course.terms, [passage], course.language)
        extra = sum(0.1 * one.strength for one in defined[:3])
        shaped = 0.2 * any(part.form in ("steps", "table", "definition") for part in passage.parts)
        away = _distance(course, passage)
        made.append(round(near + extra + shaped + 0.5 * (passage in opening) - 0.06 * away, 9))
    return made


def _grade(course: Choice, passage: Passage) -> float:
    prose = " ".join(
        one.plain for part in passage.parts if part.form == "prose" for one in part.sentences
    )
    return measure(prose, course.language).grade


def _distance(course: Choice, passage: Passage) -> float:
    return 0.0 if course.wish.grade is None else abs(_grade(course, passage) - course.wish.grade)


def _too_hard(course: Choice, passage: Passage) -> bool:
    wanted = course.wish.grade
    return wanted is not None and _grade(course, passage) > wanted + _TOO_HARD
