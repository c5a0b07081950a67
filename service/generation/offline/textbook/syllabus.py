"""The syllabus: the sources of one textbook cut into chapters, each of the length asked for."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from msgspec.structs import replace

from service.generation.author import TextbookBrief
from service.generation.generator import Brief, TooLittle
from service.generation.offline.reading.language import primary
from service.generation.offline.teaching import wish
from service.generation.offline.teaching.curriculum import (
    Curriculum,
    assembled,
    named,
    off_topic,
    opened,
    under,
    usable,
)
from service.generation.offline.teaching.plan import Group, Unit, partition, units
from service.generation.offline.teaching.relevance import on_topic
from service.generation.offline.teaching.title import titles
from service.generation.offline.textbook import matter
from service.generation.offline.textbook.fit import fitted, long
from service.generation.offline.textbook.numbering import ordered
from service.generation.offline.textbook.room import Room, room
from service.library.material import Material

_FINE: Final = 0.5  # of a chapter; what is planned with comes in no larger pieces
_TRIES: Final = 8
_AMPLE: Final = (1.3, 1.15, 1.0)
"""Times what a chapter is to have: with the first there is enough beside it for its boosters."""
_WIDER: Final = 1.06  # times the words that a try asks more of each chapter than the one before
_KEPT: Final = 4  # syllabuses held in memory, each at most a few megabytes


def syllabus(brief: TextbookBrief, material: Sequence[Material]) -> Curriculum:
    """Read `material` and plan the chapters of `brief`. Raises `GenerationFailed`.

    A person's instructions change what is kept of a chapter's text, never which text it has.
    """
    return kept(replace(brief, faults=()), tuple(material))


@lru_cache(maxsize=_KEPT)
def kept(brief: TextbookBrief, material: tuple[Material, ...]) -> Curriculum:
    """Return the syllabus, and keep it at hand for whoever asks for it next."""
    course = _read(brief, material)
    own = room(brief.policy, wish.changes(brief.instructions))
    groups = tuple(fitted(course, group, own, brief.policy.boosters_min) for group in course.plan)
    plan = tuple(_of_same_sources(*pair) for pair in zip(course.plan, groups, strict=True))
    return _checked(assembled(replace(course, plan=plan, groups=groups)), own)


def _read(brief: TextbookBrief, material: tuple[Material, ...]) -> Curriculum:
    """Return the syllabus as far as instructions leave it alone: which chapter has which text."""
    asked, language = _asked(brief), primary(brief.language)
    titled = replace(asked, topic=brief.title)
    sources = opened(asked, usable(titled, material), ordered)
    found = on_topic(asked, sources)
    if not found and any(one.body for one in sources):
        raise off_topic(titled, sources)
    course = Curriculum(asked, wish.wish(asked), language, sources, (), (), (), (), ())
    roomy = room(brief.policy)
    plan = _plan(
        brief, course, units(matter.taught(found, sources), int(roomy.wanted * _FINE)), roomy
    )
    return replace(course, plan=plan, terms=named(sources, plan, language))


def _asked(brief: TextbookBrief) -> Brief:
    """Return the brief of a course on the same; its topic is what the textbook is called."""
    named = brief.subject.casefold() in brief.title.casefold()
    topic = brief.title if named else f"{brief.title} {brief.subject}"
    return Brief(
        topic,
        brief.audience,
        brief.chapters_total,
        brief.language,
        brief.source_filter,
        brief.instructions,
    )


def _plan(
    brief: TextbookBrief, course: Curriculum, found: list[Unit], roomy: Room
) -> tuple[Group, ...]:
    """Cut the text into chapters that all have enough to choose from. Raises `TooLittle`."""
    asked = brief.chapters_total
    groups: tuple[Group, ...] = ()
    ample = [(asked, max(round(roomy.wanted * share), roomy.least)) for share in _AMPLE]
    tries = [*ample, *((count, roomy.least) for count in range(asked, 0, -1))]
    for count, least in tries:
        if groups := _even(course, found, count, least):
            break
    if len(groups) < asked:
        raise _too_little(brief, long(course, tuple(found)), len(groups), roomy)
    return groups


def _even(course: Curriculum, found: Sequence[Unit], count: int, least: int) -> tuple[Group, ...]:
    """Return `count` groups of at least `least` words each; none where there are not so many."""
    whole, shortest = sum(one.words for one in found), least
    for _ in range(_TRIES):
        groups = tuple(partition(found, count, shortest, whole)) if whole else ()
        if len(groups) < count:
            return ()
        if all(long(course, group) >= least for group in groups):
            return groups
        shortest = int(shortest * _WIDER) + 1
    return ()


def _of_same_sources(planned: Group, taught: Group) -> Group:
    """Return what was planned of the sources that a chapter is drawn from in the end."""
    used = {unit.section.source for unit in taught}
    return tuple(unit for unit in planned if unit.section.source in used) if used else planned


def _checked(course: Curriculum, own: Room) -> Curriculum:
    """Return `course` if its chapters are as long as asked for. Raises `TooLittle`."""
    for at, group in enumerate(course.groups):
        words = long(course, group)
        if not own.least <= words <= own.most:
            there = long(course, course.plan[at])
            raise TooLittle(
                f"Chapter {at + 1}, “{titles(course)[at]}”, would have {words} words, where "
                f"{own.least} to {own.most} are asked for: its part of the sources has {there}, in "
                "pieces that do not go together so.",
                "Ask for fewer chapters, allow shorter or longer ones, or add sources.",
            )
    return course


def _too_little(brief: TextbookBrief, words: int, carried: int, roomy: Room) -> TooLittle:
    where = under(_asked(brief))
    told = f"The sources {where} hold {words:,} words of connected text on “{brief.title}”"
    asked = f"{brief.chapters_total} were asked for, of at least {roomy.least} words each"
    shorter = "let chapters be shorter (words_min and reading_minutes_min of the policy)"
    if not carried:
        return TooLittle(
            f"{told}, too few for a chapter: {asked}.",
            f"Add sources, or {shorter}; notes, links and tables alone carry none.",
        )
    chapters = "chapter" if carried == 1 else "chapters"
    return TooLittle(
        f"{told}, which carry at most {carried} {chapters}: {asked}.",
        f"Ask for {carried}, add sources, or {shorter}.",
    )
