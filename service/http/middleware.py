"""What happens to every request: a trace, a problem document if it fails, careful headers."""

import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from service.http import cors, problem
from service.http.call import RESOURCES
from service.http.careful import BEGUN, CAREFUL, harden
from service.http.metrics import METRICS
from service.http.trace import TRACE, begin

Next = Callable[[web.Request], Awaitable[web.StreamResponse]]

log: Final = logging.getLogger(__name__)


@web.middleware
async def outermost(request: web.Request, handler: Next) -> web.StreamResponse:
    """Trace the request, turn whatever is raised into a problem document, take the time."""
    started = time.perf_counter()
    trace = request[TRACE] = begin(request.headers.get("traceparent"))
    try:
        open_to = request.app[RESOURCES].settings.cors_origins
        response = cors.preflight(request, open_to) or await handler(request)
    except Exception as error:  # noqa: BLE001 - the one place where errors become answers
        response = cut(request, error) or problem.answer(error, request, trace.trace_id)
    request.app[METRICS].served(
        request.method, template(request), response.status, time.perf_counter() - started
    )
    return response


def cut(request: web.Request, error: Exception) -> web.StreamResponse | None:
    """Return the answer that `error` has come in the middle of, its line cut; None if none.

    A second status line would be read as part of the first answer's body.
    """
    begun = request.get(BEGUN)
    if begun is not None:
        log.error("An answer was cut, trace %s", request[TRACE].trace_id, exc_info=error)
        if request.transport is not None:
            request.transport.abort()
    return begun


def template(request: web.Request) -> str:
    """Return the path template that matched, so that no id becomes a label."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "none"


async def prepare(request: web.Request, response: web.StreamResponse) -> None:
    """Add what every answer carries to one that is about to be sent."""
    if isinstance(response, web.HTTPException):  # aiohttp answers a bad Expect by itself
        reworded(request, response)
    outer = request.match_info.apps[0]  # a page of the console is of an application within it
    if open_to := outer[RESOURCES].settings.cors_origins:
        response.headers.update(cors.headers(request, open_to))
    harden(response, outer[CAREFUL])
    request[BEGUN] = response


def reworded(request: web.Request, response: web.HTTPException) -> None:
    """Say in a problem document what the framework would have said in plain text."""
    trace = request.get(TRACE) or begin(request.headers.get("traceparent"))
    refusal = problem.refusal_of(response, request)
    told = problem.response(refusal, request.path, trace.trace_id)
    response.body = told.body
    response.headers["Content-Type"] = problem.MEDIA_TYPE
    response.headers["Content-Length"] = str(told.content_length)
