"""How two texts differ: block by block, and word by word within a block that was changed."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Final, Literal
from uuid import UUID

from msgspec import Struct

from service.content.block import Block

NEAR: Final = 8
"""Among how many of the blocks that went one is looked for that a new block was made from."""
ALIKE: Final = 0.4
"""The share of words in common from which on one block was made from the other."""
WORK: Final = 4_000_000
"""Pairs of words that are compared at most; blocks beyond that differ as a whole."""
_WORD: Final = re.compile(
    r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]|[^\W\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]+|\s+|[^\w\s]"
)


class Side(Struct, frozen=True):
    """A block in one of the texts."""

    id: UUID
    kind: str
    markdown: str


class Piece(Struct, frozen=True):
    """Some words in a row: the same in both texts, or in one of them only."""

    change: Literal["same", "added", "removed"]
    text: str


class BlockChange(Struct, frozen=True):
    """What became of a block; `words` is given for one that was changed.

    `before` is null where it was added, `after` where it was removed.
    """

    change: Literal["same", "moved", "changed", "added", "removed"]
    before: Side | None
    after: Side | None
    words: tuple[Piece, ...] = ()


def sides(blocks: Sequence[Block], text: str) -> list[Side]:
    """Return the blocks of `text` with what they say."""
    return [Side(each.id, each.kind, text[each.start : each.end]) for each in blocks]


def differences(before: Sequence[Side], after: Sequence[Side]) -> Iterator[BlockChange]:
    """Yield every block of both texts in the order of `after`, removed ones where they stood.

    No id may be twice in one text.
    """
    old = {one.id: one for one in before}
    kept = {one.id for one in after}
    work = WORK
    for (i, j), (next_i, next_j) in pairwise([(-1, -1), *_common(before, after)]):
        gone = [one for one in before[i + 1 : next_i] if one.id not in kept]
        come = after[j + 1 : next_j]
        for one, other in _paired(gone, come, old):
            change, spent = _change(one, other, work)
            work -= spent
            yield change
        if next_j < len(after):
            yield BlockChange("same", before[next_i], after[next_j])


def _common(before: Sequence[Side], after: Sequence[Side]) -> list[tuple[int, int]]:
    """Return the places of the most blocks that come in one order in both, then both ends.

    As no id is twice in a text, these are a longest increasing subsequence.
    """
    place = {one.id: number for number, one in enumerate(before)}
    least: list[int] = []
    ends: list[int] = []
    chain: dict[int, tuple[int, int | None]] = {}
    for j, one in enumerate(after):
        i = place.get(one.id)
        if i is not None:
            at = bisect_left(least, i)
            least[at : at + 1], ends[at : at + 1] = [i], [j]
            chain[j] = i, ends[at - 1] if at else None
    found, last = [(len(before), len(after))], ends[-1] if ends else None
    while last is not None:
        i, previous = chain[last]
        found.append((i, last))
        last = previous
    return found[::-1]


def _paired(
    gone: Sequence[Side], come: Sequence[Side], old: Mapping[UUID, Side]
) -> Iterator[tuple[Side | None, Side | None]]:
    """Yield each block that went or came, with the one that it became or was made from."""
    at = 0
    for new in come:
        if new.id in old:
            yield old[new.id], new
            continue
        near = range(at, min(at + NEAR, len(gone)))
        made_from = next((number for number in near if _alike(gone[number], new)), None)
        if made_from is None:
            yield None, new
            continue
        yield from ((one, None) for one in gone[at:made_from])
        yield gone[made_from], new
        at = made_from + 1
    yield from ((one, None) for one in gone[at:])


def _alike(one: Side, other: Side) -> bool:
    if one.kind != other.kind:
        return False
    words = [_vocabulary(side.markdown) for side in (one, other)]
    total = words[0].total() + words[1].total()
    return 2 * (words[0] & words[1]).total() >= ALIKE * total > 0


def _vocabulary(text: str) -> Counter[str]:
    return Counter(word for word in _WORD.findall(text.lower()) if word.isalnum())


def _change(one: Side | None, other: Side | None, work: int) -> tuple[BlockChange, int]:
    """Return what became of a block, and how many pairs of words that took."""
    if one is None:
        return BlockChange("added", None, other), 0
    if other is None:
        return BlockChange("removed", one, None), 0
    if one.id == other.id:
        return BlockChange("moved", one, other), 0
    words = _WORD.findall(one.markdown), _WORD.findall(other.markdown)
    spent = len(words[0]) * len(words[1])
    pieces = _pieces(*words) if spent <= work else _whole(one, other)
    return BlockChange("changed", one, other, tuple(pieces)), spent if spent <= work else 0


def _pieces(one: Sequence[str], other: Sequence[str]) -> Iterator[Piece]:
    for word, i, upto_i, j, upto_j in SequenceMatcher(None, one, other, False).get_opcodes():
        if word == "equal":
            yield Piece("same", "".join(one[i:upto_i]))
            continue
        if i < upto_i:
            yield Piece("removed", "".join(one[i:upto_i]))
        if j < upto_j:
            yield Piece("added", "".join(other[j:upto_j]))


def _whole(one: Side, other: Side) -> Iterator[Piece]:
    yield Piece("removed", one.markdown)
    yield Piece("added", other.markdown)
