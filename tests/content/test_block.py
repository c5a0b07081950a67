"""A text falls into blocks whose ids stay as long as their words do."""

from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.content.block import Block, blocks

LESSON = UUID(int=1)
TEXT = """# Light

Light falls
on a leaf.

- It is green.
- It is thin,
  and wide.

1. First.

```py
x = 1

y = 2
```

| a | b |
|---|---|
| 1 | 2 |

> Light arrives in photons.

---

[site]: https://example.org
"""
LINES = st.lists(
    st.sampled_from(
        [
            "# A",
            "a b",
            "- x",
            "  y",
            "> q",
            "```",
            "| a |",
            "|---|",
            "---",
            "",
            "",
            "1. z",
            "\t\tc",
            "[s]: x",
        ]
    ),
    max_size=14,
)
ENDS = st.sampled_from(["\n", "\r\n", "\r", "\n\n"])


def said(text: str, found: tuple[Block, ...] | None = None) -> list[tuple[str, str]]:
    found = blocks(LESSON, text) if found is None else found
    return [(block.kind, text[block.start : block.end]) for block in found]


def test_a_text_falls_into_blocks() -> None:
    assert said(TEXT) == [
        ("heading", "# Light"),
        ("paragraph", "Light falls\non a leaf."),
        ("item", "- It is green."),
        ("item", "- It is thin,\n  and wide."),
        ("item", "1. First."),
        ("code", "```py\nx = 1\n\ny = 2\n```"),
        ("table", "| a | b |\n|---|---|\n| 1 | 2 |"),
        ("quote", "> Light arrives in photons."),
        ("rule", "---"),
        ("other", "[site]: https://example.org"),
    ]


@given(LINES, ENDS)
def test_every_character_that_is_no_space_is_in_one_block(lines: list[str], end: str) -> None:
    text = end.join(lines)
    found = blocks(LESSON, text)

    inside = "".join(text[block.start : block.end] for block in found)
    assert "".join(inside.split()) == "".join(text.split())
    assert len({block.id for block in found}) == len(found)
    assert all(one.end <= other.start for one, other in pairwise(found))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Light falls\non a leaf.", "Light falls on  a leaf."),
        ("- It is green.", "* It is green."),
        ("1. First.", "7) First."),
        ("# Light", "# Light\n\nAnother paragraph."),
        ("> Light arrives in photons.\n\n", ""),
    ],
)
def test_blocks_that_say_the_same_keep_their_ids(old: str, new: str) -> None:
    changed = TEXT.replace(old, new)
    assert changed != TEXT

    before = {block.id for block in blocks(LESSON, TEXT)}
    after = {block.id for block in blocks(LESSON, changed)}

    assert len(before - after) == (new == "")
    assert len(after - before) == ("Another" in new)


@pytest.mark.parametrize(
    ("old", "new"),
    [("on a leaf", "on a stone"), ("x = 1", "x  = 1"), ("# Light", "## Light"), ("| 2 |", "| 3 |")],
)
def test_a_block_that_says_something_else_has_another_id(old: str, new: str) -> None:
    before = {block.id for block in blocks(LESSON, TEXT)}
    after = {block.id for block in blocks(LESSON, TEXT.replace(old, new))}

    assert len(before - after) == len(after - before) == 1


def test_equal_blocks_are_told_apart_and_those_of_other_lessons_too() -> None:
    one, two = blocks(LESSON, "Same.\n\nSame.")
    (other,) = blocks(UUID(int=2), "Same.")

    assert len({one.id, two.id, other.id}) == 3
    assert blocks(LESSON, "Same.")[0].id == one.id


def test_a_long_text_is_not_remembered_and_has_the_same_blocks() -> None:
    text = "Light falls on a leaf.\n\n" * 2_000
    found = blocks(LESSON, text)

    assert len(found) == 2_000
    assert found[:3] == blocks(LESSON, text[:100])[:3]
