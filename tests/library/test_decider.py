"""A source is added, replaced and removed."""

from collections.abc import Sequence
from uuid import UUID

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st
from msgspec.structs import asdict, replace

from service.library.decider import (
    SOURCE,
    AddSource,
    BadChunks,
    BadPath,
    BadText,
    Command,
    Event,
    NoSuchSource,
    RemoveSource,
    ReplaceSource,
    SourceAdded,
    SourceRemoved,
    SourceReplaced,
    TextTooLong,
    TooManyChunks,
    source_id,
)
from service.library.material import Chunk
from service.refusal import Refusal
from tests.library.content import add, content

CELL = content()
LONGER = content(text="# Cell\n\nThe cell is the smallest unit of life. It also has a wall.")
ADDED = SourceAdded(**asdict(CELL))
REPLACED = SourceReplaced(**asdict(LONGER))
REMOVED = SourceRemoved("biology/cell.md")
ADD = AddSource(**asdict(CELL))
REPLACE = ReplaceSource(**asdict(LONGER))
TENANT = UUID(int=7)


def decided(events: Sequence[Event], command: Command) -> Sequence[Event]:
    return SOURCE.decide(command, SOURCE.fold(events))


def test_a_new_path_is_added() -> None:
    assert decided([], ADD) == (ADDED,)


def test_adding_the_same_again_changes_nothing() -> None:
    assert decided([ADDED], ADD) == ()


def test_adding_another_text_replaces() -> None:
    assert decided([ADDED], AddSource(**asdict(LONGER))) == (REPLACED,)


def test_another_title_replaces() -> None:
    renamed = replace(ADD, title="Cells")

    assert decided([ADDED], renamed) == (SourceReplaced(**asdict(renamed)),)


def test_the_same_text_from_another_file_changes_nothing() -> None:
    assert decided([ADDED], replace(ADD, file_sha256="0" * 64)) == ()


def test_a_removed_path_can_be_added_again() -> None:
    assert decided([ADDED, REMOVED], ADD) == (ADDED,)


def test_a_source_is_replaced_once() -> None:
    assert decided([ADDED], REPLACE) == (REPLACED,)
    assert decided([ADDED, REPLACED], REPLACE) == ()


def test_a_source_is_removed() -> None:
    assert decided([ADDED, REPLACED], RemoveSource()) == (REMOVED,)


@pytest.mark.parametrize("events", [[], [ADDED, REMOVED]])
@pytest.mark.parametrize("command", [REPLACE, RemoveSource()])
def test_what_is_not_there_is_neither_replaced_nor_removed(
    events: list[Event], command: Command
) -> None:
    with pytest.raises(NoSuchSource):
        decided(events, command)


def test_replacing_does_not_move_a_source() -> None:
    with pytest.raises(BadPath, match=r"This source is biology/cell\.md; add b\.md"):
        decided([ADDED], replace(REPLACE, path="b.md"))


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("", "1 to 512 characters"),
        ("a" * 513, "1 to 512 characters"),
        ("/etc/passwd", "not start with /"),
        ("a/../b.md", "empty, . or .."),
        ("./a.md", "empty, . or .."),
        ("a//b.md", "empty, . or .."),
        ("a/", "empty, . or .."),
        ("a\\b.md", "divided by /"),
        ("a\nb.md", "control character"),
        ("a\u2028b", "control character"),
        ("a\udc80", "control character"),
        ("u\u0308ber.md", "normal form C"),
    ],
)
def test_a_path_that_could_mislead_is_refused(path: str, said: str) -> None:
    with pytest.raises(BadPath, match=said):
        decided([], replace(ADD, path=path))


@pytest.mark.parametrize("path", ["a", "a b/ü.md", "100%_sure/c++.txt", ".notes/a", "a" * 512])
def test_other_paths_are_taken(path: str) -> None:
    assert decided([], replace(ADD, path=path))


def test_a_nul_character_is_refused() -> None:
    with pytest.raises(BadText):
        decided([], replace(ADD, text="a\0b", chunks=()))


@pytest.mark.parametrize("spans", [[(0, 4), (3, 6)], [(4, 2)], [(0, 10_000)], [(-1, 2)]])
def test_spans_that_could_not_be_cut_are_refused(spans: list[tuple[int, int]]) -> None:
    chunks = tuple(Chunk((), start, end, "en") for start, end in spans)

    with pytest.raises(BadChunks):
        decided([], replace(ADD, chunks=chunks))


def test_a_chunk_longer_than_a_window_is_refused() -> None:
    with pytest.raises(BadChunks):
        decided([], replace(ADD, text="x" * 40_000, chunks=(Chunk((), 0, 40_000, "en"),)))


def test_a_text_that_would_hold_everybody_up_is_refused() -> None:
    with pytest.raises(TextTooLong):
        decided([], replace(ADD, text="x" * 10_000_001))


def test_too_many_chunks_are_refused() -> None:
    with pytest.raises(TooManyChunks):
        decided([], replace(ADD, chunks=(Chunk((), 0, 1, "en"),) * 20_001))


def test_a_path_has_one_stream_in_each_tenant() -> None:
    assert source_id(TENANT, "a.md") == source_id(TENANT, "a.md")
    assert source_id(TENANT, "über.md") == source_id(TENANT, "u\u0308ber.md")
    assert len({source_id(TENANT, "a"), source_id(TENANT, "b"), source_id(UUID(int=8), "a")}) == 3


@drawn(st.lists(st.sampled_from([ADD, AddSource(**asdict(LONGER)), REPLACE, RemoveSource()])))
def test_any_order_of_commands_leaves_what_the_last_said(commands: list[Command]) -> None:
    events: list[Event] = []
    for command in commands:
        try:
            found = decided(events, command)
        except Refusal:
            continue
        events.extend(found)
        if isinstance(command, AddSource | ReplaceSource):
            assert decided(events, command) == ()


def test_what_is_not_given_is_found_in_the_file() -> None:
    made = add(
        "notes/cell", "# Zelle\n\nDie Zelle ist die kleinste Einheit und lebt.", filename="a.md"
    )

    assert (made.title, made.language, made.media_type) == ("Zelle", "de", "text/markdown")
    assert made.text[made.chunks[0].start : made.chunks[0].end].startswith("Die Zelle")


def test_what_is_given_wins() -> None:
    made = add(title=" The  cell ", language="en-GB", media_type="text/plain")

    assert (made.title, made.language, made.media_type) == ("The cell", "en", "text/markdown")


def test_a_text_of_headings_alone_is_refused() -> None:
    with pytest.raises(Refusal, match="has headings but no text below them"):
        content(text="# One\n\n## Two\n")


def test_a_bad_path_is_refused_before_the_file_is_read() -> None:
    with pytest.raises(BadPath):
        content("../a.md", text="")
