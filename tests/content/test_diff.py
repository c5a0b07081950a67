"""How two texts differ: what a reader is told gives both texts back, and no more than it must."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from service.content import diff
from service.content.block import blocks
from service.content.diff import BlockChange, Side, differences, sides

LESSON = UUID(int=1)
PARAGRAPHS = st.lists(
    st.sampled_from(
        ["one two three four", "one two three five", "six seven", "# A", "- x", "- y", "光は葉に"]
    ),
    max_size=8,
)


def parted(text: str) -> list[Side]:
    return sides(blocks(LESSON, text), text)


def between(before: str, after: str) -> list[BlockChange]:
    return list(differences(parted(before), parted(after)))


def short(changes: list[BlockChange]) -> list[tuple[str, str]]:
    return [
        (each.change, (each.after or each.before).markdown)  # type: ignore[union-attr]
        for each in changes
    ]


@given(PARAGRAPHS, PARAGRAPHS)
def test_a_difference_tells_both_texts(before: list[str], after: list[str]) -> None:
    one, other = parted("\n\n".join(before)), parted("\n\n".join(after))
    changes = list(differences(one, other))

    assert [each.after for each in changes if each.after] == other
    gone = [each.before for each in changes if each.before and each.change != "moved"]
    assert [side for side in one if side in gone] == gone
    told = {each.before.id for each in changes if each.before}
    assert told == {side.id for side in one}
    for each in changes:
        if each.change == "changed" and each.before and each.after:
            old = "".join(piece.text for piece in each.words if piece.change != "added")
            new = "".join(piece.text for piece in each.words if piece.change != "removed")
            assert (old, new) == (each.before.markdown, each.after.markdown)
        assert (each.change == "same") == (each.before == each.after and each.change != "moved")


@given(PARAGRAPHS)
def test_a_text_does_not_differ_from_itself(lines: list[str]) -> None:
    text = "\n\n".join(lines)

    assert {each.change for each in between(text, text)} <= {"same"}


def test_a_block_that_was_changed_shows_its_words() -> None:
    (title, changed) = between("# A\n\nOne two three.", "# A\n\nOne five three.")

    assert title.change == "same"
    assert [(piece.change, piece.text) for piece in changed.words] == [
        ("same", "One "),
        ("removed", "two"),
        ("added", "five"),
        ("same", " three."),
    ]


def test_what_is_written_without_spaces_is_compared_by_character() -> None:
    (changed,) = between("光は葉に落ちる", "光は石に落ちる")

    assert [piece.text for piece in changed.words] == ["光は", "葉", "石", "に落ちる"]


def test_blocks_come_go_and_move() -> None:
    before = "A one.\n\nB two.\n\nC three.\n\nD four."
    after = "C three.\n\nA one.\n\nE quite new.\n\nD four."

    assert short(between(before, after)) == [
        ("moved", "C three."),
        ("same", "A one."),
        ("added", "E quite new."),
        ("removed", "B two."),
        ("same", "D four."),
    ]


def test_a_new_block_is_not_taken_for_another_kind_or_another_sentence() -> None:
    changes = between("- Light falls.\n\nWater flows.", "Light falls.\n\nBread is baked of corn.")

    assert sorted(each.change for each in changes) == ["added", "added", "removed", "removed"]


def test_words_are_compared_within_bounds() -> None:
    text = "a b " * 2_000
    (changed,) = between(text + "c", text + "d")

    assert [piece.change for piece in changed.words] == ["removed", "added"]
    assert len(text.split()) ** 2 > diff.WORK
