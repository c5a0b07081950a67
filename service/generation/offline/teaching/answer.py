"""Open questions: reasons, meanings and main points to be told in the reader's own words."""

import re
from collections.abc import Iterator
from itertools import chain
from typing import Final

from service.course.content import Check
from service.generation.offline.reading.language import primary
from service.generation.offline.reading.sentence import quotable
from service.generation.offline.teaching.draft import Draft
from service.generation.offline.teaching.option import STEM, made, self_standing
from service.generation.offline.teaching.phrase import lowered
from service.generation.offline.teaching.reason import Reason, reasons

_TRIED: Final = 3  # sentences of a section, until one is new to the checks


def causes(draft: Draft) -> Iterator[Check]:
    """Ask for the reason that a sentence gives, reasons for other things beside it."""
    mine = _reasons(draft)
    everywhere = [one for group in draft.course.groups for unit in group for one in unit.sentences]
    known = [one for one in (*mine, *reasons(everywhere, draft.course.language)) if one.cause]
    for one in mine:
        if not one.cause:
            continue
        others = list(dict.fromkeys(o.cause for o in known if o.sentence != one.sentence))
        question = draft.say.ask_cause.format(effect=one.effect)
        reason = draft.say.because.format(sentence=one.sentence.plain)
        if check := made(question, one.cause, others, reason):
            yield check


def _reasons(draft: Draft) -> list[Reason]:
    return reasons([one for _, one in draft.prose], draft.course.language)


def own_words(draft: Draft) -> Iterator[Check]:
    """Ask for a reason, a meaning or a main point in the reader's own words."""
    return chain(_why(draft), _terms(draft), _points(draft), _rests(draft))


def _why(draft: Draft) -> Iterator[Check]:
    seen = "\n".join(one.plain for _, one in draft.prose)
    for one in _reasons(draft):
        effect = one.effect
        if primary(draft.course.language) != "de":
            effect = lowered(effect, seen, draft.course.language)
        plain = one.sentence.plain
        question = draft.say.ask_why.format(effect=effect)
        yield Check(question, plain, (), draft.say.because.format(sentence=plain))


def _terms(draft: Draft) -> Iterator[Check]:
    for one in sorted(draft.definitions, key=lambda one: one.strength):
        lead = f"{one.lead.plain} " if one.lead else ""
        plain = f"{lead}{one.sentence.plain}"
        question = draft.say.ask_open_term.format(term=one.term.name)
        yield Check(question, plain, (), draft.reason(one))


def _points(draft: Draft) -> Iterator[Check]:
    language = draft.course.language
    for unit in draft.group:
        found = [one for passage in unit.passages for one in passage.sentences]
        if not found:
            continue
        whole = [one for one in found if quotable(one, language)]
        whole = whole or [one for one in found if self_standing(one, language)] or found
        title = draft.course.sources[unit.section.source].title
        question = draft.say.ask_open_section.format(heading=unit.section.heading or title)
        for one in [one for one in whole if not one.plain.endswith(":")][:_TRIED]:
            yield Check(question, one.plain, (), draft.say.because.format(sentence=one.plain))


def _rests(draft: Draft) -> Iterator[Check]:
    """Ask for the second half of a sentence."""
    for _, one in draft.prose:
        starts = [match.start() for match in re.finditer(r"\S+", one.plain)]
        if len(starts) in STEM:
            start = one.plain[: starts[len(starts) // 2]].rstrip(' ,;(“"')
            reason = draft.say.because.format(sentence=one.plain)
            yield Check(draft.say.ask_rest.format(start=start), one.plain, (), reason)
