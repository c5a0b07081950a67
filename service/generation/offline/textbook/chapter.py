"""A chapter: what the sources say, in their order and words, under their headings."""

import re
from collections.abc import Iterator
from itertools import chain, zip_longest

from service.course.content import LessonPlan, Outline
from service.generation.offline.teaching import draft as drafts
from service.generation.offline.teaching.body import cited, sections
from service.generation.offline.teaching.curriculum import Curriculum
from service.generation.offline.textbook.outline import lessons, points
from service.textbook.content import Draft, Plan
from service.textbook.length import FENCED
from service.textbook.section import same


def chapter(course: Curriculum, plan: Plan, number: int) -> Draft:
    """Return chapter `number` of the textbook, under the title that `plan` gave it."""
    title = plan.chapters[number - 1].title
    at = _place(course, plan, number)
    own = drafts.Draft(course, lessons(course), at + 1)
    return Draft(
        number,
        title,
        markdown(course, at, title),
        points(own),
        tuple(dict.fromkeys(cited(course, course.groups[at]))),
    )


def markdown(course: Curriculum, at: int, title: str) -> str:
    """Return the text of a chapter; a section that is called like it stands first, unnamed."""
    return "\n\n".join(_blocks(course, at, title)) + "\n"


def _blocks(course: Curriculum, at: int, title: str) -> Iterator[str]:
    parts = list(sections(course, course.groups[at]))
    if len(parts) == 1 and same(parts[0].heading, title):
        yield _raised(parts[0].markdown)
        return
    for one in parts:
        yield f"## {one.heading}"
        yield one.markdown


def _raised(text: str) -> str:
    """Return a section's text as it stands without the section's own heading."""
    fences = [one[0] for one in FENCED.finditer(text)]
    rest = [re.sub(r"^##(?=#+ )", "#", one, flags=re.MULTILINE) for one in FENCED.split(text)[::2]]
    return "".join(chain.from_iterable(zip_longest(rest, fences, fillvalue="")))


def _place(course: Curriculum, plan: Plan, number: int) -> int:
    """Return which part of the syllabus serves a chapter of `plan`.

    They go together one by one, unless sources have changed since, or another author planned:
    then each chapter takes what speaks most of its title and key points.
    """
    promised = tuple(
        LessonPlan(one.title, one.description, one.key_points, ()) for one in plan.chapters
    )
    return drafts.Draft(course, Outline(course.brief.topic, promised), number).at
