"""Errors under /console: a page with a sentence for who reads pages, else a problem document."""

import re
from collections.abc import Awaitable, Callable
from typing import Final

import aiohttp_jinja2
from aiohttp import web

from service.http import problem
from service.http.trace import TRACE
from service.refusal import Unavailable

HTML: Final = "text/html"
KEPT: Final = ("Allow", "Retry-After")
"""Headers that an error's page has in common with its problem document."""
DOWN: Final = (
    "The database cannot be reached just now. Nothing that was saved is lost; this page comes back"
    " by itself once the database does."
)
_QUALITY: Final = re.compile(r";\s*q=([01](?:\.\d{0,3})?)\s*$", re.ASCII)


@web.middleware
async def failures(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Show what is raised as a page, where the client likes pages best."""
    try:
        return await handler(request)
    except Exception as error:
        if not likes_pages(request.headers.get("Accept", "")):
            raise
        return page(request, error)


def page(request: web.Request, error: Exception) -> web.Response:
    """Return the page about `error`; what nobody expected is logged with its trace."""
    trace_id = request[TRACE].trace_id
    told = problem.answer(error, request, trace_id)
    refusal = problem.refusal_of(error, request)
    kind = type(refusal)
    values = {
        "title": problem.title_of(Unavailable if away(error) else kind),
        "status": told.status,
        "sentence": DOWN if away(error) else str(refusal),
        "trace_id": trace_id,
        "again": told.status == problem.status_for(Unavailable) and request.method == "GET",
    }
    response = aiohttp_jinja2.render_template("failure.html", request, values, status=told.status)
    response.headers.update({name: told.headers[name] for name in KEPT if name in told.headers})
    return response


def away(error: Exception) -> bool:
    """Tell whether `error` means that the database was not reached, or not in time."""
    if type(error) is not Unavailable:
        return isinstance(error, TimeoutError)
    return error.__cause__ is not None or str(error) == str(Unavailable())


def likes_pages(accept: str) -> bool:
    """Tell whether `accept` puts HTML before problem documents (RFC 9110, section 12.5.1)."""
    return quality(accept, HTML) > quality(accept, problem.MEDIA_TYPE)


def quality(accept: str, media: str) -> float:
    """Return how much `accept` likes `media`: what fits it most closely counts."""
    fits = [media, media.partition("/")[0] + "/*", "*/*"]
    found: dict[str, float] = {}
    for part in accept.split(","):
        given = _QUALITY.search(part)
        found[part.partition(";")[0].strip().lower()] = float(given[1]) if given else 1.0
    return next((found[fit] for fit in fits if fit in found), 0.0)
