"""Questions on which part of a chapter says what."""

from collections.abc import Iterator, Sequence
from typing import Final

from service.course.content import Check
from service.generation.offline.reading.language import content_stems, words
from service.generation.offline.reading.sentence import Sentence
from service.generation.offline.teaching.distractor import close
from service.generation.offline.teaching.draft import Draft
from service.generation.offline.teaching.option import made
from service.generation.offline.teaching.plan import Unit
from service.generation.offline.textbook.asking import askable
from service.generation.offline.textbook.saying import saying

_TELLING: Final = range(8, 26)  # words
_RATIO: Final = 1.35


def statements(draft: Draft) -> Iterator[Check]:
    """Ask what the chapter says under a heading, what it says under others beside it.

    Sentences that have a word of the heading are left out.
    """
    language, own, rest = draft.course.language, _named(draft.group), _named(_rest(draft))
    every = [pair for pair in [*own, *rest] if _fits(pair[1], language)]
    asked: set[str] = set()
    for heading, one in own:
        if heading in asked or not _fits(one, language) or _shares(heading, one, language):
            continue
        others = [
            other.plain
            for beside, other in every
            if beside != heading and not _shares(heading, other, language)
        ]
        near = close(one.plain, list(dict.fromkeys(others)), _RATIO)
        question = saying(language).ask_statement.format(heading=heading)
        reason = draft.say.because.format(sentence=one.plain)
        if check := made(question, one.plain, near, reason):
            asked.add(heading)
            yield check


def parts(draft: Draft) -> Iterator[Check]:
    """Ask under which heading the chapter says a thing, its other headings beside it.

    Sentences that have a word of one of them are left out.
    """
    language, own, rest = draft.course.language, _named(draft.group), _named(_rest(draft))
    every = list(dict.fromkeys(heading for heading, _ in [*own, *rest]))
    for key, one in own:
        others = [name for name in every if name != key and not _shares(name, one, language)]
        if not _fits(one, language) or _shares(key, one, language):
            continue
        question = saying(language).ask_part.format(sentence=one.plain)
        reason = draft.say.because.format(sentence=one.plain)
        if check := made(question, key, others, reason):
            yield check


def _rest(draft: Draft) -> list[Unit]:
    """Return what the other chapters have."""
    groups = draft.course.groups
    return [unit for at, group in enumerate(groups) if at != draft.at for unit in group]


def _named(units: Sequence[Unit]) -> list[tuple[str, Sentence]]:
    """Return the sentences of prose below headings, each with the heading next to it."""
    return [
        (unit.section.heading, one)
        for unit in units
        if unit.section.heading
        for passage in unit.passages
        for part in passage.parts
        if part.form == "prose"
        for one in part.sentences
    ]


def _fits(one: Sentence, language: str) -> bool:
    return len(words(one.plain)) in _TELLING and askable(one, language)


def _shares(heading: str, one: Sentence, language: str) -> bool:
    named = frozenset(content_stems(heading, language))
    return bool(named & frozenset(content_stems(one.plain, language)))
