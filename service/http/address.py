"""Whom a request comes from, as far as the network can tell."""

from aiohttp import web


def address_of(request: web.BaseRequest) -> str:
    """Return the address of the client."""
    return request.remote or ""
