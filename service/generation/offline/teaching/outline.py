"""The outline: what the course and its lessons are called, and what they promise."""

import re
from collections.abc import Iterator
from typing import Final

from service.course.content import LessonPlan, Outline
from service.generation.offline.reading.language import content_stems
from service.generation.offline.teaching import rank
from service.generation.offline.teaching.curriculum import Curriculum
from service.generation.offline.teaching.plan import stems
from service.generation.offline.teaching.title import headings, listed, titles
from service.generation.offline.teaching.wording import quoted, series, wording

_MOST_AIMS: Final = 5
_OWN_AIMS: Final = 4
_ENOUGH: Final = 3
_PARTS: Final = 4
_QUESTION: Final = re.compile(
    r"\?$|^(?:how|why|what|when|where|who|which|wie|warum|was|wann|wo|wer|comment|pourquoi|qu)\b",
    re.IGNORECASE,
)


def outline(course: Curriculum) -> Outline:
    """Return the outline of `course`."""
    topic = " ".join(course.brief.topic.split())
    lessons = tuple(
        LessonPlan(
            title,
            _description(course, at),
            tuple(one.name for one in course.concepts[at]),
            tuple(_aims(course, at)),
        )
        for at, title in enumerate(titles(course))
    )
    return Outline(topic[:1].upper() + topic[1:], lessons)


def _description(course: Curriculum, at: int) -> str:
    say, group = wording(course.language), course.groups[at]
    named = dict.fromkeys(course.sources[unit.section.source].title for unit in group)
    about = list(headings(group)) or [one.name for one in course.concepts[at][:3]] or list(named)
    whole = say.described.format(
        headings=listed(about[:_PARTS], course.language),
        sources=series([quoted(one, say) for one in named], say),
    )
    return whole[:1].upper() + whole[1:]


def _aims(course: Curriculum, at: int) -> list[str]:
    """Return the objectives of a lesson: the authors' own where they fit, then the guide's."""
    say = wording(course.language)
    found = [one.rstrip(".") for one, home in _own_aims(course) if home == at][:_OWN_AIMS]
    for kind, phrase in (("term", say.objective_terms), ("name", say.objective_names)):
        names = [f"**{one.name}**" for one in course.concepts[at] if one.kind == kind]
        if names:
            found.append(phrase.format(terms=series(names[:3], say)))
    for aim in _section_aims(course, at):
        if len(found) < _MOST_AIMS and aim not in found:
            found.append(aim)
    title = course.sources[course.groups[at][0].section.source].title
    return found[:_MOST_AIMS] or [say.objective_section.format(heading=quoted(title, say))]


def _section_aims(course: Curriculum, at: int) -> Iterator[str]:
    """Yield what can be learnt from each section by its form; summing up is said of few."""
    say = wording(course.language)
    summed = asked = 0
    for unit in course.groups[at]:
        heading = unit.section.heading
        named = quoted(heading, say)
        forms = {part.form for passage in unit.passages for part in passage.parts}
        if not heading:
            continue
        if "steps" in forms:
            yield say.objective_steps.format(heading=named)
        elif "table" in forms:
            yield say.objective_table.format(heading=named)
        elif _QUESTION.search(heading) and asked < _ENOUGH:
            asked += 1
            yield say.objective_question.format(heading=named)
        elif summed < _ENOUGH:
            summed += 1
            yield say.objective_section.format(heading=named)


def _own_aims(course: Curriculum) -> list[tuple[str, int]]:
    """Give each objective of a source to the lesson on that source that speaks of it most."""
    found = []
    texts = [stems(group, course.language) for group in course.groups]
    for number, source in enumerate(course.sources):
        homes = [
            at
            for at, group in enumerate(course.groups)
            if any(unit.section.source == number for unit in group)
        ]
        for aim in source.objectives:
            wanted = content_stems(aim, course.language)
            best = rank.home(wanted, [texts[at] for at in homes])
            if best is not None:
                found.append((aim[:1].upper() + aim[1:], homes[best]))
    return found
