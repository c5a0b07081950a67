"""A text falls into chunks by heading, then by size."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from service.library.chunk import LONGEST, MOST, chunks
from service.library.plain import normalise

SENTENCE = "The cell is the smallest unit that lives, and all the others are made of it. "

lines = st.one_of(
    st.sampled_from(
        [
            "",
            "# Cell",
            "## *Parts* ##",
            "###### Deep",
            "```",
            "~~~~",
            "    # indented",
            "===",
            "---",
            "- item",
            "| a | b |",
            "> quote",
            "#hash",
            "Word",
            "* * *",
            "1. ```",
        ]
    ),
    st.text(st.sampled_from("ab .!?\t`#\u3000é。"), max_size=30),
    st.integers(1, 400).map(lambda times: (SENTENCE * times).strip()),
    st.integers(1, 15_000).map(lambda times: "x" * times),
)
texts = st.lists(lines, max_size=14).map(lambda found: normalise("\n".join(found)))


def test_each_heading_starts_a_chunk_that_knows_its_path() -> None:
    text = (
        "Before.\n\n# Cell\n\nOne.\n\n## The *wall* ##\n\nTwo.\n\nPlant\n=====\n\n### Leaf\nThree."
    )

    found = [(chunk.heading, text[chunk.start : chunk.end]) for chunk in chunks(text, "en")]

    assert found == [
        ((), "Before."),
        (("Cell",), "One."),
        (("Cell", "The wall"), "Two."),
        (("Plant", "Leaf"), "Three."),
    ]


def test_short_paragraphs_share_a_chunk() -> None:
    text = "# Cell\n\n" + "One.\n\n- two\n\n```\ncode\n```\n\nThree."

    assert [(chunk.start, chunk.end) for chunk in chunks(text, "en")] == [(8, len(text))]


def test_a_long_paragraph_is_cut_between_sentences() -> None:
    text = (SENTENCE * 100).strip()

    found = [text[chunk.start : chunk.end] for chunk in chunks(text, "en")]

    assert len(found) > 3
    assert all(part.startswith("The cell") and part.endswith("it.") for part in found)
    assert " ".join(found) == text


def test_a_code_block_is_kept_whole_with_its_hash_lines_and_blank_lines() -> None:
    code = "```sh\n" + "# not a heading\n\necho cell\n" * 150 + "```"
    text = normalise(f"# Shell\n\n{SENTENCE * 10}\n\n{code}\n\nAfter.")

    found = [text[chunk.start : chunk.end] for chunk in chunks(text, "en")]

    assert code in found


def test_a_code_block_beyond_all_bounds_is_cut_at_line_ends() -> None:
    text = "```\n" + "    let cell = 1;\n" * 5000 + "```"

    found = [text[chunk.start : chunk.end] for chunk in chunks(text, "en")]

    assert len(found) > 5
    assert all(part.startswith("    let") and part.endswith(";") for part in found[1:-1])


def test_text_without_spaces_is_cut_between_its_own_sentences() -> None:
    text = "細胞は生命の最小単位である。" * 400

    found = [text[chunk.start : chunk.end] for chunk in chunks(text, "ja")]

    assert len(found) > 2
    assert all(part.endswith("。") for part in found)


def test_abbreviations_and_initials_do_not_end_a_sentence() -> None:
    text = ("See Fig. A by Dr. Miller and J. Watson where " * 60 + "ends. ") * 3

    found = [text[chunk.start : chunk.end] for chunk in chunks(normalise(text), "en")]

    assert not [part for part in found if part.endswith(("Fig.", "Dr.", "J."))]


def test_a_chunk_in_another_language_says_so() -> None:
    german = "Die Zelle ist die kleinste Einheit und sie wird von der Membran umgeben. " * 5
    text = normalise(f"# Cell\n\n{SENTENCE * 5}\n\n# Zelle\n\n{german}")

    assert [chunk.language for chunk in chunks(text, "en")] == ["en", "de"]


@given(texts)
def test_spans_are_ordered_apart_bounded_and_end_on_ink(text: str) -> None:
    found = chunks(text, "en")

    assert chunks(text, "en") == found
    assert all(0 < chunk.end - chunk.start <= max(LONGEST, MOST) for chunk in found)
    assert all(one.end <= other.start for one, other in pairwise(found))
    assert not found or 0 <= found[0].start <= found[-1].end <= len(text)
    assert all(not text[chunk.end - 1].isspace() for chunk in found)


@given(texts)
def test_spans_hold_every_character_but_headings_and_white_space(text: str) -> None:
    found = chunks(text, "en")
    edges = [0, *(edge for chunk in found for edge in (chunk.start, chunk.end)), len(text)]
    between = "\n".join(text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True))

    for line in filter(str.strip, between.split("\n")):
        assert line.lstrip(" ").startswith("#") or _beside_an_underline(text, line)


def _beside_an_underline(text: str, line: str) -> bool:
    lines = text.split("\n")
    pairs = pairwise(lines)
    return any(
        line in (title, under) and under.strip() and not under.strip().strip("=-")
        for title, under in pairs
    )
