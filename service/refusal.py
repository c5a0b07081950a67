"""Refusals: what the product declines to do, each a sentence, and the status each has over HTTP."""

from http import HTTPStatus
from typing import Any, Final


class Refusal(Exception):  # noqa: N818 - a refusal is an expected answer, not an error
    """The request was refused."""

    def __init__(self, detail: str | None = None, **facts: Any) -> None:
        """Take the sentence for this case (default: the class's docstring) and facts beside it.

        `facts` become members of the problem document (RFC 9457, section 3.2).
        """
        super().__init__(detail or (type(self).__doc__ or "").strip().splitlines()[0])
        self.facts = facts


class Malformed(Refusal):
    """The request cannot be read."""


class Unauthenticated(Refusal):
    """The request carries no valid bearer token."""


class Forbidden(Refusal):
    """The token's role does not allow this."""


class NotFound(Refusal):
    """There is no such thing here, or it belongs to somebody else."""


class StateConflict(Refusal):
    """The state of the thing does not allow this now."""


class Stale(Refusal):
    """The thing has changed since the version that If-Match names."""


class TooSlow(Refusal):
    """The request did not arrive in time; send it again over a better line."""


class HeadTooLarge(Refusal):
    """The head of the request is larger than this service takes."""


class TooLarge(Refusal):
    """The body is larger than this route takes."""


class Unsupported(Refusal):
    """The media type is not one this route takes."""


class Invalid(Refusal):
    """The request is well formed, but what it asks for is not allowed."""


class TooMany(Refusal):
    """These are more at once, or faster, than the caller may have; wait as Retry-After says."""


class Unavailable(Refusal):
    """The database cannot be reached just now; the request may be repeated with the same key."""


STATUS: Final[dict[type[Refusal], HTTPStatus]] = {
    Malformed: HTTPStatus.BAD_REQUEST,
    Unauthenticated: HTTPStatus.UNAUTHORIZED,
    Forbidden: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    StateConflict: HTTPStatus.CONFLICT,
    Stale: HTTPStatus.PRECONDITION_FAILED,
    TooSlow: HTTPStatus.REQUEST_TIMEOUT,
    HeadTooLarge: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Unsupported: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    TooMany: HTTPStatus.TOO_MANY_REQUESTS,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}


def status_of(refusal: type[Refusal]) -> HTTPStatus:
    """Return the status of the nearest kind that `refusal` descends from."""
    return next(STATUS[kind] for kind in refusal.__mro__ if kind in STATUS)
