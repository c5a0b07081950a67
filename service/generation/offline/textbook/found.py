"""A chapter found again in its syllabus, by what it quotes: its other parts are made from there."""

from collections.abc import Iterable
from itertools import chain

from msgspec.structs import replace

from service.course.content import Citation
from service.generation.offline.reading.source import Source
from service.generation.offline.teaching import setting
from service.generation.offline.teaching.body import cited
from service.generation.offline.teaching.curriculum import Curriculum, assembled
from service.generation.offline.teaching.draft import Draft as Lesson
from service.generation.offline.teaching.plan import Group
from service.generation.offline.textbook.outline import lessons
from service.textbook.content import Draft

_Said = frozenset[tuple[str, str]]


def found(course: Curriculum, draft: Draft) -> Lesson:
    """Return the part of the syllabus that `draft` was made of, with just the text that it has.

    Instructions, and sources that have changed, may have left it another text than the syllabus
    would give it now.
    """
    said = _said(draft.sources)
    shares = [len(said & _said(cited(course, group))) for group in course.plan]
    at = max(range(len(shares)), key=lambda n: (shares[n], n == draft.number - 1, -n))
    own = _kept(course.plan[at], course.sources, said) or course.groups[at]
    if own != course.groups[at]:
        groups = (*course.groups[:at], own, *course.groups[at + 1 :])
        course = assembled(replace(course, groups=groups))
    return Lesson(course, lessons(course), at + 1)


def _said(citations: Iterable[Citation]) -> _Said:
    return frozenset((one.path, one.quote) for one in citations)


def _kept(group: Group, sources: tuple[Source, ...], said: _Said) -> Group:
    """Return the passages of which every word is quoted."""
    made = []
    for unit in group:
        material = sources[unit.section.source].material
        own = tuple(one for one in unit.passages if _said(setting.citations(one, material)) <= said)
        if own:
            made.append(replace(unit, passages=own))
    return tuple(made)


def left(lesson: Lesson) -> Group:
    """Return what was planned for a chapter and is not in its text."""
    shown = frozenset(chain.from_iterable(unit.passages for unit in lesson.group))
    rest = (
        replace(unit, passages=tuple(one for one in unit.passages if one not in shown))
        for unit in lesson.course.plan[lesson.at]
    )
    return tuple(unit for unit in rest if unit.passages)
