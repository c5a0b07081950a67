"""Pages of other origins: those that CORS_ORIGINS names may use the API (WHATWG Fetch, 3.3).

They send a bearer token of their own; cookies are never for them.
"""

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from service.refusal import Forbidden

OPEN: Final = ("/api/", "/openapi.json")
"""Where the paths begin that pages of other origins may use."""
SENT: Final = (
    "Authorization, Content-Type, Idempotency-Key, If-Match, Last-Event-ID, Prefer, traceparent"
)
SHOWN: Final = (
    "ETag, Idempotency-Replayed, Link, Location, Retry-After, X-Projection-Position, X-Search-By"
)
"""The headers that a page may send, and those that it may read."""
MAX_AGE: Final = "600"
"""Seconds for which a browser need not ask again."""


def headers(request: web.BaseRequest, origins: tuple[str, ...]) -> Mapping[str, str]:
    """Return what tells a browser whether the page that asks may have the answer."""
    if not (origins and request.path.startswith(OPEN)):
        return {}
    asking = request.headers.get("Origin")
    if asking not in origins:
        return {"Vary": "Origin"}
    return {
        "Vary": "Origin",
        "Access-Control-Allow-Origin": asking,
        "Access-Control-Expose-Headers": SHOWN,
    }


def preflight(request: web.Request, origins: tuple[str, ...]) -> web.Response | None:
    """Return the answer where a browser asks ahead for a page, else None.

    Raises `Forbidden` for a page of an origin that is not listed.
    """
    asked = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
    if not (asked and origins and request.path.startswith(OPEN)):
        return None
    refusal = request.match_info.http_exception
    if not isinstance(refusal, web.HTTPMethodNotAllowed):
        return None
    if (origin := request.headers.get("Origin", "")) not in origins:
        raise Forbidden(f"The origin {origin[:200]!r} is not one of CORS_ORIGINS.")
    allowed = {
        "Access-Control-Allow-Methods": ", ".join(sorted(refusal.allowed_methods)),
        "Access-Control-Allow-Headers": SENT,
        "Access-Control-Max-Age": MAX_AGE,
    }
    return web.Response(status=204, headers=allowed)
