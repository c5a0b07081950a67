"""Event bodies of the library as releases have written them still decode, fold and index."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import Raw, Struct

from service.library.decider import SOURCE, Absent, Content, Present
from service.log.codec import classes_of, decode, encode

FILES = sorted((Path(__file__).parent / "recorded").glob("*.json"))


class Body(Struct, frozen=True):
    type: str
    data: Raw


def recorded(file: Path) -> Any:
    body = msgspec.json.decode(file.read_bytes(), type=Body)
    return decode(classes_of(SOURCE.events)[body.type], body.data)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.stem))
def test_a_recorded_body_says_what_it_said(file: Path) -> None:
    body = msgspec.json.decode(file.read_bytes(), type=Body)
    encoded = encode(recorded(file))

    assert encoded.type == body.type
    assert msgspec.json.decode(encoded.data) == msgspec.json.decode(body.data)


def test_the_recorded_bodies_fold_one_after_another() -> None:
    events = [recorded(file) for file in FILES]

    assert isinstance(SOURCE.fold(events[:2]), Present)
    assert SOURCE.fold(events) == Absent()


def test_recorded_spans_still_cut_the_recorded_text() -> None:
    texts = [
        [event.text[chunk.start : chunk.end] for chunk in event.chunks]
        for event in map(recorded, FILES)
        if isinstance(event, Content)
    ]

    assert texts == [
        ["The cell is the smallest unit of life. It has a membrane."],
        ["Die Zelle ist die kleinste Einheit und sie lebt.", "Aus 🎲 wird Würfel."],
    ]
