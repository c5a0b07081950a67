"""Aims: what a learner can do after a lesson, each named after something the text really does."""

import re
from collections.abc import Iterator
from itertools import zip_longest
from typing import Final

from service.generation.offline.reading.language import content_stems, primary, words
from service.generation.offline.teaching import rank
from service.generation.offline.teaching.curriculum import Curriculum
from service.generation.offline.teaching.definition import LABEL, TOLD
from service.generation.offline.teaching.distractor import kin
from service.generation.offline.teaching.phrase import lowered
from service.generation.offline.teaching.plan import Group, stems
from service.generation.offline.teaching.reason import reasons
from service.generation.offline.teaching.term import LABELS
from service.generation.offline.teaching.wording import quoted, series, wording

_MOST: Final = 5
_MOST_OWN: Final = 4
_MOST_ALIKE: Final = 2
_TOGETHER: Final = 3
_AUTHORS: Final = 2.0  # the weight of what an author stresses
_HEADED: Final = 4  # a word of a heading counts as so many more
_NAMED: Final = range(3, 7)
_ERA: Final = 50  # years that one account spans
_QUESTION: Final = re.compile(
    r"(?P<how>how|why)\b|(?P<what>what|when|where|who|which)\b", re.IGNORECASE
)
_YEAR: Final = re.compile(r"(?<![\d.,-])(?:1[0-9]{3}|20[0-9]{2})(?![\d.,-]*\d)(?!s)")


def aims(course: Curriculum, at: int) -> list[str]:
    """Return three to five objectives: the authors' own where they fit, then the guide's."""
    own = [one.rstrip(".") for one, home in _own(course) if home == at][:_MOST_OWN]
    kinds = (
        _terms(course, at),
        _reasons(course, at),
        _orders(course, at),
        _points(course, at),
        _pairs(course, at),
        _questions(course, at),
        _names(course, at),
        _sections(course, at),
        _stressed(course, at),
    )
    found = dict.fromkeys(own)
    for one in (aim for row in zip_longest(*kinds) for aim in row):
        twice = one is not None and any(_same(one, other) for other in found)
        if one and not twice and len(found) < _MOST:
            found.setdefault(one)
    title = course.sources[course.groups[at][0].section.source].title
    say = wording(course.language)
    return list(found) or [say.objective_section.format(heading=quoted(title, say))]


def _same(one: str, other: str) -> bool:
    """Tell whether two objectives ask for one order of steps."""
    return "order" in words(one) and "order" in words(other)


def _own(course: Curriculum) -> list[tuple[str, int]]:
    """Give each objective of a source to the lesson it fits; they follow the text in order."""
    found: list[tuple[str, int]] = []
    texts = [
        stems(group, course.language) + _HEADED * _headed(group, course.language)
        for group in course.groups
    ]
    for number, source in enumerate(course.sources):
        homes = [
            at
            for at, group in enumerate(course.groups)
            if any(unit.section.source == number for unit in group)
        ]
        told = [aim.partition(" ")[2] for aim in source.objectives]  # the verb is no subject
        wanted = [content_stems(aim, course.language) for aim in told]
        best = rank.aligned(wanted, [texts[at] for at in homes])
        found += [
            (aim, homes[place])
            for aim, place in zip(source.objectives, best, strict=True)
            if place is not None
        ]
    return found


def _headed(group: Group, language: str) -> tuple[str, ...]:
    names = dict.fromkeys(name for unit in group for name in unit.section.path)
    return content_stems(" ".join(names), language)


def _terms(course: Curriculum, at: int) -> Iterator[str]:
    """Yield one objective on the terms that the lesson defines."""
    say = wording(course.language)
    defined = {one.term for one in course.definitions[at] if one.strength >= TOLD}
    names = [f"**{one.name}**" for one in course.concepts[at] if one in defined][:_TOGETHER]
    if names:
        yield say.objective_terms.format(terms=series(names, say))


def _reasons(course: Curriculum, at: int) -> Iterator[str]:
    """Yield what the text gives reasons for; German clauses would need another word order."""
    say = wording(course.language)
    if primary(course.language) != "en":
        return
    prose = [one for unit in course.groups[at] for one in unit.sentences]
    seen = "\n".join(one.plain for one in prose)
    for one in reasons(prose, course.language)[:_MOST_ALIKE]:
        yield say.objective_why.format(effect=lowered(one.effect, seen, course.language))


def _orders(course: Curriculum, at: int) -> Iterator[str]:
    """Yield objectives on numbered steps, tables and dates."""
    say = wording(course.language)
    for unit in course.groups[at]:
        heading = quoted(unit.section.heading, say)
        forms = {part.form for passage in unit.passages for part in passage.parts}
        years = {year for one in unit.sentences for year in _YEAR.findall(one.plain)}
        if "steps" in forms and unit.section.heading:
            yield say.objective_steps.format(heading=heading)
        elif "table" in forms and unit.section.heading:
            yield say.objective_table.format(heading=heading)
        elif len(years) in _NAMED and int(max(years)) - int(min(years)) < _ERA:
            yield say.objective_years.format(years=series(sorted(years), say))


def _points(course: Curriculum, at: int) -> Iterator[str]:
    """Yield one objective on a list whose items have names."""
    say = wording(course.language)
    defined = {one.term.name.lower() for one in course.definitions[at] if one.strength >= LABEL}
    for unit in course.groups[at]:
        for part in unit.lists:
            names = part.labels
            known = {*defined, *LABELS}
            fresh = [name for name in names if name.lower() not in known]
            if unit.section.heading and len(names) in _NAMED and len(fresh) == len(names):
                heading = quoted(unit.section.heading, say)
                yield say.objective_points.format(heading=heading, names=series(names, say))
                return


def _pairs(course: Curriculum, at: int) -> Iterator[str]:
    """Yield one objective on two or three terms that are easily taken for each other."""
    say = wording(course.language)
    found = [one.term for one in course.definitions[at] if one.term.weight >= _AUTHORS]
    for one in found:
        alike = [other for other in found if other == one or kin(one, other)][:3]
        if len(alike) > 1:
            names = [f"**{other.name}**" for other in alike]
            yield say.objective_apart.format(terms=series(names, say))
            return


def _questions(course: Curriculum, at: int) -> Iterator[str]:
    """Yield the questions that headings ask, in words or with their mark."""
    say = wording(course.language)
    found = [unit.section.heading for unit in course.groups[at] if not unit.continued]
    asked = 0
    for heading in dict.fromkeys(found):
        match = _QUESTION.match(heading) if primary(course.language) == "en" else None
        if asked == _MOST_ALIKE:
            return
        if heading.endswith("?"):
            asked += 1
            yield say.objective_question.format(heading=quoted(heading, say))
        elif match:
            asked += 1
            phrase = say.objective_how if match["how"] else say.objective_what
            yield phrase.format(heading=heading[:1].lower() + heading[1:])


def _names(course: Curriculum, at: int) -> Iterator[str]:
    say = wording(course.language)
    names = [f"**{one.name}**" for one in course.concepts[at] if one.kind == "name"]
    if names:
        yield say.objective_names.format(terms=series(names[:3], say))


def _stressed(course: Curriculum, at: int) -> Iterator[str]:
    """Yield one objective on terms that the lesson brings in without saying what they mean."""
    say = wording(course.language)
    defined = {one.term for one in course.definitions[at] if one.strength >= TOLD}
    found = [one for one in course.concepts[at] if one not in defined and one.kind == "term"]
    if found:
        names = [f"**{one.name}**" for one in found[:_TOGETHER]]
        yield say.objective_about.format(terms=series(names, say))


def _sections(course: Curriculum, at: int) -> Iterator[str]:
    """Yield the last resort: to tell what stands under a heading."""
    say, group = wording(course.language), course.groups[at]
    seen = "\n".join(one.plain for unit in group for one in unit.sentences)
    found = dict.fromkeys(unit.section.heading for unit in group if unit.words > 40)  # noqa: PLR2004
    plain = [one for one in found if one and not _QUESTION.match(one) and "?" not in one]
    for heading, phrase in zip(
        plain, (say.objective_describe, say.objective_section), strict=False
    ):
        low = lowered(heading, seen, course.language)
        common = low != heading and ":" not in low and len(words(low)) > 1
        whole = low.startswith(("the ", "a ", "an ")) or low == low.lower()
        if phrase == say.objective_describe and common and whole:
            yield phrase.format(heading=low)
        else:
            yield say.objective_section.format(heading=quoted(heading, say))
