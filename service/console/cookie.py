"""The cookie of the console: a session's id under a seal, good for pages and for nothing else.

A refresh token would do, but could be copied out of a browser and turned into tokens for the API.
"""

import hmac
from typing import Final
from uuid import UUID

from aiohttp import web

from service.account.session import Open, parsed, token_of
from service.http.careful import secure
from service.settings import Settings

PURPOSE: Final = b"daybook: a session of the console"


def name(settings: Settings) -> str:
    """Return the cookie's name; the prefix makes browsers insist on TLS and on this very host."""
    return "__Host-daybook" if secure(settings) else "daybook"


def seal(settings: Settings, session_id: UUID, session: Open) -> bytes:
    """Return the 32 bytes that nobody without our key can put beside a session's id."""
    key = settings.secret_key.reveal().encode()
    told = PURPOSE + session_id.bytes + session.family_hash.encode()
    return hmac.digest(key, told, "sha256")


def give(response: web.StreamResponse, settings: Settings, session_id: UUID, session: Open) -> None:
    """Give the browser the cookie; it goes when the browser is closed."""
    response.set_cookie(
        name(settings),
        token_of(session_id, seal(settings, session_id, session)),
        path="/",
        secure=secure(settings),
        httponly=True,
        samesite="Lax",
    )


def take(response: web.StreamResponse, settings: Settings) -> None:
    """Take the cookie back."""
    response.del_cookie(
        name(settings), path="/", secure=secure(settings), httponly=True, samesite="Lax"
    )


def read(request: web.Request, settings: Settings) -> tuple[UUID, bytes] | None:
    """Return the session's id and the seal that the browser has sent, None for no cookie.

    Raises `BadRefreshToken` for what has not the form of one.
    """
    text = request.cookies.get(name(settings))
    return parsed(text) if text else None
