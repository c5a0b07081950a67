"""Boosters: what else the sources say of a chapter's sections, by example and by explanation."""
# ruff: noqa: E501 - patterns are clearest unbroken

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

from msgspec import Struct

from service.generation.offline.reading.section import Passage
from service.generation.offline.teaching import closing, setting
from service.generation.offline.teaching.draft import Draft as Lesson
from service.generation.offline.teaching.plan import Unit
from service.generation.offline.teaching.wish import declined
from service.generation.offline.textbook.fit import PIECE
from service.generation.offline.textbook.found import left
from service.textbook import length, section
from service.textbook.content import Booster, BoosterKind, Boosters, Draft, Policy, Refused

_USUAL: Final = 3
_FEWEST_TERMS: Final = 2
_MOST_TERMS: Final = 6
_EXAMPLE: Final = re.compile(
    r"\b(?:for (?:example|instance)|e\.g\.|as an example|an example (?:is|of)|examples? (?:is|are)|suppose|imagine|consider|say you|let's say|zum Beispiel|z\. ?B\.|beispielsweise|par exemple|por ejemplo)(?!\w)",
    re.IGNORECASE,
)
_REASON: Final = re.compile(
    r"\b(?:because|so that|therefore|thus|hence|since|in other words|(?:this|that|which|it) means|the (?:reason|purpose|idea|advantage|point)|in order to|which is why|weil|damit|deshalb|daher|bedeutet|das heißt|parce que|porque)\b",
    re.IGNORECASE,
)
_KINDS: Final[tuple[BoosterKind, ...]] = ("example", "explanation")
_NONE: Final[dict[BoosterKind, str]] = {
    "example": "The sources give no example that belongs to this chapter and is not in its text already.",
    "explanation": "The sources explain nothing of this chapter beyond what is in its text already.",
}


class _Found(Struct, frozen=True):
    """Passages that a chapter has no room for; `place` is that of their unit among those left."""

    place: int
    unit: Unit
    passages: tuple[Passage, ...]
    example: bool
    reasons: int
    heading: str


def boosters(lesson: Lesson, draft: Draft, policy: Policy) -> Boosters:
    """Return the boosters of a chapter: words of the sources that are not in its text.

    Analogies would have to be made up, and are refused.
    """
    most = max(policy.boosters_min, min(_USUAL, policy.boosters_max))
    found = _found(lesson, draft, policy.boosters_min)
    chosen: dict[_Found, BoosterKind] = {}
    for at in range(most):
        for kind in (_KINDS[at % 2], _KINDS[1 - at % 2]):
            if one := _best(found, kind, list(chosen)):
                chosen[one] = kind
                break
    order = sorted(chosen, key=lambda one: one.place)
    made = tuple(_made(lesson, one, chosen[one], n) for n, one in enumerate(order, 1))
    if len(made) < policy.boosters_min:
        made = (*made, *_terms(lesson, len(made) + 1))
    missing = [kind for kind in _KINDS if kind not in {one.kind for one in made}]
    failure = declined("analogies")
    return Boosters(
        made,
        (
            Refused("analogy", f"{failure.error} {failure.advice}"),
            *(Refused(kind, _NONE[kind]) for kind in missing),
        ),
    )


def _found(lesson: Lesson, draft: Draft, fewest: int) -> list[_Found]:
    """Return what is left of each section, piece by piece where there are too few sections."""
    headings = section.headings(draft.markdown)
    rest = list(enumerate(left(lesson)))
    whole = [(place, unit, unit.passages) for place, unit in rest]
    apart = [(place, unit, (one,)) for place, unit in rest for one in unit.passages]
    made = [_piece(lesson, *piece, headings) for piece in whole]
    found = [one for one in made if one]
    if len(found) < fewest:
        made = [_piece(lesson, *piece, headings) for piece in apart]
        found = [one for one in made if one]
    return found


def _piece(
    lesson: Lesson,
    place: int,
    unit: Unit,
    passages: tuple[Passage, ...],
    headings: Sequence[str],
) -> _Found | None:
    """Return passages as they may serve; None where they are too little or too much, or no text."""
    text = lesson.course.sources[unit.section.source].material.text
    parts = [part for one in passages for part in one.parts]
    size = sum(_size(one, text) for one in passages)
    if size not in PIECE or not any(part.form == "prose" for part in parts):
        return None
    said = " ".join(one.plain for passage in passages for one in passage.sentences)
    shown = any(part.form in ("code", "steps") for part in parts)
    example = shown or _EXAMPLE.search(said) is not None
    reasons = len(_REASON.findall(said))
    return _Found(place, unit, passages, example, reasons, _heading(unit, headings))


def _size(passage: Passage, text: str) -> int:
    return length.words(setting.set_passage(passage, text))


def _heading(unit: Unit, headings: Sequence[str]) -> str:
    """Return the chapter's heading that is nearest above a unit, '' where none is."""
    return next(
        (
            shown
            for name in reversed(unit.section.path)
            for shown in headings
            if section.same(name, shown)
        ),
        "",
    )


def _best(found: Sequence[_Found], kind: BoosterKind, chosen: Sequence[_Found]) -> _Found | None:
    """Return the passage that serves best: of a section that the chapter has, a new one."""
    used = {one.heading for one in chosen}
    fit = [one for one in found if one not in chosen and one.example == (kind == "example")]
    fit = [one for one in fit if one.example or one.reasons] or fit
    return min(
        fit,
        key=lambda one: (not one.heading, one.heading in used, -min(one.reasons, 2), one.place),
        default=None,
    )


def _made(lesson: Lesson, one: _Found, kind: BoosterKind, position: int) -> Booster:
    """Return a passage as a booster, under its own heading where the chapter lacks that."""
    material = lesson.course.sources[one.unit.section.source].material
    content = "\n\n".join(setting.set_passage(each, material.text) for each in one.passages)
    own = one.unit.section.heading
    if own and not section.same(own, one.heading):
        content = f"**{own.replace('**', '')}**\n\n{content}"
    cited = chain.from_iterable(setting.citations(each, material) for each in one.passages)
    return Booster(kind, content, one.heading, position, tuple(cited))


def _terms(lesson: Lesson, position: int) -> Iterator[Booster]:
    """Yield one booster that gathers what the sources say the terms of a chapter mean."""
    known = [one for one in closing.key_terms(lesson) if one.meaning][:_MOST_TERMS]
    if len(known) < _FEWEST_TERMS:
        return
    cited = []
    for one in known:
        homes = (unit.section.source for unit in lesson.group if one.sentence in unit.sentences)
        home = one.source if one.source >= 0 else next(homes)
        cited.append(setting.cite(one.sentence, lesson.course.sources[home].material))
    content = "\n".join(f"- **{one.term.name}**: {one.meaning}" for one in known)
    yield Booster("explanation", content, "", position, tuple(cited))
