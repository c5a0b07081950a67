"""Path parameters: the same name means the same thing on every path."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from service.refusal import NotFound

SLUG_MAX: Final = 200
LESSON_MAX: Final = 1000
REVISION_MAX: Final = 999_999_999
UUID_SCHEMA: Final = {"type": "string", "format": "uuid"}
SLUG_SCHEMA: Final = {"type": "string", "minLength": 1, "maxLength": SLUG_MAX}


def uuid(text: str) -> UUID:
    """Return the UUID in its usual spelling. Raises ValueError for any other text."""
    if len(text) != 36:  # noqa: PLR2004 - the canonical form; uuid.UUID takes several others
        raise ValueError("not a UUID")
    return UUID(text)


def uuid_or_slug(text: str) -> UUID | str:
    """Return a UUID where `text` is one, else the slug. Raises ValueError for what is neither."""
    try:
        return uuid(text)
    except ValueError:
        return slug(text)


def slug(text: str) -> str:
    """Return a name in a path. Raises ValueError for one that no row can have."""
    if not 0 < len(text) <= SLUG_MAX or "\x00" in text:
        raise ValueError("not a slug")
    return text


def lesson_number(text: str) -> int:
    """Return the number of a lesson, from 1. Raises ValueError for what is none."""
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= LESSON_MAX):  # noqa: PLR2004 - no more digits than LESSON_MAX
        raise ValueError("not a lesson number")
    return int(text)


def revision_number(text: str) -> int:
    """Return the number of a revision, from 1. Raises ValueError for what is none."""
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) >= 1):  # noqa: PLR2004 - no more digits than REVISION_MAX
        raise ValueError("not a revision")
    return int(text)


class Parameter(Struct, frozen=True):
    """How a path parameter is read, and how OpenAPI describes it."""

    parse: Callable[[str], Any]
    schema: Mapping[str, Any]
    description: str


PARAMETERS: Final[Mapping[str, Parameter]] = {
    "course": Parameter(
        uuid_or_slug, {"anyOf": [UUID_SCHEMA, SLUG_SCHEMA]}, "A course's id or slug."
    ),
    "lesson": Parameter(
        lesson_number,
        {"type": "integer", "minimum": 1, "maximum": LESSON_MAX},
        "A lesson's number, from 1.",
    ),
    "revision": Parameter(
        revision_number,
        {"type": "integer", "minimum": 1, "maximum": REVISION_MAX},
        "The number of a lesson's revision, from 1.",
    ),
    "textbook": Parameter(
        uuid_or_slug, {"anyOf": [UUID_SCHEMA, SLUG_SCHEMA]}, "A textbook's id or slug."
    ),
    "chapter": Parameter(
        lesson_number,
        {"type": "integer", "minimum": 1, "maximum": LESSON_MAX},
        "A chapter's number, from 1.",
    ),
    "version": Parameter(
        revision_number,
        {"type": "integer", "minimum": 1, "maximum": REVISION_MAX},
        "The number of a chapter's version, from 1.",
    ),
    "content": Parameter(uuid, UUID_SCHEMA, "A course's or a lesson's id."),
    "job": Parameter(uuid, UUID_SCHEMA, "A job's id."),
    "source": Parameter(uuid, UUID_SCHEMA, "A source document's id."),
    "stream": Parameter(uuid, UUID_SCHEMA, "A stream's id."),
    "projection": Parameter(slug, SLUG_SCHEMA, "A projection's name."),
    "account": Parameter(uuid, UUID_SCHEMA, "An account's id."),
    "session": Parameter(uuid, UUID_SCHEMA, "A session's id."),
    "view": Parameter(slug, SLUG_SCHEMA, "A view's name."),
    "tenant": Parameter(slug, SLUG_SCHEMA, "A tenant's name or id."),
    "service_token": Parameter(uuid, UUID_SCHEMA, "A service token's id."),
}


def path_of(matched: Mapping[str, str]) -> dict[str, Any]:
    """Return the typed parameters of a path; what cannot name anything is `NotFound`."""
    try:
        return {name: PARAMETERS[name].parse(text) for name, text in matched.items()}
    except ValueError:
        raise NotFound("There is nothing of that name: the address does not fit.") from None
