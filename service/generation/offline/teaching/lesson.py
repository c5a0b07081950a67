"""A lesson: what the sources say, in their order and words, framed as a guide for a learner."""

from collections.abc import Iterator, Sequence
from typing import Final

from service.course.content import Check, Citation, Lesson, Outline, Section
from service.generation.offline.reading.readability import measure
from service.generation.offline.teaching import check, setting
from service.generation.offline.teaching.body import cited, sections
from service.generation.offline.teaching.closing import closing, key_terms, summary
from service.generation.offline.teaching.curriculum import Curriculum
from service.generation.offline.teaching.definition import PLAIN
from service.generation.offline.teaching.draft import Draft
from service.generation.offline.teaching.term import pattern
from service.generation.offline.teaching.title import headings
from service.generation.offline.teaching.wording import quoted, series

_A_MINUTE: Final = 180  # words, read to learn
_NAMED: Final = 4
_MET: Final = 3


def lesson(course: Curriculum, outline: Outline, number: int) -> Lesson:
    """Return lesson `number` of `course`, under the title that `outline` gave it."""
    draft = Draft(course, outline, number)
    plan = draft.plan
    asked = check.checks(draft)
    parts = (*_opening(draft), *sections(draft.course, draft.group), *closing(draft))
    text = [f"# {plan.title}", *(f"## {one.heading}\n\n{one.markdown}" for one in parts)]
    prose = " ".join(one.plain for unit in draft.group for one in unit.sentences)
    return Lesson(
        number,
        plan.title,
        plan.description,
        "\n\n".join(text) + "\n",
        parts,
        plan.key_concepts,
        plan.learning_objectives,
        tuple(dict.fromkeys(_citations(draft, asked))),
        asked,
        measure(prose, course.language),
    )


def _opening(draft: Draft) -> Iterator[Section]:
    say, plan, parts = draft.say, draft.plan, list(headings(draft.group))
    names = [f"**{one}**" for one in plan.key_concepts[:_NAMED]]
    told = [say.introduces.format(terms=series(names, say) or quoted(plan.title, say))]
    if len(parts) > 1:
        named = series([quoted(one, say) for one in parts], say)
        told.append(say.works_through.format(headings=named))
    if draft.number > 1:
        before = quoted(draft.outline.lessons[draft.number - 2].title, say)
        told.append(say.builds_on.format(number=draft.number - 1, title=before))
    if met := _met(draft):
        told.append(say.met.format(terms=series([f"**{one}**" for one in met], say)))
    size = sum(unit.words for unit in draft.group)
    told.append(say.minutes.format(minutes=max(round(size / _A_MINUTE), 1)))
    yield Section(say.about, " ".join(told))
    yield Section(say.learn, "\n".join(f"- {one}" for one in plan.learning_objectives))


def _met(draft: Draft) -> list[str]:
    """Return terms that lessons before this one define and this one uses most."""
    earlier = draft.course.definitions[: draft.at]
    known = dict.fromkeys(one.term for own in earlier for one in own if one.strength >= PLAIN)
    text = "\n".join(one.plain for unit in draft.group for one in unit.sentences)
    mine = {one.term for one in draft.definitions}
    uses = {one: len(pattern(one.name).findall(text)) for one in known if one not in mine}
    often = sorted((one for one in uses if uses[one] > 1), key=lambda one: -uses[one])
    return [one.name for one in often[:_MET]]


def _citations(draft: Draft, asked: Sequence[Check]) -> Iterator[Citation]:
    """Yield the source of every sentence, list item, table and code block that the lesson shows.

    Entries of a glossary are cited where they are set apart as key terms, or where a check answers
    with them.
    """
    sources = [one.material for one in draft.course.sources]
    yield from cited(draft.course, draft.group)
    for number, one in summary(draft):
        yield setting.cite(one, sources[number])
    shown = key_terms(draft)
    reasons = {one.explanation for one in asked}
    for known in draft.definitions:
        if known.source >= 0 and (known in shown or draft.reason(known) in reasons):
            yield setting.cite(known.sentence, sources[known.source])
