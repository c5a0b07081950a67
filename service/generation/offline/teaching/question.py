"""Questions on terms: what one means, which one is missing, and in the reader's own words."""

import re
from collections.abc import Iterator
from typing import Final

from service.course.content import Check
from service.generation.offline.reading.language import content_stems, words
from service.generation.offline.reading.sentence import Sentence
from service.generation.offline.teaching.definition import LABEL, PLAIN, Definition, goes_on
from service.generation.offline.teaching.distractor import Gap, close, siblings
from service.generation.offline.teaching.draft import Draft
from service.generation.offline.teaching.option import GAP, STEM, made, self_standing
from service.generation.offline.teaching.term import Term, pattern
from service.generation.offline.teaching.wording import wording

_RATIO: Final = 1.5
_MEANING: Final = range(3, 27)
_GOES_BEFORE: Final = re.compile(r"[A-ZÀ-Þ]\w+(?: of(?: the)?)? $")
_ARTICLE: Final = re.compile(r"\b([Aa])n? $")


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
        if check := made(question, one.meaning, close(one.meaning, others, _RATIO), reason):
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


def _inside(term: Term, one: Sentence, draft: Draft) -> bool:
    """Tell whether the term stands there as part of a longer one ("membrane", "cell membrane")."""
    longer = (other.name.lower() for other in draft.course.terms if len(other.key) > len(term.key))
    low = one.plain.lower()
    return any(term.name.lower() in name and name in low for name in longer)


def _label(draft: Draft, one: Definition) -> Check | None:
    """Ask which term a meaning belongs to, where the text has the term as a label before it."""
    language, say = draft.course.language, draft.say
    if _names(one.term, one.meaning, language) or len(words(one.meaning)) not in STEM:
        return None
    here = "\n".join(sentence.plain for _, sentence in draft.prose)
    others = siblings(Gap(one.term, one.term.name, one.meaning, here), draft.course.terms, language)
    question = say.ask_term.format(meaning=one.meaning)
    return made(
        question,
        one.term.name,
        others,
        say.because_term.format(term=one.term.name, meaning=one.meaning),
    )


def _gap(draft: Draft, term: Term, one: Sentence, here: str) -> Check | None:
    language = draft.course.language
    found = pattern(term.name).search(one.plain)
    if found is None or not self_standing(one, language) or _inside(term, one, draft):
        return None
    start, end = found.span()
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
    return made(question, key, others, say.because.format(sentence=one.plain))


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
        whole = [one for one in found if self_standing(one, draft.course.language)] or found
        title = draft.course.sources[unit.section.source].title
        question = say.ask_open_section.format(heading=unit.section.heading or title)
        yield Check(question, whole[0].plain, (), say.because.format(sentence=whole[0].plain))
    yield from _rests(draft)


def _rests(draft: Draft) -> Iterator[Check]:
    """Ask for the second half of a sentence."""
    for _, one in draft.prose:
        starts = [match.start() for match in re.finditer(r"\S+", one.plain)]
        if len(starts) in STEM:
            start = one.plain[: starts[len(starts) // 2]].rstrip(' ,;(“"')
            reason = draft.say.because.format(sentence=one.plain)
            yield Check(draft.say.ask_rest.format(start=start), one.plain, (), reason)
