"""Questions on a word missing from a sentence: terms that headings name, or sentences are about."""

import re
from collections.abc import Iterator
from typing import Final

from service.course.content import Check
from service.generation.offline.reading.language import content_stems, primary, stop_words
from service.generation.offline.reading.sentence import Sentence
from service.generation.offline.teaching.distractor import Gap, siblings
from service.generation.offline.teaching.draft import Draft
from service.generation.offline.teaching.option import GAP, made
from service.generation.offline.teaching.term import Term, pattern
from service.generation.offline.textbook.asking import askable

_SURE: Final = 1.5
"""The weight of a term that a heading names, or a sentence says something of."""
_KNOWN: Final = 0.9
_OFTEN: Final = 3
_ARTICLES: Final = "an?|the|each|every|any|eine?[mnrs]?|de[mnrs]|die|das|une?|les?|la|el|los|las"
_BEFORE: Final = re.compile(
    rf"(?:^|[\s(])(?:{_ARTICLES}|no|one|its|their|your|of|into|from|for|with|by)(?: [\w-]+)? $",
    re.IGNORECASE,
)
_NOUN: Final = re.compile(r"(?:[.;:)]|$| (\w+))")


def gaps(draft: Draft) -> Iterator[Check]:
    """Ask for the term missing from a sentence, terms of its kind beside it."""
    course = draft.course
    known, seen = _nouns(draft), set[Term]()
    fit = [one for _, one in draft.prose if askable(one, course.language)]
    for least in (_SURE, _KNOWN):
        for one in fit:
            low = one.plain.lower()
            near = [term for term in known if term.name.lower() in low]
            fresh = [term for term in near if term.weight >= least and term not in seen]
            for term in fresh:
                if _alone(term, near) and (check := _gap(draft, term, one, known)):
                    seen.add(term)
                    yield check
                    break


def _nouns(draft: Draft) -> list[Term]:
    """Return the terms that the text uses as nouns, after an article, often enough to be known."""
    units = (unit for group in draft.course.groups for unit in group)
    text = "\n".join(one.plain.lower() for unit in units for one in unit.sentences)
    often = (
        one
        for one in draft.course.terms
        if one.kind == "term" and one.weight >= _KNOWN and one.count >= _OFTEN
    )
    return [
        one
        for one in often
        if re.search(rf"\b(?:{_ARTICLES}) {re.escape(one.name.lower())}\b", text)
    ]


def _alone(term: Term, near: list[Term]) -> bool:
    """Tell whether no longer term has this one in it."""
    return not any(term != other and set(term.key) < set(other.key) for other in near)


def _gap(draft: Draft, term: Term, one: Sentence, known: list[Term]) -> Check | None:
    language = draft.course.language
    found = list(pattern(term.name).finditer(one.plain))
    if len(found) != 1:
        return None
    start, end = found[0].span()
    before, key, after = one.plain[:start], one.plain[start:end], one.plain[end:]
    rest = frozenset(content_stems(f"{before} {after}", language))
    if not _headed(before, after, language) or rest & frozenset(content_stems(term.name, language)):
        return None
    if primary(language) == "de" and key[0].isupper() != term.name[0].isupper():
        return None
    others = [
        name
        for name in siblings(Gap(term, key, one.plain, before), known, known, language)
        if name[0].isupper() == key[0].isupper()
    ]
    question = draft.say.ask_gap.format(sentence=f"{before}{GAP}{after}")
    return made(question, key, others, draft.say.because.format(sentence=one.plain))


def _headed(before: str, after: str, language: str) -> bool:
    """Tell whether a gap is the head of its phrase: no word goes with it behind, or is cut."""
    match = _NOUN.match(after)
    following = match is not None and (match[1] or "").lower()
    ended = following is not False and (not following or following in stop_words(language))
    return ended and _BEFORE.search(before) is not None
