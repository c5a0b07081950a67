"""Questions on terms: what one means, which one is described, and which one is missing."""

import re
from collections.abc import Iterator
from typing import Final

from service.course.content import Check
from service.generation.offline.reading.language import content_stems, words
from service.generation.offline.reading.sentence import Sentence, quotable
from service.generation.offline.teaching.definition import LABEL, PLAIN, Definition, goes_on
from service.generation.offline.teaching.distractor import Gap, close, plural, siblings
from service.generation.offline.teaching.draft import Draft
from service.generation.offline.teaching.option import GAP, made, self_standing
from service.generation.offline.teaching.term import Term, pattern
from service.generation.offline.teaching.wording import wording

_RATIO: Final = 1.6
_MEANING: Final = range(3, 31)
_GOES_BEFORE: Final = re.compile(r"[A-ZÀ-Þ]\w+(?: (?:of|and)(?: the)?)? $")
_TELLING: Final = 9  # words of a sentence that says enough for one gap
_SURE: Final = 2.0  # stressed by an author


def _mine(draft: Draft) -> list[Definition]:
    """Return the lesson's definitions whose meaning stands out, the plainest first."""
    language = draft.course.language
    found = [
        one
        for one in draft.definitions
        if one.strength >= PLAIN
        and (one.term.weight >= _SURE or one.strength >= LABEL)
        and len(words(one.meaning)) in _MEANING
        and not _names(one.term, one.meaning, language)
    ]
    return sorted(found, key=lambda one: -one.strength * one.term.weight)


def _names(term: Term, text: str, language: str) -> bool:
    """Tell whether `text` has a word of the term, which would give it away."""
    return bool(set(content_stems(term.name, language)) & set(content_stems(text, language)))


def _everywhere(draft: Draft) -> list[Definition]:
    """Return the lesson's definitions and then those of the other lessons, to be told apart."""
    course = draft.course
    found = [one for own in (draft.definitions, *course.definitions) for one in own]
    return list({one.term: one for one in reversed(found)}.values())[::-1]


def described(draft: Draft) -> Iterator[Check]:
    """Ask which term a meaning belongs to."""
    language, say = draft.course.language, draft.say
    everywhere = _everywhere(draft)
    known = [one.term for one in everywhere]
    for one in _mine(draft)[::-1]:
        if sum(other.meaning.lower() == one.meaning.lower() for other in everywhere) > 1:
            continue
        gap = Gap(one.term, one.term.name, one.meaning)
        others = siblings(gap, draft.course.terms, known, language)
        others = _not_akin(one.term, others, everywhere)
        question = say.ask_term.format(meaning=one.meaning)
        if check := made(question, one.term.name, others, draft.reason(one)):
            yield check


def meanings(draft: Draft) -> Iterator[Check]:
    """Ask which of several meanings the text gives to a term."""
    language = draft.course.language
    known = [
        one
        for one in _everywhere(draft)
        if one.strength >= PLAIN and len(words(one.meaning)) in _MEANING
    ]
    for one in _mine(draft):
        others = [
            other.meaning
            for other in known
            if other.term != one.term
            and other.meaning.lower() != one.meaning.lower()
            and other.meaning.lower().startswith("when ") == one.meaning.lower().startswith("when ")
            and plural(other.term.name) == plural(one.term.name)
            and not _names(one.term, other.meaning, language)
            and not _names(other.term, other.meaning, language)
        ]
        question = draft.say.ask_meaning.format(term=one.term.name)
        near = close(one.meaning, others, _RATIO)
        if check := made(question, one.meaning, near, draft.reason(one)):
            yield check


def _not_akin(term: Term, others: list[str], known: list[Definition]) -> list[str]:
    """Leave out names of nearly the same: where one definition names the other term."""
    mine = " ".join(one.meaning.lower() for one in known if one.term == term)
    akin = {
        one.term.name
        for one in known
        if one.term != term
        and (pattern(term.name).search(one.meaning) or one.term.name.lower() in mine)
    }
    return [name for name in others if name not in akin]


def gaps(draft: Draft) -> Iterator[Check]:
    """Ask for the term missing from a sentence, its definition first."""
    return _gaps(draft, names=False)


def named(draft: Draft) -> Iterator[Check]:
    """Ask for the name missing from a sentence; names of one course are of many kinds."""
    return _gaps(draft, names=True)


def _gaps(draft: Draft, *, names: bool) -> Iterator[Check]:
    sentences = [one for _, one in draft.prose]
    best = sorted(draft.definitions, key=lambda one: -one.strength)
    known = {one.term for one in best}
    leaning = {one.sentence for one in best if one.lead}
    pairs = [(one.term, one.sentence) for one in best if one.lead is None]
    pairs += [
        (term, one)
        for term in draft.course.terms
        if term.weight >= _SURE or term in known or term.kind == "name"
        for one in sentences
        if one not in leaning and term.name.lower() in one.plain.lower()
    ]
    seen: set[Term] = set()
    for term, one in pairs:
        fits = names == (term.kind == "name") and term not in seen
        if fits and (check := _gap(draft, term, one)):
            seen.add(term)
            yield check


def _inside(term: Term, one: Sentence, draft: Draft) -> bool:
    """Tell whether the term stands there as part of a longer one ("membrane", "cell membrane")."""
    longer = (other.name.lower() for other in draft.course.terms if len(other.key) > len(term.key))
    low = one.plain.lower()
    return any(term.name.lower() in name and name in low for name in longer)


def _gap(draft: Draft, term: Term, one: Sentence) -> Check | None:
    language = draft.course.language
    found = pattern(term.name).search(one.plain)
    alone = self_standing(one, language) and quotable(one, language)
    alone = alone and len(words(one.plain)) >= _TELLING
    if found is None or not alone or _inside(term, one, draft):
        return None
    start, end = found.span()
    before, key = one.plain[:start], one.plain[start:end]
    named = term.name[0].isupper() and (goes_on(one.plain[end:]) or _GOES_BEFORE.search(before))
    if named and language != "de":
        return None
    if language == "de" and key[0].isupper() != term.name[0].isupper():
        return None
    if _names(term, f"{before} {one.plain[end:]}", language):
        return None
    say = wording(language)
    key = key.lower() if term.name.islower() else key
    everywhere = _everywhere(draft)
    known = [definition.term for definition in everywhere]
    others = siblings(Gap(term, key, one.plain, before), draft.course.terms, known, language)
    others = _not_akin(term, others, everywhere)
    question = say.ask_gap.format(sentence=f"{before}{GAP}{one.plain[end:]}")
    return made(question, key, others, say.because.format(sentence=one.plain))
