"""How a lesson ends: its terms, what is worth remembering, and a look back and ahead."""

from collections.abc import Iterator
from typing import Final

from service.course.content import Section
from service.generation.offline.reading.language import content_stems, words
from service.generation.offline.reading.sentence import Sentence, quotable
from service.generation.offline.teaching import rank
from service.generation.offline.teaching.concept import importance, running
from service.generation.offline.teaching.definition import Definition
from service.generation.offline.teaching.draft import Draft
from service.generation.offline.teaching.plan import stems
from service.generation.offline.teaching.term import pattern
from service.generation.offline.teaching.title import headings
from service.generation.offline.teaching.wording import quoted, series

_MOST_TERMS: Final = 8
_MOST_WORTH: Final = 3
_MOST_SUMMED: Final = 4
_MOST_NAMED: Final = 5
_MEMORABLE: Final = range(8, 35)  # words
_NAMING: Final = 0.08  # for each term of the lesson that a sentence names
_ALIKE: Final = 0.6  # of the stems; a sentence that shares so many with another repeats it


def closing(draft: Draft) -> Iterator[Section]:
    """Yield the sections after the text."""
    known = key_terms(draft)
    if known:
        lines = (f"- **{one.term.name}**: {_said(one)}" for one in known)
        yield Section(draft.say.terms, "\n".join(lines))
    picked = worth(draft)
    if picked:
        yield Section(draft.say.worth, _quotes(picked[:_MOST_WORTH]))
    yield Section(draft.say.recap, _recap(draft, known, picked[_MOST_WORTH:]))


def key_terms(draft: Draft) -> list[Definition]:
    """Return the plainest definitions of the weightiest terms, as the lesson brings them in."""
    text = running(draft.group)
    best = sorted(
        draft.definitions,
        key=lambda one: -one.strength - importance(one.term, draft.group, text),
    )[:_MOST_TERMS]
    return sorted(best, key=lambda one: _place(one, text))


def _place(one: Definition, text: str) -> int:
    found = pattern(one.term.name).search(text)
    return found.start() if found else len(text)


def _said(one: Definition) -> str:
    """Return the words that say what a term means; else the sentence, and what it leans on."""
    if one.meaning:
        return one.meaning
    return f"{one.lead.shown} {one.sentence.shown}" if one.lead else one.sentence.shown


def _quotes(found: list[Sentence]) -> str:
    return "\n>\n".join(f"> {one.shown}" for one in found)


def worth(draft: Draft) -> list[Sentence]:
    """Return sentences that say most of the whole: first those to remember, then those to sum up.

    They come from different sections where they can, repeat neither each other, nor a definition,
    nor what the authors' summary says.
    """
    found, language = draft.prose, draft.course.language
    scores = rank.centrality([one.plain for _, one in found], language)
    taken = {one for _, one in summary(draft)}
    taken |= {one for known in key_terms(draft) for one in (known.sentence, known.lead) if one}
    order = sorted(range(len(found)), key=lambda n: (-_score(draft, scores, n), n))
    fit = [n for n in order if found[n][1] not in taken and _memorable(found[n][1], language)]
    said = [frozenset(content_stems(one.plain, language)) for one in taken]
    spread: list[int] = []
    for again in range(_MOST_WORTH + _MOST_SUMMED):
        for n in fit:
            mine = frozenset(content_stems(found[n][1].plain, language))
            used = sum(found[one][0] == found[n][0] for one in spread)
            if n not in spread and used <= again and not any(_alike(mine, own) for own in said):
                spread.append(n)
                said.append(mine)
        if len(spread) >= _MOST_WORTH + _MOST_SUMMED:
            break
    first, rest = spread[:_MOST_WORTH], spread[_MOST_WORTH : _MOST_WORTH + _MOST_SUMMED]
    return [found[n][1] for n in [*sorted(first), *sorted(rest)]]


def _score(draft: Draft, near: list[float], n: int) -> float:
    low = draft.prose[n][1].plain.lower()
    return round(near[n] + _NAMING * sum(one.lower() in low for one in draft.plan.key_concepts), 9)


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= _ALIKE * min(len(one), len(other)) if one and other else False


def _memorable(one: Sentence, language: str) -> bool:
    whole = len(words(one.plain)) in _MEMORABLE and not one.plain.endswith((":", "?"))
    return whole and quotable(one, language)


def _recap(draft: Draft, known: list[Definition], rest: list[Sentence]) -> str:
    say, lessons = draft.say, draft.outline.lessons
    about = list(headings(draft.group))[:_MOST_NAMED] or [draft.plan.title]
    told = [say.been_through.format(about=series([quoted(one, say) for one in about], say))]
    if own := [one for _, one in summary(draft)]:
        told.append(f"{say.in_short}\n\n{_quotes(own)}")
    elif rest:
        told.append(f"{say.main_points}\n\n{_quotes(rest)}")
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
        found = course.sources[number].summing_up
        wanted = [content_stems(one.plain, course.language) for one in found]
        best = rank.aligned(wanted, [texts[at] for at in homes])
        mine += [
            (number, one)
            for one, at in zip(found, best, strict=True)
            if at is not None and homes[at] == draft.at and quotable(one, course.language)
        ]
    return mine[:_MOST_SUMMED]
