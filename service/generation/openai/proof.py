"""Proof-reading: what a model has written of a lesson becomes one once all of it holds."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

from service.course.content import Check, Citation, Lesson, LessonPlan, Section
from service.generation.gate import quiz, text
from service.generation.gate.fault import Fault, Misfit
from service.generation.offline.reading.markup import plain, shown
from service.generation.offline.reading.readability import measure
from service.generation.openai.excerpt import Excerpt
from service.generation.openai.lesson import (
    FEWEST_CHECKS,
    Evidence,
    WrittenCheck,
    WrittenLesson,
    WrittenSection,
)

FEWEST_WORDS: Final = 60
_LABEL: Final = re.compile(r"^(?:[A-Da-d]|[1-4])[).:]\s+")


class Page(Struct, frozen=True):
    """What a lesson is written for: its place in the outline, and what it was written from."""

    number: int
    plan: LessonPlan
    language: str
    excerpts: tuple[Excerpt, ...]


class _Proven(Struct, frozen=True):
    """A section or check with the citations that hold, and all that is wrong with it."""

    path: str
    cited: tuple[Citation, ...]
    faults: tuple[Fault, ...]
    unproven: tuple[Fault, ...] = ()


def proofread(written: WrittenLesson, page: Page, *, last: bool) -> Lesson:
    """Return the lesson. Raises `Misfit` with all faults.

    With `last`, quotes and checks that do not hold are left out where enough others do.
    """
    sections = [_section(at, one, page, last=last) for at, one in enumerate(written.sections)]
    checks = _checks(written.checks, page, last=last)
    sound = [at for at, one in enumerate(checks) if not one.faults]
    kept = sound if last and len(sound) >= FEWEST_CHECKS else range(len(checks))
    readable = measure(
        " ".join(text.prose(one.markdown) for one in written.sections), page.language
    )
    faults = [fault for one in sections for fault in (*one.faults, *one.unproven)]
    faults += [fault for at in kept for fault in checks[at].faults]
    if readable.words < FEWEST_WORDS:
        faults.append(Fault("$.sections", f"they have only {readable.words} words together"))
    if faults:
        raise Misfit(faults)
    made = tuple(
        _shown(one, proven.cited) for one, proven in zip(written.sections, sections, strict=True)
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


def cite(
    evidence: Evidence, path: str, excerpts: Sequence[Excerpt], *, last: bool
) -> Citation | Fault:
    """Return where the words stand, to the letter, or what is wrong with them.

    With `last`, words that stand in another source than was said are cited from there.
    """
    own = [one for one in excerpts if one.number == evidence.source]
    for one in (*own, *excerpts):
        if (span := one.located(evidence.quote)) is None:
            continue
        if one in own or last:
            start, end = span
            quote = one.text[start - one.start : end - one.start]
            return Citation(one.source_id, one.path, start, end, quote)
        return Fault(
            f"{path}.source",
            f"the quote does not stand in source {evidence.source} but in source {one.number}",
        )
    if not own:
        return Fault(f"{path}.source", f"there is no source {evidence.source}")
    return Fault(
        f"{path}.quote",
        f"these words do not stand in source {evidence.source}, or in any other: copy one whole"
        " sentence word for word",
    )


def _section(at: int, one: WrittenSection, page: Page, *, last: bool) -> _Proven:
    path = f"$.sections[{at}]"
    faults = _said(f"{path}.heading", [one.heading]) + _said(f"{path}.markdown", [one.markdown])
    found = [
        cite(each, f"{path}.evidence[{n}]", page.excerpts, last=last)
        for n, each in enumerate(one.evidence)
    ]
    cited = tuple(each for each in found if isinstance(each, Citation))
    unproven = tuple(each for each in found if isinstance(each, Fault))
    return _Proven(path, cited, faults, () if last and cited else unproven)


def _checks(written: Sequence[WrittenCheck], page: Page, *, last: bool) -> list[_Proven]:
    asked, proven = set[str](), list[_Proven]()
    for at, one in enumerate(written):
        path = f"$.checks[{at}]"
        faults = _said(path, [one.question, one.answer, *one.wrong_answers, one.explanation])
        faults += tuple(Fault(path, said) for said in quiz.faults(_check(one, ())))
        if one.question.casefold() in asked:
            faults += (Fault(f"{path}.question", "another check asks the same"),)
        asked.add(one.question.casefold())
        found = cite(one.evidence, f"{path}.evidence", page.excerpts, last=last)
        cited = (found,) if isinstance(found, Citation) else ()
        faults += (found,) if isinstance(found, Fault) else ()
        proven.append(_Proven(path, cited, faults))
    return proven


def _said(path: str, texts: Iterable[str]) -> tuple[Fault, ...]:
    return tuple(Fault(path, said) for one in texts for said in text.faults(one))


def _check(one: WrittenCheck, cited: tuple[Citation, ...]) -> Check:
    """Return the check with its options in an order that only their words decide."""
    question = _line(one.question)
    options = [_line(option) for option in (one.answer, *one.wrong_answers)]
    if all(_LABEL.match(option) for option in options):
        options = [_LABEL.sub("", option) for option in options]
    explanation = _line(one.explanation)
    for each in cited:
        explanation = f"{explanation} “{plain(shown(each.quote))}” ({each.path})"
    return Check(question, options[0], quiz.arranged(question, options), explanation)


def _line(words: str) -> str:
    return " ".join(words.split())


def _shown(one: WrittenSection, cited: tuple[Citation, ...]) -> Section:
    """Return the section with its quotes below it, those that it does not hold anyway."""
    heading = _line(one.heading).lstrip("# ")
    blocks = [text.below(one.markdown, heading)]
    blocks += [
        f"> {_line(each.quote)}\n>\n> — *{each.path}*"
        for each in dict.fromkeys(cited)
        if _line(each.quote) not in _line(one.markdown)
    ]
    return Section(heading, "\n\n".join(blocks))


def _page(title: str, sections: Sequence[Section]) -> str:
    parts = [f"# {title}", *(f"## {one.heading}\n\n{one.markdown}" for one in sections)]
    return "\n\n".join(parts) + "\n"
