"""Titles: what a lesson is called, after the heading that covers most of it, or after its terms."""

from collections.abc import Sequence
from typing import Final

from service.generation.offline.reading import heading
from service.generation.offline.reading.language import content_stems
from service.generation.offline.reading.section import Section
from service.generation.offline.teaching.curriculum import Curriculum
from service.generation.offline.teaching.phrase import brief, distinct, listed, lowered, simple
from service.generation.offline.teaching.plan import Group
from service.generation.offline.teaching.wording import series, wording

_LONGEST: Final = 56
_WHOLE: Final = 0.8  # a lesson with this share of a text may bear its title
_MOST: Final = 0.65  # a part with this share of a lesson names it alone
_PARTS: Final = 3


def titles(course: Curriculum) -> list[str]:
    """Return the titles of the lessons of `course`, no two of them the same."""
    taken: list[str] = []
    for at in range(len(course.plan)):
        taken.append(_distinct(course, at, _title(course, at), taken))
    return taken


def _title(course: Curriculum, at: int) -> str:
    """Name a lesson after the narrowest heading above all it teaches, or after its parts."""
    group = course.plan[at]
    numbers = sorted({unit.section.source for unit in group})
    if len(numbers) > 1:
        sizes = {
            course.sources[n].title: sum(one.words for one in group if one.section.source == n)
            for n in numbers
        }
        return _joined(course, at, sizes)
    source = course.sources[numbers[0]]
    mine = {unit.section.path for unit in group}
    if _covers(mine, source.body) and not _shared(course, at):
        return source.title
    top = _common([unit.section.path for unit in group])
    if top and (
        len(mine) == 1 or _covers(mine, [one for one in source.body if one.path[: len(top)] == top])
    ):
        return top[-1]
    names = headings(group) if any(unit.section.path for unit in group) else {}
    return _joined(course, at, names) if names else _by_terms(course, at) or source.title


def _covers(mine: set[tuple[str, ...]], sections: Sequence[Section]) -> bool:
    """Tell whether a lesson has most of the words of `sections`."""
    whole = sum(one.words for one in sections)
    return sum(one.words for one in sections if one.path in mine) >= _WHOLE * whole


def _common(paths: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    shared = 0
    while all(len(one) > shared and one[shared] == paths[0][shared] for one in paths):
        shared += 1
    return paths[0][:shared]


def depth(group: Group) -> int:
    """Return how many headings all of a group stands under."""
    return len(_common([unit.section.path for unit in group]))


def headings(group: Group) -> dict[str, int]:
    """Return the headings a lesson goes through, the outermost that differ, and their words."""
    top = depth(group)
    sizes: dict[str, int] = {}
    for unit in group:
        path = unit.section.path
        name = path[top] if len(path) > top else unit.section.heading
        if name:
            sizes[name] = sizes.get(name, 0) + unit.words
    return sizes


def _joined(course: Curriculum, at: int, sizes: dict[str, int]) -> str:
    """Name a lesson after its parts where they are short, else after the one that is its heart."""
    telling = {name: size for name, size in sizes.items() if not heading.opens(name)} or sizes
    largest = max(telling, key=lambda name: telling[name])
    if telling[largest] >= _MOST * sum(telling.values()):
        return largest
    names = distinct([brief(name) for name in telling], course.language)
    short = len(names) <= _PARTS and all(simple(name, course.language) for name in names)
    whole = _series(course, at, names)
    if short and len(whole) <= _LONGEST and (len(names) < _PARTS or len(whole) < _LONGEST - 8):
        return whole
    return largest if len(largest) <= _LONGEST else brief(largest)


def _series(course: Curriculum, at: int, names: Sequence[str]) -> str:
    """Join headings; common words among the later ones lose a capital that only the first needs."""
    seen = "\n".join(one.plain for unit in course.plan[at] for one in unit.sentences)
    titled = any(word[:1].isupper() for name in names for word in name.split()[1:])
    rest = names[1:] if titled else [lowered(one, seen, course.language) for one in names[1:]]
    return series([*names[:1], *rest], wording(course.language))


def _by_terms(course: Curriculum, at: int) -> str:
    whole = listed([one.name for one in course.concepts[at][:2]], course.language)
    return whole[:1].upper() + whole[1:]


def _distinct(course: Curriculum, at: int, title: str, taken: Sequence[str]) -> str:
    """Tell a lesson from others of the same title by what it is about, or by its number."""
    headed = any(unit.section.path for unit in course.plan[at])
    if title not in taken and not (headed and _shared(course, at)):
        return title
    said = set(content_stems(title, course.language))
    fresh = [
        one.name
        for one in course.concepts[at]
        if one.weight >= 2 and not set(one.key) & said  # noqa: PLR2004 - stressed by the author
    ]
    for first in range(len(fresh)):
        longer = f"{title}: {series(fresh[first : first + 2], wording(course.language))}"
        if longer not in taken:
            return longer
    count = sum(one.startswith(title) for one in taken)
    return wording(course.language).part.format(title=title, number=count + 1)


def _shared(course: Curriculum, at: int) -> bool:
    """Tell whether a lesson is a part of one section only, and another has the rest of it."""
    mine = {(unit.section.source, unit.section.path) for unit in course.plan[at]}
    rest = (group for n, group in enumerate(course.plan) if n != at)
    others = {(unit.section.source, unit.section.path) for group in rest for unit in group}
    return len(mine) == 1 and mine <= others
