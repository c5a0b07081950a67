"""A chapter as a page shows it: its sections, with each booster after what it helps with."""

from collections.abc import Iterable, Mapping
from typing import Final

from markupsafe import Markup
from msgspec import Struct

from service.course.content import Citation
from service.export.labels import Labels
from service.export.markup import Frame, Section, blocks, inline, sections
from service.export.plain import lines
from service.export.xhtml import printable
from service.textbook.content import Booster, KnownQuestion
from service.textbook.published import PublishedChapter

LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Aside(Struct, frozen=True):
    """A booster; `sources` are the paths of what it rests on."""

    kind: str
    label: str
    html: Markup
    sources: tuple[str, ...]


class Asked(Struct, frozen=True):
    """A question, and what its answer says; `letter` is that of the right option."""

    text: Markup
    options: tuple[Markup, ...]
    letter: str
    answer: Markup
    explanation: Markup


class Shown(Struct, frozen=True):
    """A chapter; `prefix` begins all ids in it, `parts` come in the order of reading.

    `sources` are the paths of what its text rests on.
    """

    number: int
    prefix: str
    title: str
    description: Markup
    minutes: int
    key_points: tuple[Markup, ...]
    parts: tuple[Section | Aside, ...]
    takeaways: tuple[Markup, ...]
    questions: tuple[Asked, ...]
    sources: tuple[str, ...]

    @property
    def sections(self) -> list[Section]:
        """The sections of the highest level, as a table of contents names them."""
        found = [part for part in self.parts if isinstance(part, Section) and part.level]
        highest = min((each.level for each in found), default=0)
        return [each for each in found if each.level == highest and each.title]


def shown(chapter: PublishedChapter, frame: Frame, labels: Labels, prefix: str = "") -> Shown:
    """Return a chapter in a `frame`, all ids in it beginning with `prefix`."""
    found = sections(chapter.markdown, frame, f"{prefix}s")
    return Shown(
        number=chapter.number,
        prefix=prefix,
        title=printable(chapter.title).strip() or labels.chapter.format(chapter.number),
        description=lines(chapter.description),
        minutes=chapter.reading_time_minutes,
        key_points=tuple(inline(each, frame) for each in chapter.key_points),
        parts=tuple(_placed(found, chapter.boosters, frame, labels)),
        takeaways=tuple(inline(each, frame) for each in chapter.takeaways),
        questions=tuple(_asked(each) for each in chapter.questions),
        sources=_paths(chapter.sources),
    )


def _placed(
    found: list[Section], boosters: Iterable[Booster], frame: Frame, labels: Labels
) -> Iterable[Section | Aside]:
    """Yield the sections, each booster where its section ends; at the chapter's end otherwise."""
    waiting: dict[int, list[Aside]] = {}
    for booster in sorted(boosters, key=lambda each: each.position):
        end = _end(found, booster.section_ref)
        waiting.setdefault(end, []).append(_aside(booster, frame, labels))
    for place, section in enumerate(found):
        yield section
        yield from waiting.get(place + 1, ())
    if not found:
        yield from waiting.get(0, ())


def _end(found: list[Section], heading: str) -> int:
    """Return how many sections stand before the end of the first called `heading`, or of all."""
    named = _folded(heading)
    if not named:
        return len(found)
    start = next((at for at, each in enumerate(found) if _folded(each.title) == named), len(found))
    for place in range(start + 1, len(found)):
        if found[place].level <= found[start].level:
            return place
    return len(found)


def _folded(heading: str) -> str:
    return " ".join(heading.strip("# ").casefold().split())


def _aside(booster: Booster, frame: Frame, labels: Labels) -> Aside:
    names: Mapping[str, str] = {
        "analogy": labels.analogy,
        "example": labels.example,
        "explanation": labels.explanation,
    }
    said = blocks(booster.content, frame)
    return Aside(booster.kind, names[booster.kind], said, _paths(booster.sources))


def _paths(sources: Iterable[Citation]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(source.path for source in sources))


def _asked(question: KnownQuestion) -> Asked:
    options = tuple(lines(each) for each in question.options)
    return Asked(
        text=lines(question.text),
        options=options,
        letter=LETTERS[question.correct_index],
        answer=options[question.correct_index],
        explanation=lines(question.explanation),
    )
