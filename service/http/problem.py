"""Every error as a problem document (RFC 9457), the framework's own included."""

import logging
import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final

import msgspec
from aiohttp import web
from msgspec import Struct

from service.refusal import (
    STATUS,
    Invalid,
    Malformed,
    NotFound,
    Refusal,
    TooLarge,
    Unavailable,
    Unsupported,
    status_of,
)

MEDIA_TYPE: Final = "application/problem+json"
RETRYABLE: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
RETRY_AFTER: Final = 1
"""Seconds a client is asked to wait when the refusal itself does not know better."""

log: Final = logging.getLogger(__name__)


class FieldError(Struct, frozen=True, omit_defaults=True):
    """One fault in a request: where (RFC 6901 pointer into the body, or a parameter) and what."""

    detail: str
    pointer: str | None = None
    parameter: str | None = None


class Problem(Struct, frozen=True, omit_defaults=True):
    """The members of every error answer; a kind of problem may add facts of its own."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    trace_id: str
    retryable: bool
    errors: tuple[FieldError, ...] = ()


class MethodNotAllowed(Refusal):
    """This path exists, but not for this method; the `Allow` header names those that do."""


class ExpectationFailed(Refusal):
    """The Expect header asks for something that is not done here: it knows 100-continue alone."""


class InternalError(Refusal):
    """Something went wrong on our side; the trace id names the entry in the service's log."""


class DeadlinePassed(Unavailable):
    """The request was not finished in time; repeat it with the same Idempotency-Key."""


FRAMEWORK_ONLY: Final[dict[type[Refusal], HTTPStatus]] = {
    MethodNotAllowed: HTTPStatus.METHOD_NOT_ALLOWED,
    ExpectationFailed: HTTPStatus.EXPECTATION_FAILED,
    InternalError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""The kinds that only HTTP knows."""

FRAMEWORK: Final[dict[int, type[Refusal]]] = {
    HTTPStatus.NOT_FOUND: NotFound,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: TooLarge,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: Unsupported,
    HTTPStatus.UNPROCESSABLE_ENTITY: Invalid,
}


def code_of(kind: type[Refusal]) -> str:
    """Return a kind's stable code: ``NotFound`` → ``not-found``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", kind.__name__).lower()


def title_of(kind: type[Refusal]) -> str:
    """Return a kind's short name for people: ``NotFound`` → ``Not found``."""
    return code_of(kind).replace("-", " ").capitalize()


def every_kind(root: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    """Yield each kind of refusal that is loaded and has a status of its own or inherits one."""
    for kind in sorted(root.__subclasses__(), key=lambda kind: kind.__name__):
        yield kind
        yield from every_kind(kind)


def over_http(kind: type[Refusal]) -> bool:
    """Say whether a kind has a status: a few are only ever raised at workers."""
    return kind in FRAMEWORK_ONLY or any(base in STATUS for base in kind.__mro__)


def status_for(kind: type[Refusal]) -> HTTPStatus:
    """Return the status of a kind of refusal."""
    return FRAMEWORK_ONLY.get(kind) or status_of(kind)


def document(refusal: Refusal, status: int, instance: str, trace_id: str) -> dict[str, Any]:
    """Return the members of the problem document of `refusal`; its own facts come last."""
    kind = type(refusal)
    facts = {name: fact for name, fact in refusal.facts.items() if name != "retry_after"}
    return {
        "type": f"/docs/problems#{code_of(kind)}",
        "title": title_of(kind),
        "status": int(status),
        "detail": str(refusal),
        "instance": instance,
        "code": code_of(kind),
        "trace_id": trace_id,
        "retryable": status in RETRYABLE,
        **facts,
    }


def response(refusal: Refusal, instance: str, trace_id: str) -> web.Response:
    """Return the answer to a refused request, with the headers its status calls for."""
    status = status_for(type(refusal))
    body = msgspec.json.encode(document(refusal, status, instance, trace_id))
    answer = web.Response(status=status, body=body, content_type=MEDIA_TYPE)
    if status in RETRYABLE:
        answer.headers["Retry-After"] = str(refusal.facts.get("retry_after", RETRY_AFTER))
    if status == HTTPStatus.REQUEST_TIMEOUT:
        answer.force_close()
    if status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="daybook"'
    return answer


def refusal_of(error: Exception, request: web.BaseRequest) -> Refusal:
    """Return what `error`, raised while `request` was served, is to its sender."""
    match error:
        case Refusal():
            return error
        case web.HTTPMethodNotAllowed():
            return MethodNotAllowed(f"{request.method} is not a method of {request.path}.")
        case web.HTTPExpectationFailed():
            return ExpectationFailed()
        case web.HTTPNotFound():
            return NotFound(f"There is nothing at {request.path}.")
        case web.HTTPException():
            return FRAMEWORK.get(error.status, Malformed)(error.reason)
        case TimeoutError():
            return DeadlinePassed()
        case _:
            return InternalError()


def answer(error: Exception, request: web.BaseRequest, trace_id: str) -> web.Response:
    """Return the problem document for `error`; what nobody expected is logged with its trace."""
    refusal = refusal_of(error, request)
    if isinstance(refusal, InternalError):
        log.error("Unexpected error, trace %s", trace_id, exc_info=error)
    result = response(refusal, request.path, trace_id)
    if isinstance(error, web.HTTPMethodNotAllowed):
        result.headers["Allow"] = ", ".join(sorted(error.allowed_methods))
    return result
