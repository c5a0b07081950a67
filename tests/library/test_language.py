"""The language of a text is told, or left open."""

# ruff: noqa: RUF001 - letters of other alphabets are meant

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.library.language import UNKNOWN, detect, hinted, primary
from service.refusal import Invalid

SAMPLES = {
    "en": "Plants make sugar from light. This is how they grow, and it is the base of food.",
    "de": "Pflanzen bilden Zucker aus Licht. So wachsen sie, und das ist die Basis der Nahrung.",
    "fr": "Les plantes produisent du sucre avec la lumière, et c'est la base de toute nourriture.",
    "es": "Las plantas producen azúcar con la luz y es la base de los alimentos que se comen.",
    "it": "Le piante producono lo zucchero con la luce, che è la base di tutti gli alimenti.",
    "pt": "As plantas produzem açúcar com a luz e não precisam de mais, pois são a base.",
    "nl": "Planten maken suiker van het licht en dat is de basis van het voedsel voor een dier.",
    "sv": "Växterna gör socker av ljuset och det är grunden för att de andra inte ska svälta.",
    "fi": "Kasvit tekevät sokeria ja se on ravinnon perusta, mutta ei niin että se olisi siinä.",
    "ru": "Растения делают сахар из света, и это основа пищи для всех, кто не растёт на земле.",
    "pl": "Rośliny tworzą cukier ze światła i to jest podstawa pokarmu, który nie jest dla nich.",
}


@pytest.mark.parametrize("language", SAMPLES)
def test_a_sentence_or_two_are_enough(language: str) -> None:
    assert detect(SAMPLES[language]) == language


@pytest.mark.parametrize("text", ["", "42 + 1 = 43", "Photosynthesis", "x = f(y)", "日本語"])
def test_what_is_not_clear_stays_open(text: str) -> None:
    assert detect(text) == UNKNOWN
    assert detect(text, "de") == "de"


def test_a_few_foreign_words_do_not_outweigh_the_document() -> None:
    assert detect("The cell and the wall of it.", "de", least=12) == "de"


def test_a_tag_is_cut_to_its_language() -> None:
    assert [primary(tag) for tag in ("en-GB", "PT_br", "de")] == ["en", "pt", "de"]
    assert hinted("x") == ""


def test_a_tag_that_is_none_is_refused() -> None:
    with pytest.raises(Invalid, match="'English please' is not a language"):
        primary("English please")


@given(st.text())
def test_any_text_gets_the_same_answer_twice(text: str) -> None:
    assert detect(text) == detect(text)
