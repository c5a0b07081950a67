"""The outline: what the course and its lessons are called, and what they promise."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from service.course.content import LessonPlan, Outline
from service.generation.offline.reading.language import content_stems
from service.generation.offline.reading.section import Section
from service.generation.offline.teaching import rank
from service.generation.offline.teaching.curriculum import Curriculum, defined
from service.generation.offline.teaching.plan import Group
from service.generation.offline.teaching.term import Term, pattern
from service.generation.offline.teaching.wording import quoted, series, wording

_LONGEST: Final = 72
_MOST_TERMS: Final = 6
_MOST_AIMS: Final = 5
_QUESTION: Final = re.compile(
    r"\?$|^(?:how|why|what|when|where|who|which|wie|warum|was|wann|wo|wer|comment|pourquoi|qu)\b",
    re.IGNORECASE,
)


def outline(course: Curriculum) -> Outline:
    """Return the outline of `course`."""
    topic = " ".join(course.brief.topic.split())
    titles: list[str] = []
    for group in course.groups:
        titles.append(_distinct(course, group, _title(course, group), titles))
    lessons = tuple(
        LessonPlan(title, _description(course, group), concepts(course, group), aims(course, at))
        for at, (title, group) in enumerate(zip(titles, course.groups, strict=True))
    )
    return Outline(topic[:1].upper() + topic[1:], lessons)


def _title(course: Curriculum, group: Group) -> str:
    """Name a lesson after the narrowest heading above all it teaches, or after its parts."""
    numbers = {unit.section.source for unit in group}
    if len(numbers) > 1:
        return _joined(course, [course.sources[n].title for n in sorted(numbers)])
    source = course.sources[numbers.pop()]
    mine = {unit.section.path for unit in group}
    if _covers(mine, source.body):
        return source.title
    top = _common([unit.section.path for unit in group])
    under = [one for one in source.body if one.path[: len(top)] == top]
    if top and (len(mine) == 1 or _covers(mine, under)):
        return top[-1]
    names = headings(group)
    if not names:
        return _by_terms(course, group) or source.title
    return _joined(course, names)


def _covers(mine: set[tuple[str, ...]], sections: Sequence[Section]) -> bool:
    """Tell whether a lesson has most of the words of `sections`."""
    whole = sum(one.words for one in sections)
    return sum(one.words for one in sections if one.path in mine) >= 0.8 * whole


def _common(paths: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    shared = 0
    while all(len(one) > shared and one[shared] == paths[0][shared] for one in paths):
        shared += 1
    return paths[0][:shared]


def headings(group: Group) -> tuple[str, ...]:
    """Return the headings a lesson goes through: the outermost that still tell its parts apart."""
    top = len(_common([unit.section.path for unit in group]))
    names = (
        unit.section.path[top] if len(unit.section.path) > top else unit.section.heading
        for unit in group
    )
    return tuple(name for name in dict.fromkeys(names) if name)


def _joined(course: Curriculum, names: Sequence[str]) -> str:
    say = wording(course.language)
    for some in (names[:3], names[:2]):
        plain = not any(f" {say.conjunction} " in one for one in some)
        whole = series(some, say) if plain else ", ".join(some)
        if len(names) == len(some) and len(whole) <= _LONGEST:
            return whole
    ends = f"{names[0]} {say.to} {names[-1]}"
    return (
        ends
        if len(ends) <= _LONGEST and not any("?" in one for one in (names[0], names[-1]))
        else names[0]
    )


def _by_terms(course: Curriculum, group: Group) -> str:
    names = concepts(course, group)[:2]
    whole = series(names, wording(course.language))
    return whole[:1].upper() + whole[1:]


def _distinct(course: Curriculum, group: Group, title: str, taken: Sequence[str]) -> str:
    """Tell a lesson from one before it of the same title by what it is about."""
    mine = {(unit.section.source, unit.section.path) for unit in group}
    others = {
        (unit.section.source, unit.section.path)
        for other in course.groups
        if other is not group
        for unit in other
    }
    if title not in taken and not (len(mine) == 1 and mine <= others):
        return title
    said = content_stems(title, course.language)
    fresh = [
        one
        for one in concepts(course, group)
        if not set(content_stems(one, course.language)) & set(said)
    ]
    while fresh:
        longer = f"{title}: {series(fresh[:2], wording(course.language))}"
        if longer not in taken and len(longer) <= _LONGEST + 20:
            return longer
        fresh = fresh[1:]
    return (
        title
        if title not in taken
        else f"{title} ({sum(one.startswith(title) for one in taken) + 1})"
    )


def _description(course: Curriculum, group: Group) -> str:
    say = wording(course.language)
    titles = dict.fromkeys(course.sources[unit.section.source].title for unit in group)
    about = headings(group) or concepts(course, group)[:3] or tuple(titles)
    whole = say.described.format(
        headings=series(about[:4], say), sources=series([quoted(one, say) for one in titles], say)
    )
    return whole[:1].upper() + whole[1:]


def concepts(course: Curriculum, group: Group) -> tuple[str, ...]:
    """Return the names of a lesson's terms in the order it brings them in.

    Those it defines are chosen first, then those it uses most.
    """
    text = "\n".join(
        one.plain for unit in group for passage in unit.passages for one in passage.sentences
    )
    uses = {
        one: [found.start() for found in pattern(one.name).finditer(text)] for one in course.terms
    }
    known = [one for one in defined(course, course.groups.index(group) + 1) if uses[one.term]]
    ranked = sorted(known, key=lambda one: -one.strength * one.term.weight)
    often = sorted(
        (one for one in course.terms if one.weight >= 1 and len(uses[one]) > 1),
        key=lambda one: -one.weight * min(len(uses[one]), 5),
    )
    chosen = [one for one in (*(one.term for one in ranked), *often) if one.kind != "code"]
    names = _unlike(dict.fromkeys(chosen), course.language)[:_MOST_TERMS]
    return tuple(one.name for one in sorted(names, key=lambda one: uses[one][0]))


def _unlike(found: Iterable[Term], language: str) -> list[Term]:
    """Leave out a term whose words another one before it already has."""
    kept: list[Term] = []
    seen: list[frozenset[str]] = []
    for one in found:
        stems = frozenset(content_stems(one.name, language))
        if stems and not any(stems <= other for other in seen):
            kept.append(one)
            seen.append(stems)
    return kept


def aims(course: Curriculum, at: int) -> tuple[str, ...]:
    """Return the objectives of lesson `at`: the authors' own where they fit, then the guide's."""
    say = wording(course.language)
    group = course.groups[at]
    found = [one for one, home in _own_aims(course) if home == at][: _MOST_AIMS - 1]
    names = [f"**{one}**" for one in concepts(course, group)[:3]]
    if names:
        found.append(say.objective_terms.format(terms=series(names, say)))
    for unit in group:
        heading, forms = (
            unit.section.heading,
            {part.form for one in unit.passages for part in one.parts},
        )
        if not heading:
            continue
        if "steps" in forms:
            found.append(say.objective_steps.format(heading=quoted(heading, say)))
        elif "table" in forms:
            found.append(say.objective_table.format(heading=quoted(heading, say)))
        elif _QUESTION.search(heading):
            found.append(say.objective_question.format(heading=quoted(heading, say)))
        elif len(found) < 3:  # noqa: PLR2004 - enough is said by then
            found.append(say.objective_section.format(heading=quoted(heading, say)))
    return tuple(list(dict.fromkeys(found))[:_MOST_AIMS])


def _own_aims(course: Curriculum) -> list[tuple[str, int]]:
    """Give each objective of a source to the lesson on that source that speaks of it most."""
    found = []
    for number, source in enumerate(course.sources):
        homes = [
            at
            for at, group in enumerate(course.groups)
            if any(unit.section.source == number for unit in group)
        ]
        for aim in source.objectives:
            wanted = content_stems(aim, course.language)
            scored = [(rank.weight(wanted, _group_stems(course, at)), -at) for at in homes]
            if scored and max(scored)[0] > 0:
                found.append((aim[:1].upper() + aim[1:], -max(scored)[1]))
    return found


def _group_stems(course: Curriculum, at: int) -> tuple[str, ...]:
    text = " ".join(
        one.plain
        for unit in course.groups[at]
        for passage in unit.passages
        for one in passage.sentences
    )
    return content_stems(text, course.language)
