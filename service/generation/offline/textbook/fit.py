"""Which of its text a chapter keeps: whole sections that say most, as many as it has room for."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from service.generation.offline.reading.language import content_stems
from service.generation.offline.reading.readability import measure
from service.generation.offline.reading.section import Passage
from service.generation.offline.teaching import rank, setting
from service.generation.offline.teaching.body import sections
from service.generation.offline.teaching.curriculum import Curriculum
from service.generation.offline.teaching.definition import definitions
from service.generation.offline.teaching.plan import Group, Unit
from service.generation.offline.textbook.asking import askable
from service.generation.offline.textbook.room import Room
from service.textbook import length

_SCRAP: Final = 60
"""Words; so few of a longer section are no section."""
_KEPT: Final = 0.85  # of all there is; the rest is for boosters
_TRIES: Final = 8
PIECE: Final = range(18, 221)
"""The words of a passage that can stand beside a text."""
_STEP: Final = 15  # words that a try is asked to be shorter than the one before
_ENOUGH: Final = 8  # sentences that can be asked about; more make a section no better
_TOO_FAR: Final = 0.05  # for each grade that a text is harder or easier than asked


class _Row(Struct, frozen=True):
    """The words of a unit's heading, and of each of its passages."""

    heading: int
    passages: tuple[int, ...]


def long(course: Curriculum, group: Group) -> int:
    """Return the words of a group as it is set, with its headings and where it comes from."""
    parts = sections(course, group) if group else ()
    return sum(length.words(one.heading) + length.words(one.markdown) for one in parts)


def fitted(course: Curriculum, group: Group, room: Room, spare: int) -> Group:
    """Return as much of `group` as there is room for; less than `room.least` if it has no more.

    The sections that say most come first, each whole or by its beginning, so that no run of text
    has holes; they stand in the order of the sources. Where it can be, `spare` passages are left.
    """
    rows, order = [_row(course, unit) for unit in group], _order(course, group)
    whole = sum(_size(row, len(row.passages)) for row in rows)
    usual = min(room.wanted, max(room.least, round(whole * _KEPT)))
    tries = [
        _fitted(course, group, rows, order, replace(room, wanted=wanted))
        for wanted in dict.fromkeys((usual, (usual + room.least) // 2, room.least))
    ]
    return next((made for made in tries if _left(group, made) >= spare), tries[0])


def _fitted(
    course: Curriculum, group: Group, rows: Sequence[_Row], order: Sequence[int], room: Room
) -> Group:
    tight, made = replace(room, enough=min(room.enough, room.wanted)), group
    for _ in range(_TRIES):
        made = _cut(group, _taken(rows, order, tight))
        over = long(course, made) - room.most
        if over <= 0:
            break
        most = tight.most - max(over, _STEP)
        tight = replace(
            tight, most=most, wanted=min(tight.wanted, most), enough=min(tight.enough, most)
        )
    return made


def _left(group: Group, made: Group) -> int:
    """Return how many passages of prose a chapter leaves that can serve as boosters."""
    kept = {one for unit in made for one in unit.passages}
    return sum(
        one.words in PIECE and any(part.form == "prose" for part in one.parts)
        for unit in group
        for one in unit.passages
        if one not in kept
    )


def _row(course: Curriculum, unit: Unit) -> _Row:
    text = course.sources[unit.section.source].material.text
    sizes = (length.words(setting.set_passage(one, text)) for one in unit.passages)
    return _Row(length.words(unit.section.heading), tuple(sizes))


def _cut(group: Group, taken: Sequence[int]) -> Group:
    pairs = zip(group, taken, strict=True)
    return tuple(replace(unit, passages=unit.passages[:count]) for unit, count in pairs if count)


def _taken(rows: Sequence[_Row], order: Sequence[int], room: Room) -> list[int]:
    """Return how many passages of each row a chapter keeps."""
    taken, words = [0] * len(rows), 0
    for most in (room.wanted, min(room.wanted + (room.most - room.least) // 4, room.most)):
        for at in order:
            if words < room.wanted and not taken[at]:
                taken[at] = _beginning(rows[at], most - words)
                words += _size(rows[at], taken[at])
    for at in order:  # where that is too short, sections go on for longer
        while words < room.enough and taken[at] < len(rows[at].passages):
            more = _size(rows[at], taken[at] + 1) - _size(rows[at], taken[at])
            if words + more > room.most:
                break
            taken[at], words = taken[at] + 1, words + more
    return taken


def _size(row: _Row, count: int) -> int:
    return row.heading + sum(row.passages[:count]) if count else 0


def _beginning(row: _Row, left: int) -> int:
    """Return how many passages of a row fit; none where that were a scrap."""
    count = 0
    while count < len(row.passages) and _size(row, count + 1) <= left:
        count += 1
    scrap = count < len(row.passages) and _size(row, count) < _SCRAP
    return 0 if scrap else count


def _order(course: Curriculum, group: Group) -> list[int]:
    """Return the places of units, those first that say most.

    That is what is central, on the topic and whole, what defines terms, what a quiz can ask about,
    and what comes early.
    """
    texts = [" ".join(one.plain for one in unit.sentences) for unit in group]
    central = rank.centrality(texts, course.language)
    topic = content_stems(course.brief.topic, course.language)
    scores = []
    for at, (unit, near) in enumerate(zip(group, central, strict=True)):
        defined = definitions(course.terms, unit.passages, course.language)
        heads = content_stems(" ".join(unit.section.path), course.language)
        score = near + 0.1 * sum(one.strength for one in defined[:3])
        score += 0.2 * len(rank.hits(topic, heads)) + 0.5 * _whole(unit.passages)
        asked = sum(askable(one, course.language) for one in unit.sentences)
        score += (
            0.05 * min(asked, _ENOUGH) + 0.4 * (not unit.continued) + 0.4 * (1 - at / len(group))
        )
        scores.append(round(score - _TOO_FAR * _away(course, texts[at]), 9))
    return sorted(range(len(group)), key=lambda at: (-scores[at], at))


def _whole(passages: Sequence[Passage]) -> float:
    """Return how much of a stretch of source was kept, 0 to 1; less has been torn apart."""
    parts = [part for passage in passages for part in passage.parts]
    kept = sum(part.end - part.start for part in parts)
    return min(kept / max(parts[-1].end - parts[0].start, 1), 1.0)


def _away(course: Curriculum, text: str) -> float:
    """Return how many grades a text reads away from what was asked for."""
    wanted = course.wish.grade
    return max(abs(measure(text, course.language).grade - wanted) - 1, 0) if wanted else 0.0
