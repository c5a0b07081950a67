"""What a course is made from: what speaks of its topic, once, and no more than fits."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from msgspec.structs import replace

from service.generation.generator import Brief
from service.generation.offline.reading.language import content_stems
from service.generation.offline.reading.section import Section
from service.generation.offline.reading.source import Source
from service.generation.offline.teaching import rank
from service.generation.offline.teaching.wish import Wish

_SPEAKS: Final = 0.3  # a source of which this share of sections names the topic is about it
_ROOM: Final = 1.4  # how many times what fits into the lessons is kept to choose from


def relevant(brief: Brief, wanted: Wish, sources: Sequence[Source]) -> list[Section]:
    """Return the sections to teach from, in order; none where no source names the topic."""
    return _chosen(brief, wanted, on_topic(brief, sources))


def on_topic(brief: Brief, sources: Sequence[Source]) -> list[Section]:
    """Return the sections that speak of the topic, whole sources where much of them does.

    What stands in several of them is in the first only.
    """
    wanted = content_stems(brief.topic, brief.language)
    reach = [_reach(wanted, one) for one in sources]
    most = max((len(hit) for hit in reach), default=0)
    if not most and wanted:
        return []
    about = [one for one, hit in zip(sources, reach, strict=True) if len(hit) * 2 >= most]
    return _fresh([section for source in about for section in _speaking(wanted, source)])


def _reach(wanted: Sequence[str], source: Source) -> frozenset[str]:
    named = rank.hits(wanted, _named(source))
    return named.union(*(rank.hits(wanted, _stems(one, source)) for one in source.body))


def _named(source: Source) -> tuple[str, ...]:
    path = source.material.path.replace("/", " ").replace("_", " ").replace("-", " ")
    return content_stems(f"{source.title} {path}", source.material.language)


def _stems(section: Section, source: Source) -> tuple[str, ...]:
    return _section_stems(section, source.material.language)


@lru_cache(maxsize=1024)
def _section_stems(section: Section, language: str) -> tuple[str, ...]:
    plain = (one.plain for passage in section.passages for one in passage.sentences)
    return content_stems(" ".join([*section.path, *plain]), language)


def _speaking(wanted: Sequence[str], source: Source) -> Iterator[Section]:
    tops = {one.path[:1] for one in source.body if rank.hits(wanted, _stems(one, source))}
    share = sum(one.path[:1] in tops for one in source.body) / max(len(source.body), 1)
    whole = share >= _SPEAKS or bool(rank.hits(wanted, _named(source)))
    return (one for one in source.body if whole or one.path[:1] in tops)


def _fresh(sections: Sequence[Section]) -> list[Section]:
    """Leave out passages that an earlier section, or another source, has word for word."""
    seen: set[str] = set()
    made = []
    for section in sections:
        own = []
        for passage in section.passages:
            plain = {one.plain.lower() for one in passage.sentences}
            if not plain or not plain & seen:
                own.append(passage)
                seen |= plain
        made.append(replace(section, passages=tuple(own)))
    return [one for one in made if one.words]


def _chosen(brief: Brief, wanted: Wish, sections: Sequence[Section]) -> list[Section]:
    """Of much more than the lessons can hold keep what speaks most of the topic, in its order."""
    room = brief.num_lessons * wanted.words * _ROOM
    if sum(one.words for one in sections) <= room:
        return list(sections)
    topic = content_stems(brief.topic, brief.language)
    heads = [" ".join(one.path) for one in sections]
    scores = [
        rank.weight(topic, _section_stems(one, brief.language))
        + len(rank.hits(topic, content_stems(head, brief.language)))
        for one, head in zip(sections, heads, strict=True)
    ]
    order = sorted(range(len(sections)), key=lambda at: (-round(scores[at], 9), at))
    kept, size = set(), 0
    for at in order:
        if size < room:
            kept.add(at)
            size += sections[at].words
    return [one for at, one in enumerate(sections) if at in kept]
