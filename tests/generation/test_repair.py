import json
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from service.generation.gate.fault import Fault, Misfit
from service.generation.openai.repair import decoded, whole


class Part(Struct, frozen=True, forbid_unknown_fields=True):
    """A part."""

    name: str
    sizes: tuple[int, ...]


class Thing(Struct, frozen=True, forbid_unknown_fields=True):
    """A thing."""

    title: str
    parts: tuple[Part, ...]


GOOD = Thing("A “thing”, {so} to say", (Part("one", (1, 2)), Part("two", ())))
TEXT = msgspec.json.encode(GOOD).decode()


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        json.dumps(json.loads(TEXT), indent=2),
        f"```json\n{TEXT}\n```",
        f"Here is what you asked for:\n\n```\n{TEXT}\n```\nI hope that it helps {{you}}!",
        TEXT.replace("]}]}", "],},],}"),
        TEXT[:-1],
        TEXT[:-3],
        f'<think>Which {{title}}? "A"?</think>\n{TEXT}',
        TEXT.replace('"parts":', '"parts" : // all of them\n'),
        "\ufeff" + TEXT,
    ],
)
def test_what_only_looks_broken_is_read(text: str) -> None:
    assert decoded(text, Thing, mend=True) == GOOD


@pytest.mark.parametrize("text", [f"```json\n{TEXT}\n```", TEXT[:-1]])
def test_what_was_cut_short_is_not_mended(text: str) -> None:
    with pytest.raises(Misfit):
        decoded(text, Thing, mend=False)


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        ('{"title":"a","parts":[{"name":"b"}]}', "$.parts[0]", "missing required field `sizes`"),
        ('{"title":"a","parts":[{"name":1,"sizes":[]}]}', "$.parts[0].name", "expected `str`"),
        ('{"title":"a","parts":[],"more":1}', "$", "unknown field `more`"),
        ('{"title":"a","parts":[],"more":1,}', "$", "unknown field `more`"),
        ('{"title":"a","parts":null}', "$.parts", "expected `array`, got `null`"),
        ('["title"]', "$", "expected `object`, got `array`"),
        ("I cannot do that.", "$", "this is no JSON object"),
        ("I cannot do {that}.", "$", "this is no JSON object"),
        ("", "$", "this is no JSON object"),
        ("null", "$", "expected `object`, got `null`"),
    ],
)
def test_what_does_not_fit_is_named_with_its_place(text: str, path: str, message: str) -> None:
    with pytest.raises(Misfit) as told:
        decoded(text, Thing, mend=True)

    (fault,) = told.value.faults
    assert fault.path == path
    assert message in fault.message


def test_a_value_that_breaks_off_is_not_kept_by_half() -> None:
    cut = '{"title":"A whole title","parts":[{"name":"one","sizes":[1, 22, 3'

    assert decoded(cut, Thing, mend=True).parts[0].sizes == (1, 22)
    with pytest.raises(Misfit) as told:
        decoded('{"title":"Half a ti', Thing, mend=True)
    assert told.value.faults == (Fault("$", "object missing required field `title`"),)


def test_zero_bytes_which_no_database_keeps_are_left_out() -> None:
    text = '{"title":"a\\u0000b\\\\u0000","parts":[]}'

    assert decoded(text, Thing, mend=True) == Thing("ab\\u0000", ())


def test_halves_of_letters_are_no_text() -> None:
    with pytest.raises(Misfit):
        decoded('{"title":"\\ud83d","parts":[]}', Thing, mend=True)


@given(st.text('{}[]",:\\ abc12tfn\n`<>', max_size=80))
def test_nothing_that_a_model_says_is_unforeseen(text: str) -> None:
    for mend in (True, False):
        with suppress(Misfit):
            assert isinstance(decoded(text, Thing, mend=mend), Thing)


@given(st.integers(0, len(TEXT)))
def test_whatever_is_cut_off_the_rest_is_what_was_said_or_no_answer(at: int) -> None:
    try:
        made = decoded(TEXT[:at], Thing, mend=True)
    except Misfit:
        return

    assert made.title == GOOD.title
    assert all(part in GOOD.parts for part in made.parts if part.sizes == (1, 2))
    assert {part.name for part in made.parts} <= {"one", "two"}


def test_nesting_without_end_is_no_answer() -> None:
    with pytest.raises(Misfit):
        decoded('{"title":' * 3000, Thing, mend=True)


def test_words_after_the_object_do_not_count() -> None:
    assert whole('so: {"a": "}"} and {"b": 1}') == '{"a": "}"}'
