"""How two versions of a chapter differ: text by blocks and words, each other part by part. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, Literal
from uuid import UUID

from msgspec import Struct

from service.content.block import blocks, ids
from service.content.change import Change, differing
from service.content.diff import BlockChange, Piece, Side, differences, sides
from service.textbook.chapter import Version
from service.textbook.content import Booster, KnownQuestion

TEXTUAL: Final = ("title", "key_points")
"""What two versions may differ in besides their text and parts."""


class QuestionChange(Struct, frozen=True):
    """What became of a question, which keeps its id as long as it asks the same.

    `before` is null where it was added, `after` where it was removed; `words` is given where the
    question itself was reworded.
    """

    change: Literal["same", "moved", "changed", "added", "removed"]
    before: KnownQuestion | None
    after: KnownQuestion | None
    words: Sequence[Piece] = ()


class BoosterChange(Struct, frozen=True):
    """What became of a booster; `words` is given for one that was changed."""

    change: Literal["same", "moved", "changed", "added", "removed"]
    before: Booster | None
    after: Booster | None
    words: Sequence[Piece] = ()


class Comparison(Struct, frozen=True):
    """How two versions differ; `counts` says how many blocks were changed, added, removed.

    A takeaway is told like a block, of the kind takeaway.
    """

    counts: dict[str, int]
    changes: Sequence[Change]
    blocks: Sequence[BlockChange]
    takeaways: Sequence[BlockChange]
    questions: Sequence[QuestionChange]
    boosters: Sequence[BoosterChange]


def compared(of: UUID, before: Version, after: Version) -> Comparison:
    """Return how two versions of the chapter `of` differ."""
    texts = [each.parts.markdown for each in (before, after)]
    changed = tuple(differences(*(sides(blocks(of, text), text) for text in texts)))
    textual = ({name: getattr(each, name) for name in TEXTUAL} for each in (before, after))
    return Comparison(
        Counter(each.change for each in changed),
        list(differing("", *textual)),
        changed,
        list(differences(_takeaways(of, before), _takeaways(of, after))),
        list(_questions(before.parts.questions, after.parts.questions)),
        list(_boosters(of, before.parts.boosters, after.parts.boosters)),
    )


def _takeaways(of: UUID, version: Version) -> list[Side]:
    said = version.parts.summary.takeaways if version.parts.summary else ()
    known = ids(of, [("takeaway", each) for each in said])
    return [Side(at, "takeaway", each) for at, each in zip(known, said, strict=True)]


def _questions(
    before: Sequence[KnownQuestion], after: Sequence[KnownQuestion]
) -> Iterator[QuestionChange]:
    """Yield every question of both, in the order of `after`, removed ones where they stood."""
    old = {one.id: one for one in before}
    new = {one.id: one for one in after}
    for each in differences(_asked(before), _asked(after)):
        one = old.get(each.before.id) if each.before else None
        other = new.get(each.after.id) if each.after else None
        if one and other and one.id == other.id:
            words = _reworded(one, other)
            yield QuestionChange("changed" if one != other else each.change, one, other, words)
        else:
            yield from (QuestionChange("removed", gone, None) for gone in (one,) if gone)
            yield from (QuestionChange("added", None, come) for come in (other,) if come)


def _asked(questions: Sequence[KnownQuestion]) -> list[Side]:
    return [Side(one.id, "question", one.text) for one in questions]


def _reworded(one: KnownQuestion, other: KnownQuestion) -> Sequence[Piece]:
    """Return how a question's own words differ, nothing where they are the same."""
    if one.text == other.text:
        return ()
    texts = [Side(UUID(int=n), "question", each.text) for n, each in enumerate((one, other))]
    (found, *more) = differences(texts[:1], texts[1:])
    return found.words if not more else (Piece("removed", one.text), Piece("added", other.text))


def _boosters(
    of: UUID, before: Sequence[Booster], after: Sequence[Booster]
) -> Iterator[BoosterChange]:
    """Yield every booster of both, in the order of `after`, removed ones where they stood."""
    helped, helping = _helped(of, before), _helped(of, after)
    old = {side.id: one for side, one in zip(helped, before, strict=True)}
    new = {side.id: one for side, one in zip(helping, after, strict=True)}
    for each in differences(helped, helping):
        one = old[each.before.id] if each.before else None
        other = new[each.after.id] if each.after else None
        yield BoosterChange(each.change, one, other, each.words)


def _helped(of: UUID, boosters: Sequence[Booster]) -> list[Side]:
    """Return boosters as blocks: one is another where it says else or helps with else."""
    known = ids(of, [(one.kind, f"{one.section_ref}\n\n{one.content}") for one in boosters])
    return [Side(at, one.kind, one.content) for at, one in zip(known, boosters, strict=True)]
