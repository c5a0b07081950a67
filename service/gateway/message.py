"""The messages of the queue: requests as they come in, statuses as they go out."""

from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from msgspec import Struct

from service.course.http import NewCourse
from service.http import header
from service.http.body import MEBIBYTE, bounded, decode
from service.refusal import Invalid, Refusal


class Asked(NewCourse, frozen=True, forbid_unknown_fields=True):
    """A request as it comes: what HTTP takes for a course, and what the request is called."""

    request_id: str | None = None


class Request(Struct, frozen=True):
    """A request that can be carried out, with a `user_id`.

    `request_id` is the same key as ``Idempotency-Key`` over HTTP.
    """

    request_id: str
    asked: NewCourse

    @property
    def user_id(self) -> str:
        """Who asks."""
        return self.asked.user_id or ""


Word = Literal["processing", "success", "error"]


class Status(Struct, frozen=True):
    """What has become of a request; of the course only what is known by then."""

    request_id: str | None
    status: Word
    message: str
    timestamp: datetime
    course_id: UUID | None = None
    course_title: str | None = None
    total_lessons: int | None = None


DECODER: Final = msgspec.json.Decoder(Asked)


class UserMissing(Invalid):
    """The request names no user_id: say for whom the course is."""


class RequestIdAmiss(Invalid):
    """A request_id has 1 to 255 printable ASCII characters."""


def read(body: bytes, message_id: str | None, fresh: UUID) -> Request:
    """Return the request in a message; called `fresh` where neither it nor its message has a name.

    Raises Refusal: what HTTP would refuse is refused here.
    """
    asked = decode(DECODER, bounded(body, MEBIBYTE))
    if not (asked.user_id or "").strip():
        raise UserMissing
    given = asked.request_id if asked.request_id is not None else message_id
    try:
        request_id = header.idempotency_key(given) or str(fresh)
    except Refusal:
        raise RequestIdAmiss from None
    fields = {name: getattr(asked, name) for name in NewCourse.__struct_fields__}
    return Request(request_id, NewCourse(**fields))


def called(body: bytes, message_id: str | None) -> str | None:
    """Return what a request that cannot be carried out calls itself, if that can be found out."""
    try:
        found: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return message_id
    given = found.get("request_id") if isinstance(found, dict) else None
    return given[:255] if isinstance(given, str) else message_id


def told(refusal: Refusal) -> str:
    """Return why a request is refused, with the field where there is one."""
    faults = refusal.facts.get("errors")
    if not faults:
        return str(refusal)
    said = "; ".join(f"{fault.pointer or 'all of it'}: {fault.detail}" for fault in faults)
    return f"The request does not fit: {said.rstrip('.')}."
