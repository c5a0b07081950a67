"""From an aiohttp request to a handler's call, and from its answer back to bytes."""

import hmac
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Any, Final
from uuid import UUID, uuid5

import msgspec
from aiohttp import web

from service.http import admission, form, guard, header, token
from service.http.admission import READS
from service.http.body import OPEN_MAX, check_media_type, decode, read
from service.http.call import RESOURCES, Answer, Call, Read, Resources
from service.http.deadline import Deadlines
from service.http.download import Download, send
from service.http.intake import NotStoredYet
from service.http.parameter import path_of
from service.http.query import query
from service.http.route import Route, Shape, shape_of
from service.http.trace import TRACE
from service.log.handle import Context
from service.refusal import NotFound, Refusal, Unavailable
from service.settings import Settings

DEADLINE: Final = 30.0
"""Seconds in which a request is answered, streams apart, unless its route says otherwise."""
READ_WAIT: Final = 5.0
"""Seconds a read waits for the projections to reach its `min_position`."""
SOON: Final = 0.3
"""Seconds in which a healthy projector has folded what was just written."""
POSITION_HEADER: Final = "X-Projection-Position"
KEYS: Final = UUID("5b0d3c8e-6f0a-5c3b-9d53-0f9a6f4b7a10")
"""The namespace of idempotency keys."""

_encoder: Final = msgspec.json.Encoder()


class ProjectionBehind(Unavailable):
    """The read models have not reached this position yet; ask again in a moment."""


def mount(app: web.Application, routes: Iterable[Route]) -> None:
    """Serve `routes`; a GET answers HEAD too, unless it streams."""
    deadlines = Deadlines()
    for route in routes:
        handle = bound(route, deadlines if route.seconds is None else Deadlines())
        if route.method == "GET" and not route.streams:
            app.router.add_get(route.path, handle)
        else:
            app.router.add_route(route.method, route.path, handle)


def bound(
    route: Route, deadlines: Deadlines
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Return the aiohttp handler of `route`."""
    shape = shape_of(route.handler)
    decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(shape.body)

    async def handle(request: web.Request) -> web.StreamResponse:
        resources = request.app[RESOURCES]
        principal = await admission.authorise(route, request, resources)
        try:
            admission.permit(route, principal)
            admission.count(route, principal, resources)
            body = await taken(request, route, shape, decoder)  # its pace is watched, not its end
            with deadlines.within(deadline(route, request)):
                asked = query(request, shape.query)
                position = await reached(asked, resources)
                call = called(
                    route, request, principal, body=body, asked=asked, resources=resources
                )
                answer = await route.handler(call)
        except Refusal as refusal:
            if isinstance(refusal, NotFound) and awaited(request, resources):
                raise NotStoredYet from refusal
            admission.refused(route, request, principal, refusal)
            otherwise = route.refusing(refusal) if route.refusing else None
            if otherwise is None:
                raise
            return respond(otherwise, route, None)
        if isinstance(answer, Download):
            return await send(request, principal, resources.streams, answer, seen(position))
        return respond(answer, route, position)

    return handle


def awaited(request: web.Request, of: Resources) -> bool:
    """Tell whether what the path names was promised to somebody, and is being stored."""
    with suppress(NotFound):
        if of.intake.promises(path_of(request.match_info).values()):
            of.intake.visible(of.tail.position)  # it may have come while the handler did not see it
            return True
    return False


def deadline(route: Route, request: web.Request) -> float | None:
    """Return the seconds this request may take; only an event stream has no end."""
    streams = route.streams and "text/event-stream" in request.headers.get("Accept", "*/*")
    return None if streams else route.seconds or DEADLINE


async def taken(
    request: web.Request, route: Route, shape: Shape, decoder: msgspec.json.Decoder[Any]
) -> Any:
    """Return the decoded body; what a GET may carry means nothing (RFC 9110, section 9.3.1)."""
    if request.method in READS:
        return None
    limit = route.limit or (shape.limit if route.role else OPEN_MAX)
    if shape.form is not None and request.content_type == form.MULTIPART:
        return await form.read(request, shape.form, limit)
    if shape.media == form.URLENCODED:
        return await form.read_fields(request, shape.body, limit)
    raw = await read(request, limit)
    check_media_type(request, raw)
    return decode(decoder, raw)


async def reached(asked: Any, resources: Resources) -> int | None:
    """Return the position that a read will see at least, after waiting for the one it asks for.

    Raises `ProjectionBehind` when the projections do not get there in time.
    """
    if not isinstance(asked, Read):
        return None
    tail = resources.tail
    if not await come(asked.min_position, resources):
        behind = asked.min_position - tail.position
        raise ProjectionBehind(
            f"The read models stand {behind} events before position {asked.min_position}.",
            position=tail.position,
            lag=behind,
        )
    return tail.position


async def come(position: int, of: Resources) -> bool:
    """Wait for the projections to reach `position`; say whether they did.

    Raises `Invalid` for a position that the log itself has not reached: it is another log's.
    """
    if position <= of.tail.position or await of.tail.reached(position, SOON):
        return True
    await guard.known(position, "min_position", of)
    return await of.tail.reached(position, READ_WAIT)


def called(
    route: Route,
    request: web.Request,
    principal: token.Principal,
    *,
    body: Any,
    asked: Any,
    resources: Resources,
) -> Call[Any, Any]:
    """Return the handler's call."""
    return Call(
        request=request,
        principal=principal,
        context=context_of(route, request, principal, body),
        path=path_of(request.match_info),
        body=body,
        query=asked,
        expected_version=header.if_match(request.headers.get("If-Match")),
        resources=resources,
    )


def context_of(
    route: Route, request: web.Request, principal: token.Principal, body: Any
) -> Context:
    """Return what the log records of the caller.

    The idempotency key is the caller's, scoped to tenant, principal and route; the fingerprint
    is an HMAC over method, path and canonical body, so that no key can serve two requests. What is
    asked for on behalf of a user is scoped to that user, so that his key means the same over
    RabbitMQ.
    """
    trace, settings = request[TRACE], request.app[RESOURCES].settings
    given = header.idempotency_key(request.headers.get("Idempotency-Key"))
    subject = getattr(body, "user_id", None) or principal.subject
    told = route.generates and hears(settings, principal.tenant_id)
    return Context(
        tenant_id=principal.tenant_id,
        actor=principal.subject,
        correlation_id=trace.correlation_id,
        key=scoped(principal.tenant_id, subject, route.method, route.path, given)
        if given
        else unscoped(route, request),
        fingerprint=fingerprint(settings, request.method, request.rel_url.raw_path_qs, body)
        if given
        else b"",
        traceparent=trace.parent,
        origin=None if request.method in READS else origin(request, principal),
        request_id=given if given and told else "",
    )


def unscoped(route: Route, request: web.Request) -> UUID | None:
    """Return a key of our own for a request that may be sent to the log more than once by us."""
    return request.app[RESOURCES].new_id() if route.spools else None


def hears(settings: Settings, tenant_id: UUID) -> bool:
    """Tell whether RabbitMQ is told what becomes of a tenant's requests."""
    return settings.amqp_url is not None and tenant_id == token.tenant(settings.amqp_tenant)


def scoped(tenant_id: UUID, subject: str, method: str, path: str, given: str) -> UUID:
    """Return the commit key of what a caller, or who he asks for, has given the key `given`."""
    scope = (str(tenant_id), subject, method, path, given)
    return uuid5(KEYS, _encoder.encode(scope).decode())


def origin(request: web.Request, principal: token.Principal) -> UUID | None:
    """Return what the audit calls the place that this caller calls from."""
    return request.app[RESOURCES].audit.origin(principal, request)


def fingerprint(settings: Settings, method: str, path: str, body: Any) -> bytes:
    """Return the 32 bytes that tell this request from every other.

    They are kept for good, so they are keyed: nobody can try guesses of what a person sent.
    """
    canonical = msgspec.json.encode(body, order="sorted")
    head = f"{method} {path}\n".encode()
    return hmac.digest(settings.secret_key.reveal().encode(), head + canonical, "sha256")


def respond(
    answer: Answer[Any] | web.StreamResponse, route: Route, position: int | None
) -> web.StreamResponse:
    """Return the response to send; a read says which position it has seen."""
    if not isinstance(answer, Answer):
        return answer
    return web.Response(
        status=answer.status or route.status,
        body=_encoder.encode(answer.value),
        headers={"Content-Type": route.media, **answer.headers, **seen(position)},
    )


def seen(position: int | None) -> dict[str, str]:
    """Return the header that says which position a read has seen."""
    return {} if position is None else {POSITION_HEADER: str(position)}
