"""Excerpts: the parts of sources that a request shows a model, within so many characters."""

from collections import Counter
from collections.abc import Iterable, Sequence
from math import log
from typing import Final
from xml.sax.saxutils import quoteattr

from msgspec import Struct
from msgspec.structs import replace

from service.course.content import Citation
from service.generation.gate.quote import found
from service.generation.offline.reading.language import content_stems
from service.generation.provenance import Span
from service.library.material import Chunk, Material

_WORTH: Final = 0.2  # of what the best chunk says; what says less is left out
_LEAST: Final = 300  # characters of a chunk that still tell what it is about
_TAGS: Final = ("source", "excerpt", "chunk", "passage")


class Excerpt(Struct, frozen=True):
    """``text[start:end]`` of a source, as `text`; `number` is what a request calls it."""

    number: int
    source_id: str
    path: str
    heading: tuple[str, ...]
    start: int
    end: int
    text: str

    @property
    def span(self) -> Span:
        """Where it is from."""
        return Span(self.source_id, self.path, self.start, self.end)

    def located(self, quote: str) -> tuple[int, int] | None:
        """Return where `quote` stands in the source, None if it does not stand in the excerpt."""
        if (span := found(self.text, quote)) is None:
            return None
        return self.start + span[0], self.start + span[1]


def telling(material: Sequence[Material], wanted: str, budget: int) -> tuple[Excerpt, ...]:
    """Return the chunks that say most about `wanted`, at most `budget` characters of them.

    They are chosen best first and numbered from 1 in the order of the sources.
    """
    scored = _scored(material, wanted)
    enough = _WORTH * max((score for score, _, _ in scored), default=0.0)
    chosen, left = list[tuple[int, Excerpt]](), budget
    for score, at, one in sorted(scored, key=lambda row: (-row[0], row[1])):
        size = len(one.text)
        if score >= enough and (size <= left or not chosen):
            chosen.append((at, _cut(one, left)))
            left -= min(size, left)
    return _numbered([one for _, one in sorted(chosen, key=lambda pair: pair[0])])


def spread(material: Sequence[Material], wanted: str, budget: int) -> tuple[Excerpt, ...]:
    """Return the beginnings of chunks from all over the sources, as long as `budget` lets them be.

    Where it lets only some be shown, they are those that say most about `wanted`.
    """
    scored = _scored(material, wanted)
    if sum(len(one.text) for _, _, one in scored) <= budget:
        return _numbered([one for _, _, one in scored])
    most = max(budget // _LEAST, 1)
    best = sorted(scored, key=lambda row: (-row[0], row[1]))[:most]
    share = budget // max(len(best), 1)
    return _numbered([_cut(one, share) for _, _, one in sorted(best, key=lambda row: row[1])])


def around(
    material: Sequence[Material], citations: Sequence[Citation], budget: int
) -> tuple[Excerpt, ...]:
    """Return the chunks that `citations` are from, at most `budget` characters of them."""
    places = {(one.source_id, one.start) for one in citations}
    chosen, left = list[Excerpt](), budget
    for source in material:
        starts = [start for source_id, start in places if source_id == source.source_id]
        for chunk in source.chunks:
            if left > 0 and any(chunk.start <= start < chunk.end for start in starts):
                chosen.append(_cut(_excerpt(source, chunk), left))
                left -= len(chosen[-1].text)
    return _numbered(chosen)


def quoted(citations: Iterable[Citation], budget: int) -> tuple[Excerpt, ...]:
    """Return the quotes as they stand in their sources, at most `budget` characters of them."""
    chosen, left = list[Excerpt](), budget
    for one in dict.fromkeys(citations):
        if len(one.quote) <= left:
            chosen.append(Excerpt(0, one.source_id, one.path, (), one.start, one.end, one.quote))
            left -= len(one.quote)
    return _numbered(chosen)


def tag(excerpts: Sequence[Excerpt]) -> str:
    """Return the name of the tag to show `excerpts` in: one that none of them can close."""
    return open_tag("\n".join(one.text for one in excerpts), _TAGS)


def open_tag(text: str, names: Sequence[str]) -> str:
    """Return the first of `names` that is no tag which `text` can close."""
    return next((name for name in names if f"</{name}" not in text), names[0])


def shown(excerpts: Sequence[Excerpt], name: str) -> str:
    """Return `excerpts` as a request shows them, each between tags called `name`."""
    return "\n\n".join(
        f'<{name} n="{one.number}" path={quoteattr(one.path)}'
        f" heading={quoteattr(' / '.join(one.heading))}>\n{one.text.strip()}\n</{name}>"
        for one in excerpts
    )


def _scored(material: Sequence[Material], wanted: str) -> list[tuple[float, int, Excerpt]]:
    """Return each chunk with how much it says about `wanted`, and its place in the reading order.

    Words count by how few chunks have them; sources come best first, so a tie is theirs.
    """
    pairs = [(source, chunk) for source in material for chunk in source.chunks]
    stems = [_stems(source, chunk) for source, chunk in pairs]
    spread_over = Counter(stem for own in stems for stem in own)
    topics = {source.source_id: set(content_stems(wanted, source.language)) for source in material}
    scored = []
    for at, ((source, chunk), own) in enumerate(zip(pairs, stems, strict=True)):
        found_ = topics[source.source_id] & own.keys()
        score = sum(
            log(1 + own[stem]) * log(1 + len(pairs) / spread_over[stem]) for stem in found_
        ) / (1 + log(1 + own.total()))
        scored.append((round(score, 9), at, _excerpt(source, chunk)))
    return scored


def _stems(source: Material, chunk: Chunk) -> Counter[str]:
    said = " ".join((*chunk.heading, source.text[chunk.start : chunk.end]))
    return Counter(content_stems(said, source.language))


def _excerpt(source: Material, chunk: Chunk) -> Excerpt:
    text = source.text[chunk.start : chunk.end]
    return Excerpt(0, source.source_id, source.path, chunk.heading, chunk.start, chunk.end, text)


def _cut(one: Excerpt, most: int) -> Excerpt:
    """Return the beginning of an excerpt, up to the end of a word."""
    if len(one.text) <= most:
        return one
    space = max(one.text.rfind(" ", 0, most), one.text.rfind("\n", 0, most))
    text = one.text[: space if space > most // 2 else most]
    return replace(one, end=one.start + len(text), text=text)


def _numbered(chosen: Sequence[Excerpt]) -> tuple[Excerpt, ...]:
    return tuple(replace(one, number=number) for number, one in enumerate(chosen, 1))
