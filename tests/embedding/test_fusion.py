"""Two lists become one by how high each thing stands in each."""

from uuid import UUID

from service.embedding.fusion import fused
from service.library.views import Hit


def hit(name: str, *, said: str = "") -> Hit:
    number = int.from_bytes(name.encode())
    return Hit(UUID(int=number), UUID(int=1), f"{name}.md", name, [], "en", 0.5, 0, 9, said)


def names(hits: list[Hit]) -> str:
    return "".join(one.title for one in hits)


def test_what_stands_in_both_lists_comes_before_what_leads_one() -> None:
    words, near = [hit("a"), hit("b")], [hit("c"), hit("b")]

    assert names(fused(words, near, limit=9)) == "bac"


def test_the_score_is_the_sum_of_the_reciprocal_ranks() -> None:
    (first, second, _) = fused([hit("a"), hit("b")], [hit("b"), hit("c")], limit=3)

    assert first.score == 1 / 62 + 1 / 61
    assert second.score == 1 / 61


def test_equal_scores_stand_by_path_however_the_lists_are_given() -> None:
    assert names(fused([hit("b")], [hit("a")], limit=9)) == "ab"
    assert names(fused([hit("a")], [hit("b")], limit=9)) == "ab"


def test_a_hit_is_told_as_the_words_found_it() -> None:
    (only,) = fused([hit("a", said="**bold**")], [hit("a", said="plain")], limit=9)

    assert only.snippet == "**bold**"


def test_no_more_come_than_were_asked_for() -> None:
    assert names(fused([hit("a"), hit("b"), hit("c")], [], limit=2)) == "ab"
    assert fused([], [], limit=2) == []
