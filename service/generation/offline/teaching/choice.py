"""Which passages a lesson keeps: all that fits; of more, those that say most, near the grade."""

from typing import Final

from msgspec import Struct

from service.generation.offline.reading.readability import measure
from service.generation.offline.reading.section import Passage
from service.generation.offline.teaching import rank
from service.generation.offline.teaching.definition import definitions
from service.generation.offline.teaching.plan import Group, Unit
from service.generation.offline.teaching.term import Term, introduced, pattern
from service.generation.offline.teaching.wish import Wish

_SLACK: Final = 1.25
_TOO_HARD: Final = 4.0  # grades above the asked one
_KEEP_AT_LEAST: Final = 0.6  # of what is there, when hard passages are left out


class Choice(Struct, frozen=True):
    """What is asked for, in which language, and the terms that ought to be defined."""

    wish: Wish
    language: str
    terms: tuple[Term, ...]


def chosen(course: Choice, group: Group) -> Group:
    """Return `group` whole where it fits; else of each unit its beginning, so no run has holes.

    All units open first; then the one whose next passage says most goes on, until the room is used.
    What brings in a term that is used further on stays. Passages far above the grade are left out
    where enough remains.
    """
    whole = sum(unit.words for unit in group)
    room = min(course.wish.words * _SLACK, course.wish.share * whole)
    if whole <= room and not course.wish.easier:
        return group
    rows = [_readable(course, unit) for unit in group]
    flat = [passage for row in rows for passage in row]
    taken = _taken(rows, dict(zip(flat, _scores(course, group, flat), strict=True)), room)
    if course.wish.share == 1.0:
        taken = _with_what_they_need(rows, taken)
    return tuple(
        Unit(unit.section, tuple(row[:count]), unit.continued)
        for unit, row, count in zip(group, rows, taken, strict=True)
        if count
    )


def _taken(rows: list[list[Passage]], scores: dict[Passage, float], room: float) -> list[int]:
    """Return how many passages of each row fit."""
    taken, full, size = [0] * len(rows), set[int](), 0
    while open_rows := [n for n, row in enumerate(rows) if taken[n] < len(row) and n not in full]:
        at = max(open_rows, key=lambda n: (scores[rows[n][taken[n]]], -n))
        words = rows[at][taken[at]].words
        if size and size + words > room:
            full.add(at)
            continue
        taken[at] += 1
        size += words
    return taken


def _with_what_they_need(rows: list[list[Passage]], taken: list[int]) -> list[int]:
    """Go on with a row up to the passage that brings in a stressed term which later ones use."""
    longer = list(taken)
    for at, row in enumerate(rows):
        later = "\n".join(
            one.plain
            for other, count in zip(rows[at + 1 :], taken[at + 1 :], strict=True)
            for passage in other[:count]
            for one in passage.sentences
        )
        for n in range(taken[at], len(row)):
            if any(pattern(name).search(later) for name in introduced(row[n])):
                longer[at] = n + 1
    return longer


def _readable(course: Choice, unit: Unit) -> list[Passage]:
    """Return the passages of a unit without the too hard ones, unless little would be left."""
    easy = [
        one
        for one in unit.passages
        if not _too_hard(course, one) or introduced(one) or _defines(course, one)
    ]
    enough = sum(one.words for one in easy) >= _KEEP_AT_LEAST * unit.words
    return easy if enough else list(unit.passages)


def _defines(course: Choice, passage: Passage) -> bool:
    return any(definitions(course.terms, [passage], course.language))


def _scores(course: Choice, group: Group, passages: list[Passage]) -> list[float]:
    """Score passages: central ones, those that define terms, and those that open a section."""
    texts = [" ".join(one.plain for one in passage.sentences) for passage in passages]
    central = rank.centrality(texts, course.language)
    opening = {unit.passages[0] for unit in group if not unit.continued}
    made = []
    for passage, near in zip(passages, central, strict=True):
        defined = definitions(course.terms, [passage], course.language)
        extra = sum(0.1 * one.strength for one in defined[:3])
        shaped = 0.2 * any(part.form in ("steps", "table", "definition") for part in passage.parts)
        away = _distance(course, passage)
        made.append(round(near + extra + shaped + 1.0 * (passage in opening) - 0.06 * away, 9))
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
