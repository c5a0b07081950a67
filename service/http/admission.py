"""Who may call a route: one place asks for the token, the standing, the scope and the limits."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Final
from uuid import UUID

from aiohttp import web

from service.http import token
from service.http.call import RESOURCES, Resources
from service.http.parameter import path_of
from service.http.route import Route
from service.http.trace import TRACE
from service.refusal import Forbidden, NotFound, Refusal, Unauthenticated, Unavailable
from service.service_token.text import PREFIX

READS: Final = frozenset({"GET", "HEAD"})
NOBODY: Final = token.Principal(token.tenant("default"), "anonymous", "")
"""Who calls a route that asks for no token."""
RECALLED: Final = web.RequestKey("recalled", bool)
"""Set where the sender was let in by what is remembered, and is to be asked about again."""


async def authorise(route: Route, request: web.Request, resources: Resources) -> token.Principal:
    """Return who calls.

    Raises `Unauthenticated`, `Forbidden` for whom nothing is open now, `Unavailable` as long as the
    database may not even have our tables. A route that spools goes by the token and by what is
    remembered while the database is away, since it is all asked again before anything is stored.
    """
    if route.role is None:
        started(route, resources)
        return NOBODY
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not text:
        raise Unauthenticated
    away = route.spools and resources.standing.away  # then there is no need to look for it
    principal = recalled(route, text.strip(), resources) if away else None
    if principal is None:
        try:
            return await admitted(route, text.strip(), resources)
        except Unavailable:
            principal = recalled(route, text.strip(), resources)
            if principal is None:
                raise
    request[RECALLED] = True
    return principal


async def admitted(route: Route, text: str, of: Resources) -> token.Principal:
    """Return whom a token speaks for, if he may call now. Raises as `authorise`."""
    now = of.now()
    if text.startswith(PREFIX):
        started(route, of)
        principal = await of.standing.bearer(text, now)
    else:
        principal = token.verify(of.keys, text, now)
        started(route, of)
    await of.standing.admit(principal, now)
    return principal


def recalled(route: Route, text: str, of: Resources) -> token.Principal | None:
    """Return whom a token speaks for as far as is known here, None where that is not enough.

    Raises `Unauthenticated`, `Forbidden` where the last that is known speaks against him.
    """
    if not route.spools:
        return None
    machine = text.startswith(PREFIX)
    principal = of.standing.known(text) if machine else token.verify(of.keys, text, of.now())
    if principal is not None:
        of.standing.recall(principal)
    return principal


def started(route: Route, resources: Resources) -> None:
    """Raise `Unavailable` while the service is starting; what is no API answers all the same."""
    if resources.state.phase == "starting" and route.path.startswith("/api/"):
        raise Unavailable(resources.state.reason)


def permit(route: Route, principal: token.Principal) -> None:
    """Raise `Forbidden` where the principal's token is not good for `route`."""
    if principal.scopes is not None and route.scope not in principal.scopes:
        raise Forbidden(f"This needs the scope {route.scope}, which your token has not.")
    if route.house and not principal.house:
        raise Forbidden("This acts on the service as a whole, which your token may not.")
    if route.role is not None and token.rank(principal.role) < token.rank(route.role):
        raise Forbidden(f"This needs the role {route.role}; your token says {principal.role}.")


def count(route: Route, principal: token.Principal, resources: Resources) -> None:
    """Count a command against its tenant's limits. Raises `TooMany`."""
    if route.role is not None and route.method not in READS:
        resources.limits.command(principal.tenant_id, generates=route.generates)


def refused(
    route: Route, request: web.Request, principal: token.Principal, refusal: Refusal
) -> None:
    """Let the audit know of a command that was refused to somebody who may call at all."""
    if route.role is None or route.method in READS:
        return
    audit = request.app[RESOURCES].audit
    audit.refused(
        principal,
        audit.origin(principal, request),
        method=route.method,
        path=route.path,
        target=target_of(request.match_info),
        refusal=refusal,
        correlation_id=request[TRACE].correlation_id,
    )


def target_of(matched: Mapping[str, str]) -> UUID | None:
    """Return the first id in a path, if it has one."""
    with suppress(NotFound):
        return next((part for part in path_of(matched).values() if isinstance(part, UUID)), None)
    return None
