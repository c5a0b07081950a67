"""A textbook's cover, and the words that exports add."""

from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.export import cover, labels

ONE, OTHER = UUID(int=1), UUID(int=2)


@given(st.text(st.sampled_from("aMi漢字 \nش"), min_size=1, max_size=400))
def test_a_title_fits_and_is_cut_only_when_it_is_too_long(title: str) -> None:
    size, lines = cover.lines(title)
    whole = "".join(title.split())

    assert len(lines) <= cover.LINES
    assert size in cover.SIZES
    said = "".join("".join(lines).split())
    assert said == whole or (whole.startswith(said.removesuffix("…")) and size == cover.SIZES[-1])


def test_a_short_title_has_large_letters_and_a_long_one_small_ones() -> None:
    assert cover.lines("Sets") == (cover.SIZES[0], ["Sets"])
    size, lines = cover.lines("that goes on " * 40)
    assert (size, len(lines), lines[-1][-2:]) == (cover.SIZES[-1], cover.LINES, " …")


def test_what_stands_beside_the_title_is_one_line() -> None:
    assert cover.line("") == ""
    assert cover.line("for\nall") == "for all"
    assert cover.line("for all " * 40)[-5:] == "for …"


def test_every_textbook_has_a_pattern_of_its_own_and_keeps_it() -> None:
    assert msgspec.json.encode(cover.tiles(ONE)) == msgspec.json.encode(cover.tiles(ONE))
    assert cover.tiles(ONE) != cover.tiles(OTHER)
    assert all(each.disc != each.ground for each in cover.tiles(ONE))


@given(st.uuids())
def test_white_letters_can_be_read_on_any_cover(of: UUID) -> None:
    red, green, blue = (int(cover.ground(of)[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (red, green, blue)
    ]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    assert 1.05 / (luminance + 0.05) >= 7  # WCAG 2.2, contrast for AAA


@pytest.mark.parametrize("language", labels.LABELS)
def test_every_language_says_the_same(language: str) -> None:
    english, other = labels.of("en"), labels.of(language)

    for name in other.__struct_fields__:
        assert getattr(other, name)
        assert getattr(other, name).count("{}") == getattr(english, name).count("{}")


def test_a_language_is_found_by_its_first_part() -> None:
    assert labels.of("de-AT") is labels.of("DE")
    assert labels.of("sw") is labels.of("en")
