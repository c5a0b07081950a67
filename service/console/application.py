"""The console's own application, below /console: its pages, its cookie, its errors as pages."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Final
from urllib.parse import quote

import aiohttp_jinja2
import jinja2
from aiohttp import web

from service.console import same_site
from service.console.failure import failures
from service.console.page import Page, Shown, Visit, Visitor, redirect
from service.console.visitor import visitor
from service.console.wording import FILTERS
from service.export.plain import lines
from service.http.address import PROXIES, Proxies
from service.http.call import RESOURCES, Resources
from service.http.docs import prose
from service.http.markdown import inline
from service.http.parameter import path_of
from service.http.token import rank
from service.refusal import Forbidden, Unavailable

HERE: Final = Path(__file__).parent
SIGN_IN: Final = "/console/sign-in"
PATIENCE: Final = 10.0
"""Seconds for which people are kept waiting for a page at most."""
REFERRER: Final = "same-origin"
"""With "no-referrer", browsers would not say of our own forms either which site they come from."""


def console(pages: Iterable[Page], resources: Resources) -> web.Application:
    """Return the application of the console."""
    app = web.Application(middlewares=[failures, from_here])
    app[RESOURCES] = resources
    app[PROXIES] = Proxies(resources.settings.trusted_proxies)
    environment = aiohttp_jinja2.setup(
        app,
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS, prose=prose, inline=inline, lines=lines)
    app.on_response_prepare.append(prepare)
    app.router.add_get("/", lead)
    for page in pages:
        add = app.router.add_get if page.method == "GET" else app.router.add_post
        add(page.path, bound(page))
    return app


@web.middleware
async def from_here(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse what another site has forged, before anything is looked at."""
    same_site.check(request, request.app[RESOURCES].settings.public_url)
    return await handler(request)


def bound(page: Page) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Return the aiohttp handler of `page`."""

    async def handle(request: web.Request) -> web.StreamResponse:
        of = request.app[RESOURCES]
        async with asyncio.timeout(PATIENCE):
            who = await admitted(page, request, of)
            if page.role is not None and who is None:
                return redirect(f"{SIGN_IN}?to={quote(request.path_qs, safe='/')}")
            visit = Visit(request, of, who, path_of(request.match_info), of.now())
            answer = await page.handler(visit)
        if isinstance(answer, web.StreamResponse):
            return answer
        return shown(request, answer, who)

    return handle


async def prepare(_request: web.Request, response: web.StreamResponse) -> None:
    """Let browsers tell the console, and nobody else, that they come from it."""
    response.headers["Referrer-Policy"] = REFERRER


async def lead(request: web.Request) -> web.Response:
    """Lead from an address that is nearly right to the first page."""
    del request
    return redirect("/console")


async def admitted(page: Page, request: web.Request, of: Resources) -> Visitor | None:
    """Return who asks for `page`, None for nobody. Raises `Forbidden` for too low a role."""
    if page.role is None:
        return None
    if of.state.phase == "starting":
        raise Unavailable(of.state.reason)
    who = await visitor(request, of)
    if who is not None and rank(who.principal.role) < rank(page.role):
        raise Forbidden(f"This page is for the role {page.role}; yours is {who.principal.role}.")
    return who


def shown(request: web.Request, page: Shown, who: Visitor | None) -> web.Response:
    """Return a page as HTML."""
    of = request.app[RESOURCES]
    values = {"who": who, "path": request.path, "settings": of.settings, "now": of.now()}
    response = aiohttp_jinja2.render_template(
        page.template, request, {**values, **page.values}, status=page.status
    )
    response.headers.update(page.headers)
    return response
