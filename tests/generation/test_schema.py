from typing import Annotated

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from msgspec import Meta, Struct

from service.generation.openai import lesson, outline
from service.generation.openai.schema import schema, schema_hash
from tests.generation.shelf import brief

KNOWN = {
    "type", "description", "properties", "required", "additionalProperties", "items", "enum",
    "const", "anyOf",
}  # fmt: skip


class Leaf(Struct, forbid_unknown_fields=True):
    """A leaf."""

    name: str = "none"


class Tree(Struct, forbid_unknown_fields=True):
    """A tree."""

    leaves: Annotated[list[Leaf], Meta(min_length=2, max_length=4, description="What falls.")]
    height: Annotated[int | None, Meta(description="In metres")] = None
    fruit: Annotated[tuple[str, ...], Meta(min_length=3, max_length=3)] = ("a", "b", "c")


def objects(made: object) -> list[dict[str, object]]:
    if isinstance(made, list):
        return [one for each in made for one in objects(each)]
    if not isinstance(made, dict):
        return []
    inner = [one for each in made.values() for one in objects(each)]
    return [made, *inner] if made.get("type") == "object" else inner


@pytest.mark.parametrize(
    "made", [schema(Tree), lesson.schema_for(), outline.schema_for(brief("x", 3))]
)
def test_every_field_is_required_and_no_other_allowed(made: dict[str, object]) -> None:
    Draft202012Validator.check_schema(made)
    assert made["type"] == "object"
    for one in objects(made):
        assert isinstance(one["properties"], dict)
        assert one["required"] == list(one["properties"])
        assert one["additionalProperties"] is False


def test_only_words_that_every_server_knows_are_used() -> None:
    for one in (schema(Tree), lesson.schema_for()):
        for each in objects(one):
            assert set(each) <= KNOWN
            assert isinstance(each["properties"], dict)
            assert all(set(field) <= KNOWN for field in each["properties"].values())


def test_sizes_are_told_in_words() -> None:
    fields = schema(Tree)["properties"]

    assert fields["leaves"]["description"] == "What falls. 2 to 4 items"
    assert fields["fruit"]["description"] == "Exactly 3 items"
    assert fields["height"]["description"] == "In metres"
    assert fields["leaves"]["items"]["description"] == "A leaf"


def test_the_schema_of_an_outline_says_how_many_lessons_there_are() -> None:
    made = outline.schema_for(brief("cells", 7))

    assert made["properties"]["lessons"]["description"] == "Exactly 7 lessons"


def test_another_schema_has_another_hash() -> None:
    assert schema_hash(schema(Tree)) == schema_hash(schema(Tree))
    assert schema_hash(schema(Tree)) != schema_hash(schema(Leaf))
