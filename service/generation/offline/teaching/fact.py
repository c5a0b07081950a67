"""Questions on facts: the order of steps, the points of a list, cells of a table, years."""
# ruff: noqa: RUF001 - typography is meant

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from service.course.content import Check
from service.generation.offline.reading.language import words
from service.generation.offline.reading.section import Form, Part
from service.generation.offline.reading.sentence import quotable
from service.generation.offline.teaching.curriculum import Curriculum
from service.generation.offline.teaching.distractor import close
from service.generation.offline.teaching.draft import Draft
from service.generation.offline.teaching.option import GAP, made, self_standing
from service.generation.offline.teaching.term import LABELS
from service.generation.offline.teaching.wording import wording

_STEP: Final = 16  # words
_RATIO: Final = 3.0
_YEAR: Final = re.compile(r"(?<![\d.,-])(1[0-9]{3}|20[0-9]{2})(?![\d.,-]*\d)(?!s)")
_CELL: Final = re.compile(r"(?<!\\)\|")


def steps(draft: Draft) -> Iterator[Check]:
    """Ask what follows a step, in lists the author numbered."""
    say = wording(draft.course.language)
    for at, part in _parts(draft, "steps"):
        heading = draft.group[at].section.heading
        top = [
            one.plain for one, depth in zip(part.sentences, part.depths, strict=True) if not depth
        ]
        short = [one.split(". ")[0].split(": ")[0].rstrip(".") for one in top]
        if (
            not heading
            or len(set(short)) < len(short)
            or any(len(words(one)) > _STEP for one in short)
        ):
            continue
        for here, (step, following) in enumerate(pairwise(short)):
            others = [one for n, one in enumerate(short) if n not in (here, here + 1)]
            question = say.ask_next.format(heading=heading, step=step)
            if check := made(
                question, following, others, say.because_steps.format(steps="; ".join(short))
            ):
                yield check


def _parts(draft: Draft, form: Form) -> list[tuple[int, Part]]:
    """Return every part of a form, with the number of the unit it stands in."""
    return [
        (at, part)
        for at, unit in enumerate(draft.group)
        for passage in unit.passages
        for part in passage.parts
        if part.form == form
    ]


def points(draft: Draft) -> Iterator[Check]:
    """Ask which name stands in a list, names that stand elsewhere in the course beside it."""
    say, course = draft.say, draft.course
    everywhere = [(unit, part) for group in course.groups for unit in group for part in unit.lists]
    for at, part in [*_parts(draft, "list"), *_parts(draft, "steps")]:
        unit, names = draft.group[at], part.labels
        here = "\n".join(one.plain.lower() for one in unit.sentences)
        others = [
            name
            for other, elsewhere in everywhere
            if other.section != unit.section
            for name in elsewhere.labels
            if name.lower() not in here and name.lower() not in LABELS
        ]
        if not unit.section.heading or not {name.lower() for name in names} - LABELS:
            continue
        question = say.ask_listed.format(heading=unit.section.heading)
        reason = say.because_listed.format(names=", ".join(names))
        key = next(name for name in reversed(names) if name.lower() not in LABELS)
        near = close(key, list(dict.fromkeys(others)), _RATIO)
        if check := made(question, key, near, reason):
            yield check


def tables(draft: Draft) -> Iterator[Check]:
    """Ask which cell belongs to a row of a table, the other cells of its column beside it."""
    for at, part in _parts(draft, "table"):
        section = draft.group[at].section
        text = draft.course.sources[section.source].material.text
        rows = [_cells(line) for line in text[part.start : part.end].split("\n")]
        body = [row for row in rows[2:] if len(row) == len(rows[0])]
        if section.heading:
            for column in range(1, len(rows[0])):
                yield from _column(
                    section.heading, rows[0][column], body, column, draft.course.language
                )


def _column(
    heading: str, name: str, body: Sequence[Sequence[str]], column: int, language: str
) -> Iterator[Check]:
    say = wording(language)
    cells = [row[column] for row in body]
    if not name or not all(cells) or len(set(cells)) < len(cells):
        return
    for row in body:
        others = close(row[column], [one for one in cells if one != row[column]], _RATIO)
        question = say.ask_table.format(heading=heading, column=name, row=row[0])
        reason = say.because_table.format(row=" – ".join(row))
        if row[0] and (check := made(question, row[column], others, reason)):
            yield check


def _cells(line: str) -> list[str]:
    return [re.sub(r"[*_`]", "", cell).strip() for cell in _CELL.split(line.strip().strip("|"))]


def years(draft: Draft) -> Iterator[Check]:
    """Ask for the year missing from a sentence, other years of the course beside it."""
    say, language = wording(draft.course.language), draft.course.language
    known = _all_years(draft.course)
    for one in [one for _, one in draft.prose]:
        found = _YEAR.findall(one.plain)
        alone = self_standing(one, language) and quotable(one, language)
        if len(found) != 1 or not alone:
            continue
        year = int(found[0])
        near = sorted((other for other in known if other != year), key=lambda n: (abs(n - year), n))
        question = say.ask_year.format(sentence=_YEAR.sub(GAP, one.plain))
        if check := made(
            question, found[0], [str(n) for n in near], say.because.format(sentence=one.plain)
        ):
            yield check


def _all_years(course: Curriculum) -> list[int]:
    passages = (passage for group in course.groups for unit in group for passage in unit.passages)
    plain = (one.plain for passage in passages for one in passage.sentences)
    return sorted({int(year) for text in plain for year in _YEAR.findall(text)})
