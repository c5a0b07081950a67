"""What a textbook promises: its chapters, what they are about, and their main points."""

from typing import Final

from service.course.content import LessonPlan, Outline
from service.generation.offline.reading.markup import plain
from service.generation.offline.reading.sentence import Sentence
from service.generation.offline.teaching.curriculum import Curriculum
from service.generation.offline.teaching.draft import Draft
from service.generation.offline.teaching.title import headings, titles
from service.generation.offline.teaching.wording import quoted, series, wording
from service.generation.offline.textbook.saying import saying
from service.generation.offline.textbook.telling import telling
from service.textbook.content import ChapterPlan, Plan

_PARTS: Final = 4
_POINTS: Final = 4


def plan(course: Curriculum) -> Plan:
    """Return the plan of the textbook that `course` is the syllabus of."""
    outline = lessons(course)
    return Plan(
        tuple(
            ChapterPlan(one.title, one.description, points(Draft(course, outline, number)))
            for number, one in enumerate(outline.lessons, 1)
        )
    )


def lessons(course: Curriculum) -> Outline:
    """Return the chapters as the lessons of a course, which questions are asked about.

    What they are called is words alone; a heading of the text keeps its Markdown.
    """
    return Outline(
        course.brief.topic,
        tuple(
            LessonPlan(
                plain(title),
                _description(course, at, title),
                tuple(one.name for one in course.concepts[at]),
                (),
            )
            for at, title in enumerate(titles(course))
        ),
    )


def points(draft: Draft) -> tuple[str, ...]:
    """Return a chapter's main points: of each of its sections the sentence that says most."""
    return tuple(one.plain for one in main(draft))


def main(draft: Draft) -> list[Sentence]:
    """Return the sentences that say most of a chapter, from different sections, in its order."""
    return telling(draft, _POINTS, without=frozenset())


def _description(course: Curriculum, at: int, title: str) -> str:
    """Say in a sentence what a chapter goes through and where it is from."""
    say, own, group = wording(course.language), saying(course.language), course.groups[at]
    named = dict.fromkeys(course.sources[unit.section.source].title for unit in group)
    sources = series([quoted(one, say) for one in named], say)
    parts = [one for one in headings(group) if one not in named and one != title][:_PARTS]
    if not parts:
        return own.described_whole.format(sources=sources)
    return own.described.format(
        parts=series([quoted(plain(one), say) for one in parts], say), sources=sources
    )
