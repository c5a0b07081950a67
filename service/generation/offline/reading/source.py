"""Sources as a course needs them: their sections on one topic, in an order that can be taught."""

import re
from collections.abc import Iterator, Sequence
from statistics import median
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from service.generation.offline.reading import heading
from service.generation.offline.reading.language import content_stems
from service.generation.offline.reading.section import Section, sections
from service.generation.offline.reading.sentence import Sentence
from service.library.material import Chunk, Material

_CLEARLY: Final = 3  # mentions; fewer are by the way
_NAMING: Final = range(1, 3)  # words of a title that names a subject
_FEWEST_YEARS: Final = 3
_YEAR: Final = re.compile(r"(?<![\d.,])(?:1[0-9]{3}|20[0-9]{2})(?![\d.,]*\d)")
_DIGITS: Final = re.compile(r"(\d+)")


class Source(Struct, frozen=True):
    """A source that was read: what it teaches, its own glossary and summary, and its objectives."""

    material: Material
    title: str
    body: tuple[Section, ...]
    glossary: tuple[Section, ...]
    summary: tuple[Section, ...]
    objectives: tuple[str, ...]

    @property
    def summing_up(self) -> tuple[Sentence, ...]:
        """The sentences of its own summary."""
        return tuple(one for own in self.summary for part in own.passages for one in part.sentences)


def read(number: int, material: Material, topic: str, most: int) -> Source:
    """Read at most `most` characters of one source; `number` marks its sections as its own."""
    found = [
        section
        for start, end in _windows(material, topic, most)
        for section in sections(number, material, start, end)
    ]
    title, found = _titled(material, found)
    return Source(
        material,
        title,
        tuple(one for one in found if one.role == "body" and one.words),
        tuple(one for one in found if one.role == "glossary"),
        tuple(one for one in found if one.role == "summary"),
        tuple(aim for one in found for aim in one.objectives),
    )


def _titled(material: Material, found: list[Section]) -> tuple[str, list[Section]]:
    """Take a heading above everything as the title, and off every path."""
    tops = {one.path[:1] for one in found}
    common = next(iter(tops)) if len(tops) == 1 else ()
    stem = material.path.rsplit("/", 1)[-1].rsplit(".", 1)[0].replace("-", " ").replace("_", " ")
    first = next(
        (one.path[0] for one in found[:1] if one.path and not heading.opens(one.path[0])), ""
    )
    title = heading.clean(material.title) or (
        common[0] if common else first or stem.strip().capitalize()
    )
    if common and len(found) > 1:
        found = [replace(one, path=one.path[1:]) for one in found]
    return title, found


def _windows(material: Material, topic: str, most: int) -> Iterator[tuple[int, int]]:
    """Yield the spans to read: all of a source, or of a long one the chunks nearest the topic."""
    if len(material.text) <= most or not material.chunks:
        yield 0, min(len(material.text), most)
        return
    start = end = -1
    for chunk in _nearest(material, topic, most):
        if start >= 0 and material.text[end : chunk.start].strip():
            yield start, end
            start = -1
        start, end = chunk.start if start < 0 else start, chunk.end
    if start >= 0:
        yield start, end


def _nearest(material: Material, topic: str, most: int) -> list[Chunk]:
    """Return the chunks that name the topic, most of all first taken, in the order of the text."""
    wanted = content_stems(topic, material.language)
    scores = {
        one: _speaks(material.text[one.start : one.end], one.heading, wanted)
        for one in material.chunks
    }
    named = [one for one in material.chunks if scores[one]] or list(material.chunks)
    chosen, size = [], 0
    for chunk in sorted(named, key=lambda one: (-scores[one], one.start)):
        if size + chunk.end - chunk.start <= most:
            chosen.append(chunk)
            size += chunk.end - chunk.start
    return sorted(chosen, key=lambda one: one.start)


def _speaks(text: str, heading: Sequence[str], wanted: Sequence[str]) -> int:
    low, above = text.lower(), " ".join(heading).lower()
    return sum(min(low.count(one), 8) + 10 * (one in above) for one in wanted)


def teaching_order(found: Sequence[Source]) -> list[Source]:
    """Return sources in the order of their paths, numbers counted as numbers.

    Without numbers in their names, sources that tell of years stand in the order of those years;
    of others one whose subject the rest mention often comes before them.
    """
    if all(_DIGITS.search(_name(one)) for one in found):
        return sorted(found, key=lambda one: [int(p) if p.isdigit() else p for p in _split(one)])
    told = [_years(one) for one in found]
    if all(len(years) >= _FEWEST_YEARS for years in told):
        order = sorted(range(len(found)), key=lambda at: (median(told[at]), at))
        return [found[at] for at in order]
    return _by_need(found)


def _years(source: Source) -> list[int]:
    plain = (
        one.plain
        for section in source.body
        for passage in section.passages
        for one in passage.sentences
    )
    return [int(year) for text in plain for year in _YEAR.findall(text)]


def _name(source: Source) -> str:
    return source.material.path.rsplit("/", 1)[-1]


def _split(source: Source) -> list[str]:
    return list(_DIGITS.split(source.material.path))


def _by_need(found: Sequence[Source]) -> list[Source]:
    """Put first, again and again, the source that leans clearly least on those still to come."""
    texts = [_all_stems(one) for one in found]
    names = [_subject(one) for one in found]
    left, order = list(range(len(found))), []

    def need(at: int) -> tuple[int, int]:
        uses = (texts[at].count(names[n]) for n in left if n != at and names[n])
        return sum(uses) // _CLEARLY, at

    while left:
        following = min(left, key=need)
        order.append(found[following])
        left.remove(following)
    return order


def _all_stems(source: Source) -> str:
    plain = (one.plain for own in source.body for part in own.passages for one in part.sentences)
    return " ".join(content_stems(" ".join(plain), source.material.language))


def _subject(source: Source) -> str:
    stems = content_stems(source.title, source.material.language)
    return " ".join(stems) if len(stems) in _NAMING else ""
