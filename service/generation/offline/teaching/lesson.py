"""A lesson: what the sources say, in their order and words, framed as a guide for a learner."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from service.course.content import Citation, Lesson, Outline, Section
from service.generation.offline.reading.language import content_stems, words
from service.generation.offline.reading.readability import measure
from service.generation.offline.reading.sentence import Sentence, dangles
from service.generation.offline.teaching import check, question, rank, setting
from service.generation.offline.teaching.curriculum import Curriculum, defined
from service.generation.offline.teaching.definition import Definition
from service.generation.offline.teaching.outline import headings
from service.generation.offline.teaching.plan import Group, Unit
from service.generation.offline.teaching.wording import Wording, quoted, series, wording

_A_MINUTE: Final = 180  # words, read to learn
_MOST_TERMS: Final = 8
_MOST_WORTH: Final = 3
_MEMORABLE: Final = range(8, 31)  # words
_EACH: Final = 6  # one sentence worth remembering for so many read


def lesson(course: Curriculum, outline: Outline, number: int) -> Lesson:
    """Return lesson `number` of `course`, under the title that `outline` gave it."""
    plan, group = outline.lessons[number - 1], course.groups[number - 1]
    passages = [passage for unit in group for passage in unit.passages]
    known = defined(course, number)
    sections = [
        *_opening(course, outline, number, group),
        *_body(course, group),
        *_closing(course, outline, number, group, known),
    ]
    prose = " ".join(one.plain for passage in passages for one in passage.sentences)
    return Lesson(
        number,
        plan.title,
        plan.description,
        "\n\n".join(
            [f"# {plan.title}", *(f"## {one.heading}\n\n{one.markdown}" for one in sections)]
        )
        + "\n",
        tuple(sections),
        plan.key_concepts,
        plan.learning_objectives,
        tuple(_citations(course, group, number)),
        check.checks(question.Lesson(course, group, known)),
        measure(prose, course.language),
    )


def _opening(course: Curriculum, outline: Outline, number: int, group: Group) -> Iterator[Section]:
    say, plan = wording(course.language), outline.lessons[number - 1]
    names, parts = [f"**{one}**" for one in plan.key_concepts[:4]], headings(group)
    size = sum(unit.words for unit in group)
    told = [say.introduces.format(terms=series(names, say) or plan.title)]
    if len(parts) > 1:
        told.append(say.works_through.format(count=len(parts), headings="; ".join(parts)))
    if number > 1:
        before = quoted(outline.lessons[number - 2].title, say)
        told.append(say.builds_on.format(number=number - 1, title=before))
    told.append(say.minutes.format(minutes=max(round(size / _A_MINUTE), 1)))
    yield Section(say.about, " ".join(told))
    yield Section(say.learn, "\n".join(f"- {one}" for one in plan.learning_objectives))


def _body(course: Curriculum, group: Group) -> Iterator[Section]:
    """Yield the lesson's text: one section a heading of the source, said where it comes from."""
    say = wording(course.language)
    for _, run in groupby(group, key=lambda unit: (unit.section.source, unit.section.path)):
        own = list(run)
        source = course.sources[own[0].section.source]
        text = "\n\n".join(
            setting.set_passage(passage, source.material.text)
            for unit in own
            for passage in unit.passages
        )
        heading = own[0].section.heading or source.title
        where = f"*{say.taken_from.format(sources=_origin(course, own[0], say))}*"
        if own[0].continued:
            heading = say.continued.format(heading=heading)
        last = (
            own[-1] is group[-1]
            or group[group.index(own[-1]) + 1].section.source != own[-1].section.source
        )
        yield Section(heading, f"{text}\n\n{where}" if last else text)


def _origin(course: Curriculum, unit: Unit, say: Wording) -> str:
    source = course.sources[unit.section.source]
    return f"{quoted(source.title, say)}, {source.material.path}"


def _closing(
    course: Curriculum, outline: Outline, number: int, group: Group, found: Sequence[Definition]
) -> Iterator[Section]:
    say = wording(course.language)
    known = _known(found)
    if known:
        yield Section(say.terms, "\n".join(f"- **{one.term.name}**: {_said(one)}" for one in known))
    if worth := _worth(course, group, {one.sentence for one in known}):
        yield Section(say.worth, "\n>\n".join(f"> {one.shown}" for one in worth))
    yield Section(say.recap, _recap(course, outline, number, group, known))


def _known(found: Sequence[Definition]) -> list[Definition]:
    best = sorted(found, key=lambda one: -one.strength * one.term.weight)[:_MOST_TERMS]
    return [one for one in found if one in best]


def _said(one: Definition) -> str:
    """Return the defining sentence, without the term where the source has it as a label."""
    shown = one.sentence.shown
    label = re.match(rf"[*_]*{re.escape(one.term.name)}s?[*_]*:[*_]*\s+", shown, re.IGNORECASE)
    return shown[label.end() :] if label else shown


def _worth(course: Curriculum, group: Group, taken: set[Sentence]) -> list[Sentence]:
    """Return the sentences that say most of the whole, at most one a section, in their order."""
    found = [
        (at, one)
        for at, unit in enumerate(group)
        for passage in unit.passages
        for part in passage.parts
        if part.form == "prose"
        for one in part.sentences
    ]
    near = rank.centrality([one.plain for _, one in found], course.language)
    order = sorted(range(len(found)), key=lambda n: (-near[n], n))
    best: dict[int, int] = {}
    for n in order:
        at, one = found[n]
        if at not in best and one not in taken and _memorable(course, one):
            best[at] = n
    top = sorted(best.values(), key=lambda n: -near[n])[: min(_MOST_WORTH, len(found) // _EACH)]
    return [found[n][1] for n in sorted(top)]


def _memorable(course: Curriculum, one: Sentence) -> bool:
    return (
        len(words(one.plain)) in _MEMORABLE
        and not dangles(one, course.language)
        and not one.plain.endswith((":", "?"))
    )


def _recap(
    course: Curriculum, outline: Outline, number: int, group: Group, known: Sequence[Definition]
) -> str:
    say = wording(course.language)
    about = (
        headings(group)[:5]
        or outline.lessons[number - 1].key_concepts[:3]
        or (outline.lessons[number - 1].title,)
    )
    told = [say.been_through.format(headings=series(about, say))]
    names = [f"**{one.term.name}**" for one in known[:5]] or [
        f"**{one}**" for one in outline.lessons[number - 1].key_concepts[:3]
    ]
    if names:
        told.append(say.can_say.format(terms=series(names, say)))
    if number < len(outline.lessons):
        told.append(
            say.coming.format(number=number + 1, title=quoted(outline.lessons[number].title, say))
        )
    else:
        told.append(say.last)
    summary = _summary(course, number)
    said = (
        f"{say.in_short}\n\n" + "\n>\n".join(f"> {one.shown}" for _, one in summary)
        if summary
        else ""
    )
    return "\n\n".join(part for part in (" ".join(told[:1]), said, " ".join(told[1:])) if part)


def _summary(course: Curriculum, number: int) -> list[tuple[int, Sentence]]:
    """Return what the authors' own summary says of this lesson and of no other."""
    group = course.groups[number - 1]
    mine: list[tuple[int, Sentence]] = []
    for source in sorted({unit.section.source for unit in group}):
        homes = [
            at
            for at, other in enumerate(course.groups, 1)
            if any(unit.section.source == source for unit in other)
        ]
        for section in course.sources[source].summary:
            for passage in section.passages:
                for one in passage.sentences:
                    wanted = content_stems(one.plain, course.language)
                    best = max(
                        homes, key=lambda at: (rank.weight(wanted, _words_of(course, at)), -at)
                    )
                    if best == number and _memorable(course, one):
                        mine.append((source, one))
    return mine[:_MOST_WORTH]


def _words_of(course: Curriculum, number: int) -> tuple[str, ...]:
    plain = (
        one.plain
        for unit in course.groups[number - 1]
        for passage in unit.passages
        for one in passage.sentences
    )
    return content_stems(" ".join(plain), course.language)


def _citations(course: Curriculum, group: Group, number: int) -> Iterator[Citation]:
    found = [
        cited
        for unit in group
        for passage in unit.passages
        for cited in setting.citations(passage, course.sources[unit.section.source].material)
    ]
    found += [
        setting.cite(one, course.sources[source].material)
        for source, one in _summary(course, number)
    ]
    found += [
        setting.cite(one.sentence, course.sources[one.source].material)
        for one in course.entries[number - 1]
    ]
    yield from dict.fromkeys(found)
