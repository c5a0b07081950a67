"""Events as bytes: an event struct becomes a type, its data, and what of it belongs to a person."""

from functools import cache
from typing import Any, Final, TypeVar, get_type_hints
from uuid import UUID

import msgspec
from msgspec import Meta, Raw, Struct

E = TypeVar("E", bound=Struct)

PRIVATE: Final = Meta(extra={"daybook": "private"})
"""Marks a field that belongs to a person: it is stored beside the event and can be erased."""

SUBJECT: Final = Meta(extra={"daybook": "subject"})
"""Marks the UUID field that names the person whom the private fields of its event belong to."""

_encoder: Final = msgspec.json.Encoder()


class Encoded(Struct, frozen=True):
    """An event ready to be stored; `data` and `private` are JSON texts."""

    type: str
    data: str
    subject: UUID | None = None
    private: str | None = None


class Shape(Struct, frozen=True):
    """What the codec knows of an event class; `head` is the length of its encoded tag."""

    type: str
    head: int
    private: frozenset[str]
    subject: str | None


@cache
def shape_of(event: type[Struct]) -> Shape:
    """Read the tag and the marks of an event class. Raises TypeError where they contradict."""
    tag = event.__struct_config__.tag
    if not isinstance(tag, str):
        raise TypeError(f"{event.__name__} has no tag, so it has no name in the log")
    marks = {name: _mark(hint) for name, hint in get_type_hints(event, include_extras=True).items()}
    private = frozenset(name for name, mark in marks.items() if mark == "private")
    subject = next((name for name, mark in marks.items() if mark == "subject"), None)
    if private and subject is None:
        raise TypeError(f"{event.__name__} has private fields but marks no SUBJECT they belong to")
    field = event.__struct_config__.tag_field or "type"
    return Shape(tag, len(f'{{"{field}":"{tag}"'), private, subject)


@cache
def classes_of(events: tuple[type[Struct], ...]) -> dict[str, type[Struct]]:
    """Return event classes by their type in the log: ``{"lesson.generated": LessonGenerated}``."""
    return {shape_of(event).type: event for event in events}


def _mark(hint: Any) -> str | None:
    for meta in getattr(hint, "__metadata__", ()):
        if isinstance(meta, Meta) and meta.extra:
            return str(meta.extra.get("daybook"))
    return None


def encode(event: Struct) -> Encoded:
    """Return `event` as it is stored. The tag becomes the row's type and leaves the data."""
    shape = shape_of(type(event))
    if not shape.private:
        rest = _encoder.encode(event)[shape.head :].decode()
        return Encoded(shape.type, "{" + rest.removeprefix(","))
    fields: dict[str, Any] = {name: getattr(event, name) for name in event.__struct_fields__}
    assert shape.subject is not None  # noqa: S101 - shape_of has refused the other case
    secret = {name: fields.pop(name) for name in shape.private}
    return Encoded(
        shape.type,
        _encoder.encode(fields).decode(),
        fields[shape.subject],
        _encoder.encode(secret).decode(),
    )


def decode(event: type[E], data: bytes | str | Raw, private: bytes | str | Raw | None = None) -> E:
    """Return the event that `data`, and what is left of its private part, hold.

    Raises msgspec.ValidationError where the data does not fit the class. Erased private fields
    take their defaults, so every private field must have one.
    """
    if private is None:
        return msgspec.json.decode(data, type=event)
    return msgspec.convert(
        msgspec.json.decode(data) | msgspec.json.decode(private), type=event, strict=False
    )
