"""Requests that another site has forged are refused (OWASP, Cross-Site Request Forgery).

Browsers say which site a request comes from, and no page can make them lie: Sec-Fetch-Site, or,
from older ones and over plain http, Origin. So a form needs no hidden token.
"""

from typing import Final

from aiohttp import web

from service.refusal import Forbidden

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing (RFC 9110, section 9.2.1)."""
OURS: Final = frozenset({"same-origin", "none"})
"""From a page of ours, or from no page at all, as when the address was typed."""

HINT: Final = (
    "Nothing was done: the browser does not say which site this comes from. It does over https and"
    " on localhost; at other addresses, only if PUBLIC_URL is what stands in its address bar."
)


class CrossSite(Forbidden):
    """This came from a page of another site, so nothing was done; try it in the console itself."""


class OriginUnknown(Forbidden):
    """Nothing was done: the browser does not say which site this comes from.

    It does over https and on localhost; otherwise only if PUBLIC_URL is the address that it uses.
    """


def check(request: web.BaseRequest, public_url: str | None) -> None:
    """Raise `CrossSite` or `OriginUnknown` where a request might be another site's."""
    site = request.headers.get("Sec-Fetch-Site")
    if request.method in SAFE or site in OURS:
        return
    if site is not None:
        raise CrossSite
    origin = request.headers.get("Origin")
    if origin is None or public_url is None:
        raise OriginUnknown(HINT)
    if origin != public_url:
        raise CrossSite
