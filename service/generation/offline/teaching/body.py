"""A text drawn from sources: their passages in their order, under their headings, each cited."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from service.course.content import Citation, Section
from service.generation.offline.reading.source import Source
from service.generation.offline.teaching import setting
from service.generation.offline.teaching.curriculum import Curriculum
from service.generation.offline.teaching.plan import Group, Unit
from service.generation.offline.teaching.title import depth
from service.generation.offline.teaching.wording import quoted, wording


def sections(course: Curriculum, group: Group) -> Iterator[Section]:
    """Yield the text of a group: a section for each heading that its parts differ in first.

    Narrower headings stand inside it, and below the last of a source is said where it comes from.
    """
    top = depth(group) + 1
    runs = [
        list(run)
        for _, run in groupby(group, key=lambda one: (one.section.source, one.section.path[:top]))
    ]
    for own, following in zip(runs, [*runs[1:], None], strict=True):
        first = own[0]
        source = course.sources[first.section.source]
        text = list(_set(own, source, top))
        if following is None or following[0].section.source != first.section.source:
            text.append(_origin(course, first))
        heading = first.section.path[:top][-1] if first.section.path else source.title
        if first.continued:
            heading = wording(course.language).continued.format(heading=heading)
        yield Section(heading, "\n\n".join(text))


def _set(own: Sequence[Unit], source: Source, top: int) -> Iterator[str]:
    """Yield units as Markdown, those with narrower headings than the section's under their own.

    A heading is at most one level below the one before it.
    """
    level = 2
    for unit in own:
        path = unit.section.path
        if len(path) > top and not unit.continued:
            level = min(len(path) - top + 2, level + 1, 6)
            yield f"{'#' * level} {path[-1]}"
        yield from (setting.set_passage(one, source.material.text) for one in unit.passages)


def _origin(course: Curriculum, unit: Unit) -> str:
    say = wording(course.language)
    source = course.sources[unit.section.source]
    where = f"{quoted(source.title, say)}, {source.material.path}"
    return f"*{say.taken_from.format(sources=where)}*"


def cited(course: Curriculum, group: Group) -> Iterator[Citation]:
    """Yield the source of every sentence, list item, table and code block of a group."""
    for unit in group:
        material = course.sources[unit.section.source].material
        for passage in unit.passages:
            yield from setting.citations(passage, material)
