"""Proof-reading: what a model has written of a lesson becomes one once all of it holds."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from service.course.content import Check, Citation, Lesson, LessonPlan, Section
from service.generation.gate import quiz, text
from service.generation.gate.fault import Fault, Misfit
from service.generation.offline.reading.markup import plain
from service.generation.offline.reading.markup import shown as seen
from service.generation.offline.reading.readability import measure
from service.generation.openai.excerpt import Excerpt
from service.generation.openai.lesson import FEWEST_CHECKS, WrittenCheck, WrittenLesson
from service.generation.openai.option import options
from service.generation.openai.section import Proven, cite, line, proven, said, shown

FEWEST_WORDS: Final = 60


class Page(Struct, frozen=True):
    """What a lesson is written for: its place in the outline, and what it was written from."""

    number: int
    plan: LessonPlan
    language: str
    excerpts: tuple[Excerpt, ...]


def proofread(written: WrittenLesson, page: Page, *, last: bool) -> Lesson:
    """Return the lesson. Raises `Misfit` with all faults.

    With `last`, quotes and checks that do not hold are left out where enough others do.
    """
    sections = [
        proven(one, f"$.sections[{at}]", page.excerpts, last=last)
        for at, one in enumerate(written.sections)
    ]
    checks = _checks(written.checks, page, last=last)
    sound = [at for at, one in enumerate(checks) if not one.faults]
    kept = sound if last and len(sound) >= FEWEST_CHECKS else range(len(checks))
    readable = measure(
        " ".join(text.prose(one.markdown) for one in written.sections), page.language
    )
    faults = [fault for one in sections for fault in one.faults]
    faults += [fault for at in kept for fault in checks[at].faults]
    if readable.words < FEWEST_WORDS:
        faults.append(Fault("$.sections", f"they have only {readable.words} words together"))
    if faults:
        raise Misfit(faults)
    made = tuple(
        shown(one, holding.cited) for one, holding in zip(written.sections, sections, strict=True)
    )
    cited = [*sections, *(checks[at] for at in kept)]
    return Lesson(
        page.number,
        page.plan.title,
        page.plan.description,
        _page(page.plan.title, made),
        made,
        page.plan.key_concepts,
        page.plan.learning_objectives,
        tuple(dict.fromkeys(citation for one in cited for citation in one.cited)),
        tuple(_check(written.checks[at], checks[at].cited) for at in kept),
        readable,
    )


def _checks(written: Sequence[WrittenCheck], page: Page, *, last: bool) -> list[Proven]:
    asked, holding = set[str](), list[Proven]()
    for at, one in enumerate(written):
        path = f"$.checks[{at}]"
        faults = said(path, [one.question, one.answer, *one.wrong_answers, one.explanation])
        faults += tuple(Fault(path, what) for what in quiz.faults(_check(one, ())))
        if one.question.casefold() in asked:
            faults += (Fault(f"{path}.question", "another check asks the same"),)
        asked.add(one.question.casefold())
        found = cite(one.evidence, f"{path}.evidence", page.excerpts, last=last)
        cited = (found,) if isinstance(found, Citation) else ()
        faults += (found,) if isinstance(found, Fault) else ()
        holding.append(Proven(cited, faults))
    return holding


def _check(one: WrittenCheck, cited: tuple[Citation, ...]) -> Check:
    """Return the check with its options in an order that only their words decide."""
    question = line(one.question)
    answer, among = options(question, one.answer, one.wrong_answers)
    explanation = line(one.explanation)
    for each in cited:
        explanation = f"{explanation} “{plain(seen(each.quote))}” ({each.path})"
    return Check(question, answer, among, explanation)


def _page(title: str, sections: Sequence[Section]) -> str:
    parts = [f"# {title}", *(f"## {one.heading}\n\n{one.markdown}" for one in sections)]
    return "\n\n".join(parts) + "\n"
