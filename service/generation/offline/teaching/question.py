"""Kinds of questions: on meanings, gaps, steps, tables and years, and in the reader's own words."""
# ruff: noqa: RUF001 - typography is meant

import re
from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import pairwise
from typing import Final

from service.course.content import Check
from service.generation.offline.reading.language import content_stems, words
from service.generation.offline.reading.section import Form, Part
from service.generation.offline.reading.sentence import Sentence, dangles, lacks_subject
from service.generation.offline.teaching.curriculum import Curriculum
from service.generation.offline.teaching.definition import LABEL, PLAIN, Definition, goes_on
from service.generation.offline.teaching.distractor import Gap, close, siblings
from service.generation.offline.teaching.draft import Draft
from service.generation.offline.teaching.term import Term, pattern
from service.generation.offline.teaching.wording import wording

GAP: Final = "_____"
_OPTIONS: Final = 4
_RATIO: Final = 1.5
_STEM: Final = range(7, 37)  # words of a sentence that can be asked about
_MEANING: Final = range(3, 27)
_STEP: Final = 16
_YEAR: Final = re.compile(r"(?<![\d.,-])(1[0-9]{3}|20[0-9]{2})(?![\d.,-]*\d)(?!s)")
_CELL: Final = re.compile(r"(?<!\\)\|")
_GOES_BEFORE: Final = re.compile(r"[A-ZÀ-Þ]\w+(?: of(?: the)?)? $")
_ARTICLE: Final = re.compile(r"\b([Aa])n? $")


def _parts(draft: Draft, form: Form) -> list[tuple[int, Part]]:
    """Return every part of a form, with the number of the unit it stands in."""
    return [
        (at, part)
        for at, unit in enumerate(draft.group)
        for passage in unit.passages
        for part in passage.parts
        if part.form == form
    ]


def _made(question: str, key: str, others: Sequence[str], reason: str) -> Check | None:
    """Return a check with its options in an order that only its own words decide."""
    options = [key, *others[: _OPTIONS - 1]]
    if len(options) < _OPTIONS or len({one.casefold() for one in options}) < len(options):
        return None
    options.sort(key=lambda one: sha256(f"{question}|{one}".encode()).digest())
    return Check(question, key, tuple(options), reason)


def _self_standing(one: Sentence, language: str) -> bool:
    askable = len(words(one.plain)) in _STEM and not one.plain.endswith((":", "?", ")"))
    return askable and not dangles(one, language) and not lacks_subject(one)


def meanings(draft: Draft) -> Iterator[Check]:
    """Ask which of several meanings the text gives to a term: "X is …"."""
    say, language = wording(draft.course.language), draft.course.language
    known = [
        one
        for one in _everywhere(draft)
        if one.strength >= PLAIN and len(words(one.meaning)) in _MEANING
    ]
    mine = [one for one in known if one in draft.definitions]
    for one in sorted(mine, key=lambda one: -one.strength):
        if _names(one.term, one.meaning, language):
            continue
        others = [
            other.meaning
            for other in known
            if other.term != one.term
            and not _names(one.term, other.meaning, language)
            and not _names(other.term, other.meaning, language)
        ]
        question, reason = (
            say.ask_meaning.format(term=one.term.name),
            say.because.format(sentence=one.sentence.plain),
        )
        if check := _made(question, one.meaning, close(one.meaning, others, _RATIO), reason):
            yield check


def _names(term: Term, text: str, language: str) -> bool:
    """Tell whether `text` has a word of the term, which would give it away."""
    return bool(set(content_stems(term.name, language)) & set(content_stems(text, language)))


def _everywhere(draft: Draft) -> list[Definition]:
    """Return the lesson's definitions and then those of the other lessons, to be told apart."""
    course = draft.course
    found = [one for own in (draft.definitions, *course.definitions) for one in own]
    return list({one.term: one for one in reversed(found)}.values())[::-1]


def gaps(draft: Draft) -> Iterator[Check]:
    """Ask for the term missing from a sentence, its definition first."""
    sentences = [one for _, one in draft.prose]
    best = sorted(draft.definitions, key=lambda one: -one.strength)
    for label in best:
        if label.strength >= LABEL and (check := _label(draft, label)):
            yield check
    pairs = [(one.term, one.sentence) for one in best]
    pairs += [
        (term, one)
        for term in draft.course.terms
        for one in sentences
        if term.name.lower() in one.plain.lower()
    ]
    here = "\n".join(one.plain for one in sentences)
    seen: set[Term] = set()
    for term, one in pairs:
        if term not in seen and (check := _gap(draft, term, one, here)):
            seen.add(term)
            yield check


def _label(draft: Draft, one: Definition) -> Check | None:
    """Ask which term a meaning belongs to, where the text has the term as a label before it."""
    language, say = draft.course.language, draft.say
    if _names(one.term, one.meaning, language) or len(words(one.meaning)) not in _STEM:
        return None
    here = "\n".join(sentence.plain for _, sentence in draft.prose)
    others = siblings(Gap(one.term, one.term.name, one.meaning, here), draft.course.terms, language)
    question = say.ask_term.format(meaning=one.meaning)
    return _made(
        question,
        one.term.name,
        others,
        say.because_term.format(term=one.term.name, meaning=one.meaning),
    )


def _gap(draft: Draft, term: Term, one: Sentence, here: str) -> Check | None:
    language = draft.course.language
    found = list(pattern(term.name).finditer(one.plain))
    if len(found) != 1 or not _self_standing(one, language):
        return None
    start, end = found[0].span()
    before, key = one.plain[:start], one.plain[start:end]
    named = term.name[0].isupper() and (goes_on(one.plain[end:]) or _GOES_BEFORE.search(before))
    if named and language != "de":
        return None
    if language == "de" and key[0].isupper() != term.name[0].isupper():
        return None
    before = _ARTICLE.sub(r"\1(n) ", before) if language == "en" else before
    if _names(term, f"{before} {one.plain[end:]}", language):
        return None
    say = wording(language)
    key = key.lower() if term.name.islower() else key
    others = siblings(Gap(term, key, one.plain, here), draft.course.terms, language)
    question = say.ask_gap.format(sentence=f"{before}{GAP}{one.plain[end:]}")
    return _made(question, key, others, say.because.format(sentence=one.plain))


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
            if check := _made(
                question, following, others, say.because_steps.format(steps="; ".join(short))
            ):
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
        others = close(row[column], [one for one in cells if one != row[column]], 2 * _RATIO)
        question = say.ask_table.format(heading=heading, column=name, row=row[0])
        reason = say.because_table.format(row=" – ".join(row))
        if row[0] and (check := _made(question, row[column], others, reason)):
            yield check


def _cells(line: str) -> list[str]:
    return [re.sub(r"[*_`]", "", cell).strip() for cell in _CELL.split(line.strip().strip("|"))]


def years(draft: Draft) -> Iterator[Check]:
    """Ask for the year missing from a sentence, other years of the course beside it."""
    say, language = wording(draft.course.language), draft.course.language
    known = _all_years(draft.course)
    for one in [one for _, one in draft.prose]:
        found = _YEAR.findall(one.plain)
        if len(found) != 1 or not _self_standing(one, language):
            continue
        year = int(found[0])
        near = sorted((other for other in known if other != year), key=lambda n: (abs(n - year), n))
        question = say.ask_year.format(sentence=_YEAR.sub(GAP, one.plain))
        if check := _made(
            question, found[0], [str(n) for n in near], say.because.format(sentence=one.plain)
        ):
            yield check


def _all_years(course: Curriculum) -> list[int]:
    passages = (passage for group in course.groups for unit in group for passage in unit.passages)
    plain = (one.plain for passage in passages for one in passage.sentences)
    return sorted({int(year) for text in plain for year in _YEAR.findall(text)})


def own_words(draft: Draft) -> Iterator[Check]:
    """Ask for a meaning or a main point in the reader's own words."""
    say = wording(draft.course.language)
    for one in sorted(draft.definitions, key=lambda one: one.strength):
        plain = one.sentence.plain
        yield Check(
            say.ask_open_term.format(term=one.term.name),
            plain,
            (),
            say.because.format(sentence=plain),
        )
    for unit in draft.group:
        found = [one for passage in unit.passages for one in passage.sentences]
        whole = [one for one in found if _self_standing(one, draft.course.language)] or found
        title = draft.course.sources[unit.section.source].title
        question = say.ask_open_section.format(heading=unit.section.heading or title)
        yield Check(question, whole[0].plain, (), say.because.format(sentence=whole[0].plain))
