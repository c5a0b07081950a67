"""What chapters are called in file names and addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.textbook.slug import slug, stem


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Push and pull", "push-and-pull"),
        ("  Überblick: Kräfte & Öl!  ", "uberblick-krafte-ol"),
        ("Don\u2019t panic \u2013 it's fine", "dont-panic-its-fine"),
        ("İstanbul", "istanbul"),
        ("광합성", "광합성"),
        ("हिन्दी में", "हिन्दी-में"),
        ("ما هي القوة؟", "ما-هي-القوة"),
        ("../../etc/passwd", "etc-passwd"),
        ("a_b--c", "a-b-c"),
        ("½ x", "1-2-x"),
        ("?!", "chapter"),
        ("", "chapter"),
        ("x" * 200, "x" * 80),
    ],
)
def test_a_slug_is_the_title_in_letters_and_digits_of_its_script(title: str, expected: str) -> None:
    assert slug(title, ()) == expected


def test_a_slug_that_is_taken_is_counted() -> None:
    assert slug("Light", {"light"}) == "light--2"
    assert slug("Light", {"light", "light--2"}) == "light--3"
    assert slug("Light 2", {"light", "light--2"}) == "light-2"


@given(st.text())
def test_any_title_has_a_stem_that_is_one_name_of_a_file_and_stays_it(title: str) -> None:
    found = stem(title)

    assert found
    assert "--" not in found
    assert len(found.encode()) <= 160
    assert not set(found) & set("/\\ .\0?#%_")
    assert stem(found) == found


@given(st.lists(st.sampled_from(["Light", "light!", "Light 2", "Light--2", ""]), max_size=8))
def test_no_two_chapters_share_a_slug(titles: list[str]) -> None:
    taken: list[str] = []
    for title in titles:
        taken.append(slug(title, taken))

    assert len(set(taken)) == len(taken)
