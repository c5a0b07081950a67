"""Words and minutes, in scripts with blanks between words and in scripts without."""

import pytest

from service.textbook.length import minutes, words


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("A well-known law: F = 3.5 N.", 6),
        ("It\u2019s Zoë\u2019s naïve idea", 4),
        ("## Head\n\n```\nnot counted\n```\n\nthree more words", 4),
        ("हिन्दी में यह छह शब्द हैं", 6),
        ("光合作用把光变成糖", 5),
        ("ひかりを食べる plants", 5),
        ("การสังเคราะห์ด้วยแสง", 5),
        ("تتحول الطاقة إلى سكر", 4),
        ("e\u0301te\u0301 chaud", 2),
    ],
)
def test_words_are_counted_as_readers_of_the_script_would(text: str, count: int) -> None:
    assert words(text) == count


@pytest.mark.parametrize(("count", "found"), [(0, 0), (1, 1), (180, 1), (181, 2), (1200, 7)])
def test_begun_minutes_are_whole(count: int, found: int) -> None:
    assert minutes(count) == found


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("one\n\n```\nnot counted, to the end", 1),
        ("one\n\n````\n```\nnot counted\n````\n\ntwo", 2),
        ("one\n\n```x``` is two", 4),
        ("```x\n" * 40_000, 0),
    ],
)
def test_code_goes_on_until_its_own_fence_or_to_the_end(text: str, count: int) -> None:
    assert words(text) == count
