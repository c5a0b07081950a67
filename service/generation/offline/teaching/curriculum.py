"""The curriculum: the sources of one brief cut into lessons, with the terms of the course."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from service.generation.generator import Brief, NoSources, TooLittle, Unsupported
from service.generation.offline.reading.language import primary
from service.generation.offline.reading.section import Section
from service.generation.offline.reading.source import Source, read, teaching_order
from service.generation.offline.teaching import wish
from service.generation.offline.teaching.choice import Choice, chosen
from service.generation.offline.teaching.concept import concepts
from service.generation.offline.teaching.definition import Definition, definitions
from service.generation.offline.teaching.plan import Group, partition, units
from service.generation.offline.teaching.relevance import relevant
from service.generation.offline.teaching.term import Term, pattern, terms
from service.library.material import Material

_UNKNOWN: Final = ("", "und")
_MOST_READ: Final = 400_000  # characters, of all sources; that takes a few seconds
_LEAST_READ: Final = 40_000  # of each
_FINE: Final = 0.6  # of a lesson; what is planned with comes in no larger pieces
_KEPT: Final = 4  # curricula held in memory, each at most a few megabytes

Order = Callable[[Sequence[Source]], list[Source]]


class Curriculum(Struct, frozen=True):
    """What `outline` and `lesson` both start from.

    Each lesson has its own entry in `plan`: all the text that is its own, in `groups`: what of it
    is taught, in `definitions`: what it says its terms mean, and in `concepts`: what it is about.
    """

    brief: Brief
    wish: wish.Wish
    language: str
    sources: tuple[Source, ...]
    plan: tuple[Group, ...]
    groups: tuple[Group, ...]
    terms: tuple[Term, ...]
    definitions: tuple[tuple[Definition, ...], ...]
    concepts: tuple[tuple[Term, ...], ...]


@lru_cache(maxsize=_KEPT)
def curriculum(brief: Brief, material: tuple[Material, ...]) -> Curriculum:
    """Read `material` and plan the lessons of `brief`. Raises `GenerationFailed`.

    A person's instructions change what is kept of a lesson's text, never which text it has.
    """
    wanted = wish.wish(brief)
    language = primary(brief.language)
    sources = opened(brief, usable(brief, material), teaching_order)
    plan = _plan(brief, sources)
    known = named(sources, plan, language)
    taught = tuple(chosen(Choice(wanted, language, known), group) for group in plan)
    return assembled(Curriculum(brief, wanted, language, sources, plan, taught, known, (), ()))


def opened(brief: Brief, material: Sequence[Material], order: Order) -> tuple[Source, ...]:
    """Return `material` as it was read, in `order`."""
    most = max(_MOST_READ // len(material), _LEAST_READ)
    found = order([read(at, one, brief.topic, most) for at, one in enumerate(material)])
    return tuple(_numbered(at, one) for at, one in enumerate(found))


def named(sources: Sequence[Source], plan: Sequence[Group], language: str) -> tuple[Term, ...]:
    """Return the terms of all that is planned, and of the sources' glossaries."""
    body = [unit.section for group in plan for unit in group]
    glossaries = [section for one in sources for section in one.glossary]
    return terms([*dict.fromkeys(body), *glossaries], language)


def assembled(course: Curriculum) -> Curriculum:
    """Return `course` with what its texts say that its terms mean, and what they are about."""
    said = _definitions(course.sources, course.groups, course.terms, course.language)
    rows = zip(course.groups, said, strict=True)
    about = tuple(concepts(group, course.terms, own) for group, own in rows)
    return replace(course, definitions=said, concepts=about)


def _plan(brief: Brief, sources: Sequence[Source]) -> tuple[Group, ...]:
    wanted = wish.wish(replace(brief, instructions=""))
    body = relevant(brief, wanted, sources)
    if not body and any(one.body for one in sources):
        raise off_topic(brief, sources)
    size = sum(one.words for one in body)
    fine = max(min(size / brief.num_lessons, wanted.words) * _FINE, wish.SHORTEST)
    groups = partition(units(body, int(fine)), brief.num_lessons, wish.SHORTEST, wanted.words)
    if len(groups) < brief.num_lessons:
        raise _too_little(brief, len(groups))
    return tuple(groups)


def _definitions(
    sources: Sequence[Source], groups: Sequence[Group], known: tuple[Term, ...], language: str
) -> tuple[tuple[Definition, ...], ...]:
    """Return what each lesson's text says of its terms; a glossary knows better."""
    made = []
    for group, entries in zip(groups, _entries(sources, groups, known, language), strict=True):
        passages = [passage for unit in group for passage in unit.passages]
        best = {one.term: one for one in definitions(known, passages, language)}
        for one in entries:
            best[one.term] = one
        made.append(tuple(best.values()))
    return tuple(made)


def _entries(
    sources: Sequence[Source], groups: Sequence[Group], known: tuple[Term, ...], language: str
) -> tuple[tuple[Definition, ...], ...]:
    """Give each entry of the sources' glossaries to the lesson that uses its term most."""
    texts = [
        "\n".join(
            one.plain for unit in group for passage in unit.passages for one in passage.sentences
        )
        for group in groups
    ]
    homes: list[list[Definition]] = [[] for _ in groups]
    for number, source in enumerate(sources):
        passages = [passage for section in source.glossary for passage in section.passages]
        for one in definitions(known, passages, language, glossary=True):
            uses = [len(pattern(one.term.name).findall(text)) for text in texts]
            if one.meaning and max(uses):
                homes[uses.index(max(uses))].append(replace(one, source=number))
    return tuple(tuple(home) for home in homes)


def _numbered(at: int, source: Source) -> Source:
    def own(sections: Sequence[Section]) -> tuple[Section, ...]:
        return tuple(replace(one, source=at) for one in sections)

    return replace(
        source, body=own(source.body), glossary=own(source.glossary), summary=own(source.summary)
    )


def under(brief: Brief) -> str:
    """Say where sources were looked for."""
    return f"under {brief.source_filter}" if brief.source_filter else "in the library"


def usable(brief: Brief, material: Sequence[Material]) -> list[Material]:
    """Return what of `material` is in the language of `brief`. Raises `GenerationFailed`."""
    if not material:
        raise NoSources(
            f"There are no sources {under(brief)} that speak of “{brief.topic}”.",
            "Check source_filter, or add documents: POST them to /api/v1/sources, "
            "or run `run.py ingest DIRECTORY`.",
        )
    wanted = primary(brief.language)
    spoken = [
        one for one in material if one.language in _UNKNOWN or primary(one.language) == wanted
    ]
    if not spoken:
        others = ", ".join(sorted({primary(one.language) for one in material}))
        raise Unsupported(
            f"The sources {under(brief)} are in “{others}”, “{wanted}” was asked for, "
            "and the offline generator cannot translate.",
            f"Ask for language “{others.split(', ')[0]}”, add sources in “{wanted}”, "
            "or use a generator with a language model.",
        )
    return [replace(one, language=wanted) if one.language in _UNKNOWN else one for one in spoken]


def off_topic(brief: Brief, sources: Sequence[Source]) -> NoSources:
    """Return the failure of sources none of which names the topic."""
    titles = "; ".join(dict.fromkeys(one.title for one in sources[:5]))
    return NoSources(
        f"No source {under(brief)} speaks of “{brief.topic}”.",
        f"What is there: {titles}. Name one of their subjects, change source_filter, "
        "or add documents with `run.py ingest DIRECTORY`.",
    )


def _too_little(brief: Brief, carried: int) -> TooLittle:
    if not carried:
        return TooLittle(
            f"The sources {under(brief)} hold too little text on “{brief.topic}” for a lesson.",
            "Add sources: a lesson needs a few connected paragraphs, not notes or links alone.",
        )
    lessons = "lesson" if carried == 1 else "lessons"
    return TooLittle(
        f"The sources {under(brief)} carry at most {carried} {lessons} on “{brief.topic}”.",
        f"Ask for {carried} or add sources.",
    )
