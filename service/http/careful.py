"""Careful headers: they keep browsers from doing more with an answer than it is meant for."""

from collections.abc import Mapping
from typing import Final

from aiohttp import http_parser, web

from service.settings import Settings

HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
}
"""What every answer carries unless the handler has said otherwise (OWASP Secure Headers).

There is no script on any page, so none may run.
"""
TLS_ONLY: Final = {"Strict-Transport-Security": "max-age=31536000"}
"""For a year, browsers speak to this host through TLS alone (RFC 6797)."""
CAREFUL: Final = web.AppKey("careful headers", Mapping[str, str])
BEGUN: Final = web.RequestKey("begun", web.StreamResponse)
"""The answer to a request, once its head has been sent."""


def headers(settings: Settings) -> Mapping[str, str]:
    """Return the careful headers of a service; what it is reached by, it must be told."""
    return HEADERS | (TLS_ONLY if secure(settings) else {})


def secure(settings: Settings) -> bool:
    """Tell whether people reach the service through TLS.

    The request itself cannot be asked: its scheme and its host are whatever a client wrote.
    """
    return (settings.public_url or "").startswith("https://")


def harden(response: web.StreamResponse, marks: Mapping[str, str] = HEADERS) -> None:
    """Add each careful header that is not set, and take away the server's name and version."""
    response.headers.merge(marks)
    response.headers.pop("Server", None)


def check_parser() -> None:
    """Raise ValueError where aiohttp reads requests by its slower parser, written in Python.

    That one has let requests be smuggled past a proxy; nobody would notice that it is in use.
    """
    if http_parser.HttpRequestParser is http_parser.HttpRequestParserPy:
        raise ValueError(
            "aiohttp runs without its compiled parser: unset AIOHTTP_NO_EXTENSIONS, or install"
            " aiohttp from a wheel for this platform (make clean setup)."
        )
