"""Events as bytes: they come back as they were, and what was ever written still reads."""

from typing import Annotated, Any
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from service.log.codec import PRIVATE, SUBJECT, Encoded, classes_of, decode, encode, shape_of
from service.log.decider import Decider
from tests.log.recorded import DECIDERS, RECORDED
from tests.shapes import structs

CLASSES = [event for decider in DECIDERS for event in decider.events]


class Joined(Struct, frozen=True, tag="person.joined", tag_field="type"):
    person: Annotated[UUID, SUBJECT]
    role: str
    scores: dict[int, float] = {}
    email: Annotated[str, PRIVATE] = ""
    name: Annotated[str | None, PRIVATE] = None


class Nobody(Struct, frozen=True, tag="person.gone", tag_field="type"):
    email: Annotated[str, PRIVATE] = ""


class Untagged(Struct, frozen=True):
    name: str


@pytest.mark.parametrize("event", CLASSES, ids=lambda event: str(shape_of(event).type))
@settings(max_examples=20)
@given(data=st.data())
def test_an_event_comes_back_as_it_was(event: type[Struct], data: st.DataObject) -> None:
    written = data.draw(structs(event))

    stored = encode(written)

    assert decode(classes_of((event,))[stored.type], stored.data, stored.private) == written


@pytest.mark.parametrize("event", CLASSES, ids=lambda event: str(shape_of(event).type))
def test_an_events_tag_is_its_type_and_not_in_its_data(event: type[Struct]) -> None:
    stored = encode(_minimal(event))

    assert stored.type == event.__struct_config__.tag
    assert "type" not in msgspec.json.decode(stored.data)


def test_no_two_events_share_a_type() -> None:
    assert len(classes_of(tuple(CLASSES))) == len(CLASSES)


@given(structs(Joined, person=st.uuids(), email=st.text(), name=st.text() | st.just("null")))
def test_private_fields_split_from_the_others_and_join_again(event: Joined) -> None:
    stored = encode(event)

    assert stored.subject == event.person
    assert stored.private is not None
    assert set(msgspec.json.decode(stored.private)) == {"email", "name"}
    assert set(msgspec.json.decode(stored.data)) == {"person", "role", "scores"}
    assert decode(Joined, stored.data, stored.private) == event


def test_an_event_without_private_fields_has_no_subject() -> None:
    assert encode(_minimal(CLASSES[0])).subject is None


def test_erased_private_fields_take_their_defaults() -> None:
    person = uuid4()
    stored = encode(Joined(person, "user", {}, "ann@example.org", "Ann"))

    assert decode(Joined, stored.data, None) == Joined(person, "user")


def test_private_fields_without_a_subject_are_refused() -> None:
    with pytest.raises(TypeError, match="SUBJECT"):
        shape_of(Nobody)


def test_an_event_without_a_tag_is_refused() -> None:
    with pytest.raises(TypeError, match="no name in the log"):
        encode(Untagged("x"))


def test_an_event_that_says_nothing_is_an_empty_object() -> None:
    assert encode(_minimal(_event("course.ready"))) == Encoded("course.ready", "{}")


@pytest.mark.parametrize("decider", DECIDERS, ids=lambda decider: str(decider.category))
def test_every_type_of_event_has_a_recorded_body(decider: Decider[Any, Any, Any]) -> None:
    recorded = {body.type for body in RECORDED if body.category == decider.category}

    assert recorded == set(classes_of(decider.events))


@pytest.mark.parametrize("body", RECORDED, ids=lambda body: f"{body.category}/{body.name}")
def test_a_recorded_body_still_decodes(body: Any) -> None:
    event = decode(_event(body.type), body.data)

    said, meant = (
        msgspec.json.decode(data) for data in (encode(event).data, body.upcast or body.data)
    )
    later = {name: value for name, value in _defaults(type(event)).items() if name in said}
    assert said == later | meant


@pytest.mark.parametrize("decider", DECIDERS, ids=lambda decider: str(decider.category))
def test_recorded_bodies_still_fold(decider: Decider[Any, Any, Any]) -> None:
    bodies = [body for body in RECORDED if body.category == decider.category]
    events = [decode(_event(body.type), body.data) for body in bodies]

    assert decider.fold(events[:1]) != decider.initial
    assert decider.fold(events) == decider.fold(events[1:], decider.fold(events[:1]))


def _event(type: str) -> type[Struct]:  # noqa: A002 - the column's word
    return classes_of(tuple(CLASSES))[type]


def _defaults(event: type[Struct]) -> dict[str, Any]:
    """Return what an event says in fields that have defaults, such as those added later."""
    fields = [
        field for field in msgspec.structs.fields(event) if field.default is not msgspec.NODEFAULT
    ]
    said: dict[str, Any] = msgspec.to_builtins({field.name: field.default for field in fields})
    return said


def _minimal(event: type[Struct]) -> Struct:
    body = next(body for body in RECORDED if body.type == event.__struct_config__.tag)
    return decode(event, body.data)
