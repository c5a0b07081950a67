"""What happens to every request: a trace, a problem document if it fails, careful headers."""

import time
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from service.http import problem
from service.http.metrics import METRICS
from service.http.trace import TRACE, begin

Next = Callable[[web.Request], Awaitable[web.StreamResponse]]

HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
}
"""What every answer carries unless the handler has said otherwise (OWASP Secure Headers)."""


@web.middleware
async def outermost(request: web.Request, handler: Next) -> web.StreamResponse:
    """Trace the request, turn whatever is raised into a problem document, take the time."""
    started = time.perf_counter()
    trace = request[TRACE] = begin(request.headers.get("traceparent"))
    try:
        response = await handler(request)
    except Exception as error:  # noqa: BLE001 - the one place where errors become answers
        response = problem.answer(error, request, trace.trace_id)
    request.app[METRICS].served(
        request.method, template(request), response.status, time.perf_counter() - started
    )
    return response


def template(request: web.Request) -> str:
    """Return the path template that matched, so that no id becomes a label."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "none"


async def harden(_request: web.Request, response: web.StreamResponse) -> None:
    """Add the careful headers to an answer that is about to be sent."""
    harden_headers(response)


def harden_headers(response: web.StreamResponse) -> None:
    """Add each careful header that is not set, and take away the server's name and version."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.pop("Server", None)
