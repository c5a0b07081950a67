from typing import Annotated

import msgspec
import pytest
from msgspec import Meta, Struct

from service.http.body import decode
from service.http.pointer import fault
from service.refusal import Invalid, Malformed, Refusal


class Option(Struct, forbid_unknown_fields=True):
    text: Annotated[str, Meta(max_length=3)]


class Question(Struct, forbid_unknown_fields=True):
    options: list[Option] = []
    names: dict[str, str] = {}
    year: Annotated[int, Meta(ge=0, le=3000)] = 0


DECODER = msgspec.json.Decoder(Question)


def refusal(body: bytes) -> Refusal:
    with pytest.raises(Refusal) as caught:
        decode(DECODER, body)
    return caught.value


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b'{"options": [{"text": 1}]}', "/options/0/text"),
        (b'{"options": [{"text": "abc"}, {"text": "abcd"}]}', "/options/1/text"),
        (b'{"options": [{}]}', "/options/0/text"),
        (b'{"options": [{"text": "a", "size": 1}]}', "/options/0/size"),
        (b'{"colour": 1}', "/colour"),
        (b'{"names": {"a/b": 1}}', "/names"),
        (b"[]", ""),
        (b"null", ""),
        (b'{"year": 99999999999999999999999999}', "/year"),
        (b'{"year": 1' + b"0" * 5000 + b"}", "/year"),
        (b'{"year": 1e999}', "/year"),
        (b'{"names": {"a/~b": "\\u0000"}}', "/names/a~1~0b"),
        (b'{"names": {"\\u0000": ""}}', "/names/\x00"),
    ],
)
def test_the_wrong_json_is_pointed_at(body: bytes, pointer: str) -> None:
    refused = refusal(body)

    assert isinstance(refused, Invalid)
    assert [error.pointer for error in refused.facts["errors"]] == [pointer]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"{} {}",
        b'{"names": {"a": "\xff"}}',
        b'{"\xff": 1}',
        b'{"names": {"a": "\\ud800"}}',
        b'{"names": {"a": "a\x00b"}}',
        b'{"year": NaN}',
    ],
)
def test_what_is_no_json_is_malformed(body: bytes) -> None:
    assert isinstance(refusal(body), Malformed)


def test_deep_nesting_is_malformed() -> None:
    with pytest.raises(Malformed, match="deeply"):
        decode(msgspec.json.Decoder(), b"[" * 100_000)


def test_a_backslash_before_u0000_is_not_the_character() -> None:
    assert decode(DECODER, rb'{"names": {"a": "\\u0000"}}').names == {"a": r"\u0000"}


def test_an_empty_body_is_an_empty_object() -> None:
    assert decode(DECODER, b"") == Question()


def test_the_fault_says_what_was_expected() -> None:
    found = fault("Expected `str`, got `int` - at `$.options[0].text`")

    assert (found.pointer, found.detail) == ("/options/0/text", "Expected `str`, got `int`")
