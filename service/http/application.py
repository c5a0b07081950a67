"""The aiohttp application: routes mounted, documented, measured and wrapped."""

from typing import Final

from aiohttp import web

from service.http import careful, docs, openapi
from service.http.address import PROXIES, Proxies
from service.http.bind import mount
from service.http.call import RESOURCES, Resources
from service.http.careful import CAREFUL
from service.http.metrics import METRICS, Metrics
from service.http.middleware import outermost, prepare
from service.http.route import Route

BODY_MAX: Final = 64 * 1024 * 1024
"""aiohttp's own limit, out of the way: each route has its own."""


def application(
    routes: tuple[Route, ...], resources: Resources, metrics: Metrics
) -> web.Application:
    """Return the application that serves `routes` on `resources`.

    Raises ValueError where requests would be read by aiohttp's parser in Python.
    """
    careful.check_parser()
    app = web.Application(middlewares=[outermost], client_max_size=BODY_MAX)
    app[RESOURCES] = resources
    app[METRICS] = metrics
    app[PROXIES] = Proxies(resources.settings.trusted_proxies)
    app[CAREFUL] = careful.headers(resources.settings)
    docs.install(app, openapi.document(routes, docs.VERSION))
    mount(app, routes)
    app.on_response_prepare.append(prepare)
    app.on_shutdown.append(say_bye)
    app.on_cleanup.append(stop_builds)
    app.on_cleanup.append(end_proofs)
    return app


async def say_bye(app: web.Application) -> None:
    """End the event streams, which would otherwise hold the server until its patience ends."""
    app[RESOURCES].streams.draining.set()


async def stop_builds(app: web.Application) -> None:
    """Stop the rebuilds that go on in the background; none outlives the process's service."""
    await app[RESOURCES].builds.close()


async def end_proofs(app: web.Application) -> None:
    """Let the proofs of erasures that are owed come to their end, or say that they have not."""
    await app[RESOURCES].proofs.close()
