"""The plan of a course: which part of which source each lesson teaches."""

from collections.abc import Callable, Sequence
from math import inf
from typing import Final

from msgspec import Struct

from service.generation.offline.reading.language import content_stems
from service.generation.offline.reading.section import Part, Passage, Section
from service.generation.offline.reading.sentence import Sentence

_DEEP: Final = 3  # headings that two sections share; more bind them no closer
_STRIDE: Final = 6  # a lesson may draw on this many times its fair share of text, and is condensed


class Unit(Struct, frozen=True):
    """A section, or where one is long a run of its passages; `continued` if not its first run."""

    section: Section
    passages: tuple[Passage, ...]
    continued: bool = False

    @property
    def words(self) -> int:
        """How many running words there are to read."""
        return sum(passage.words for passage in self.passages)

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        """Every sentence and list item, in order."""
        return tuple(one for passage in self.passages for one in passage.sentences)

    @property
    def lists(self) -> tuple[Part, ...]:
        """Its lists, numbered or not, in order."""
        parts = (part for passage in self.passages for part in passage.parts)
        return tuple(one for one in parts if one.form in ("list", "steps"))


Group = tuple[Unit, ...]


def stems(group: Group, language: str) -> tuple[str, ...]:
    """Return the stems of all that a group says, its headings once a section."""
    headings = (name for unit in group for name in unit.section.path)
    plain = (one.plain for unit in group for one in unit.sentences)
    return content_stems(" ".join([*headings, *plain]), language)


def units(sections: Sequence[Section], most: int) -> list[Unit]:
    """Return the units of `sections`, none longer than `most` words where passages allow a cut."""
    made: list[Unit] = []
    for section in sections:
        runs: list[list[Passage]] = [[]]
        size = 0
        for passage in section.passages:
            if runs[-1] and size + passage.words > most:
                runs.append([])
                size = 0
            runs[-1].append(passage)
            size += passage.words
        made += [Unit(section, tuple(run), at > 0) for at, run in enumerate(runs) if run]
    return made


def partition(found: Sequence[Unit], count: int, shortest: int, most: int) -> list[Group]:
    """Cut `found` into at most `count` groups in order, as even as good places to cut allow.

    Fewer than `count` come back where the text cannot carry so many of `shortest` words each.
    Dynamic programming over the last cut; a group may not exceed `_STRIDE` times its fair share.
    """
    sizes = [0]
    for unit in found:
        sizes.append(sizes[-1] + unit.words)
    share = max(min(sizes[-1] / count, most), 1.0)
    breaks = [_break(found, at) for at in range(len(found))]
    jumps = [0]
    for at in range(1, len(found)):
        jumps.append(jumps[-1] + (found[at].section.source != found[at - 1].section.source))

    def cost(start: int, end: int) -> float:
        size = sizes[end] - sizes[start]
        if size < shortest:
            return inf
        return (size / share - 1) ** 2 + breaks[start] + 0.6 * (jumps[end - 1] - jumps[start])

    wide = max(share * _STRIDE, sizes[-1] / count * 2)
    best: list[list[tuple[float, int]]] = [[(0.0, 0)] + [(inf, 0)] * len(found)]
    for _ in range(count):
        last, ends = best[-1], range(1, len(found) + 1)
        best.append([(inf, 0), *(_cheapest(last, cost, sizes, end, wide) for end in ends)])
    used = next((n for n in range(count, 0, -1) if best[n][-1][0] < inf), 0)
    return _trace(found, best, used)


def _cheapest(
    before: list[tuple[float, int]],
    cost: Callable[[int, int], float],
    sizes: list[int],
    end: int,
    wide: float,
) -> tuple[float, int]:
    choice = (inf, 0)
    for start in range(end - 1, -1, -1):
        if start < end - 1 and sizes[end] - sizes[start] > wide:
            break
        if before[start][0] < inf:
            choice = min(choice, (before[start][0] + cost(start, end), start))
    return choice


def _trace(found: Sequence[Unit], best: list[list[tuple[float, int]]], used: int) -> list[Group]:
    groups, end = [], len(found)
    for n in range(used, 0, -1):
        start = best[n][end][1]
        groups.append(tuple(found[start:end]))
        end = start
    return groups[::-1]


def _break(found: Sequence[Unit], at: int) -> float:
    """Return what it costs to begin a lesson at unit `at`: nothing at a source's start."""
    if at == 0 or found[at].section.source != found[at - 1].section.source:
        return 0.0
    if found[at].continued:
        return 1.5
    before, here = found[at - 1].section.path, found[at].section.path
    shared = sum(a == b for a, b in zip(before, here, strict=False))
    return 0.05 + 0.7 * min(shared, _DEEP)
