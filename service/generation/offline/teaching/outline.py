"""The outline: what the course and its lessons are called, and what they promise."""

from typing import Final

from service.course.content import LessonPlan, Outline
from service.generation.offline.teaching.aim import aims
from service.generation.offline.teaching.curriculum import Curriculum
from service.generation.offline.teaching.title import headings, titles
from service.generation.offline.teaching.wording import quoted, series, wording

_PARTS: Final = 3
_TERMS: Final = 4


def outline(course: Curriculum) -> Outline:
    """Return the outline of `course`."""
    topic = " ".join(course.brief.topic.split())
    lessons = tuple(
        LessonPlan(
            title,
            _description(course, at, title),
            tuple(one.name for one in course.concepts[at]),
            tuple(aims(course, at)),
        )
        for at, title in enumerate(titles(course))
    )
    return Outline(topic[:1].upper() + topic[1:], lessons)


def _description(course: Curriculum, at: int, title: str) -> str:
    """Say in a sentence what a lesson is about and where it is from."""
    say, group = wording(course.language), course.groups[at]
    named = dict.fromkeys(course.sources[unit.section.source].title for unit in group)
    sources = series([quoted(one, say) for one in named], say)
    parts = [one for one in headings(group) if one not in named]
    parts = [] if parts == [title] else parts
    about = [one.name for one in course.concepts[at]][:_TERMS]
    if not about and not parts:
        return say.described_plain.format(sources=sources)
    if not about:
        return say.described_parts.format(parts=_quoted(course, parts[:_PARTS]), sources=sources)
    if 1 < len(parts) <= _PARTS and len(named) == 1:
        where = say.described_in.format(parts=_quoted(course, parts), sources=sources)
    else:
        where = say.described_from.format(sources=sources)
    return say.described.format(terms=series(about, say), where=where)


def _quoted(course: Curriculum, names: list[str]) -> str:
    say = wording(course.language)
    return series([quoted(one, say) for one in names], say)
