"""How a lesson ends: its terms, what is worth remembering, and a look back and ahead."""

import re
from collections.abc import Iterator
from typing import Final

from service.course.content import Section
from service.generation.offline.reading.language import content_stems, words
from service.generation.offline.reading.sentence import Sentence, dangles, lacks_subject
from service.generation.offline.teaching import rank
from service.generation.offline.teaching.definition import Definition
from service.generation.offline.teaching.draft import Draft
from service.generation.offline.teaching.plan import stems
from service.generation.offline.teaching.title import headings, listed
from service.generation.offline.teaching.wording import quoted, series

_MOST_TERMS: Final = 8
_MOST_WORTH: Final = 3
_MOST_NAMED: Final = 5
_MEMORABLE: Final = range(8, 31)  # words
_POINTS_BACK: Final = re.compile(
    r"\b(?:them|they|this|these|those|ihnen|diese[rsmn]?)\b", re.IGNORECASE
)
_EACH: Final = 6  # one sentence worth remembering for so many read


def closing(draft: Draft) -> Iterator[Section]:
    """Yield the sections after the text."""
    known = key_terms(draft)
    if known:
        lines = (f"- **{one.term.name}**: {_said(one)}" for one in known)
        yield Section(draft.say.terms, "\n".join(lines))
    if worth := _worth(draft, {one.sentence for one in known}):
        yield Section(draft.say.worth, _quotes(worth))
    yield Section(draft.say.recap, _recap(draft, known))


def key_terms(draft: Draft) -> list[Definition]:
    """Return the definitions that a lesson sets apart: the plainest of the surest terms."""
    best = sorted(draft.definitions, key=lambda one: -one.strength * one.term.weight)[:_MOST_TERMS]
    return [one for one in draft.definitions if one in best]


def _said(one: Definition) -> str:
    """Return the defining sentence, without the term where the source has it as a label."""
    shown = one.sentence.shown
    label = re.match(rf"[*_]*{re.escape(one.term.name)}s?[*_]*:[*_]*\s+", shown, re.IGNORECASE)
    return shown[label.end() :] if label else shown


def _quotes(found: list[Sentence]) -> str:
    return "\n>\n".join(f"> {one.shown}" for one in found)


def _worth(draft: Draft, taken: set[Sentence]) -> list[Sentence]:
    """Return the sentences that say most of the whole, at most one a section, in their order."""
    found = draft.prose
    near = rank.centrality([one.plain for _, one in found], draft.course.language)
    best: dict[int, int] = {}
    for n in sorted(range(len(found)), key=lambda n: (-near[n], n)):
        at, one = found[n]
        if at not in best and one not in taken and _memorable(one, draft.course.language):
            best[at] = n
    most = min(_MOST_WORTH, len(found) // _EACH)
    return [found[n][1] for n in sorted(sorted(best.values(), key=lambda n: -near[n])[:most])]


def _memorable(one: Sentence, language: str) -> bool:
    whole = len(words(one.plain)) in _MEMORABLE and not one.plain.endswith((":", "?"))
    clear = not (dangles(one, language) or lacks_subject(one) or _POINTS_BACK.search(one.plain))
    return whole and clear


def _recap(draft: Draft, known: list[Definition]) -> str:
    say, lessons = draft.say, draft.outline.lessons
    about = list(headings(draft.group))[:_MOST_NAMED] or [draft.plan.title]
    told = [say.been_through.format(headings=listed(about, draft.course.language))]
    if own := [one for _, one in summary(draft)]:
        told.append(f"{say.in_short}\n\n{_quotes(own)}")
    names = [one.term.name for one in known] or list(draft.plan.key_concepts)
    ahead = []
    if names:
        bold = [f"**{name}**" for name in names[:_MOST_NAMED]]
        ahead.append(say.can_say.format(terms=series(bold, say)))
    if draft.number < len(lessons):
        title = quoted(lessons[draft.number].title, say)
        ahead.append(say.coming.format(number=draft.number + 1, title=title))
    else:
        ahead.append(say.last)
    return "\n\n".join([*told, " ".join(ahead)])


def summary(draft: Draft) -> list[tuple[int, Sentence]]:
    """Return what the authors' own summaries say of this lesson more than of any other."""
    course = draft.course
    mine: list[tuple[int, Sentence]] = []
    texts = [stems(group, course.language) for group in course.groups]
    for number in sorted({unit.section.source for unit in draft.group}):
        homes = [
            at
            for at, group in enumerate(course.groups)
            if any(unit.section.source == number for unit in group)
        ]
        for one in course.sources[number].summing_up:
            wanted = content_stems(one.plain, course.language)
            best = rank.home(wanted, [texts[at] for at in homes])
            if best is not None and homes[best] == draft.at and _memorable(one, course.language):
                mine.append((number, one))
    return mine[:_MOST_WORTH]
