"""The line itself: what aiohttp answers before any application code runs, made to our manners."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web

from service.http import problem
from service.http.access import AccessLogger
from service.http.careful import CAREFUL, HEADERS, harden
from service.http.trace import begin
from service.refusal import Malformed

HEADER_SECONDS: Final = 20.0
"""How long a new connection may take to send its first request's headers."""
KEEPALIVE_SECONDS: Final = 75.0
"""aiohttp's own default is an hour, which idle clients would fill with sockets."""


class Protocol(web.RequestHandler):
    """Answers bytes that are no HTTP with a problem document, and without a traceback each."""

    __slots__ = ()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection; let it go if nothing is asked, where aiohttp would wait for ever."""
        super().connection_made(transport)
        asyncio.get_running_loop().call_later(HEADER_SECONDS, self.close_unless_asked, transport)

    def close_unless_asked(self, transport: asyncio.BaseTransport) -> None:
        """Close a connection over which not one whole request has come."""
        if self._request_count == 0:
            transport.close()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Return the answer to a request that cannot be read, and close the connection."""
        if status >= 500 or request.writer.output_size > 0:  # noqa: PLR2004 - RFC 9110
            return super().handle_error(request, status, exc, message)
        trace = begin(None)
        refusal = Malformed("The request is not well-formed HTTP/1.1.")
        response = problem.response(refusal, request.path, trace.trace_id)
        harden(response, self._manager.marks if isinstance(self._manager, Server) else HEADERS)
        response.force_close()
        return response


class Server(web.Server):
    """Makes our kind of protocol for each connection; `marks` are on each answer of its own."""

    marks: Mapping[str, str] = HEADERS

    def __call__(self) -> Protocol:
        """Return the protocol of one new connection."""
        return Protocol(self, loop=self._loop, **self._kwargs)


class Runner(web.AppRunner):
    """Runs the application on our kind of server.

    aiohttp offers no public way to choose the protocol, so the server it has made changes its
    class; the versions are pinned, and a test sends bad bytes.
    """

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        server.__class__ = Server
        if isinstance(server, Server):
            server.marks = self.app.get(CAREFUL, HEADERS)
        return server


@asynccontextmanager
async def served(
    app: web.Application, host: str, port: int, patience: float = 20.0
) -> AsyncIterator[int]:
    """Serve `app` and yield its port; at the end, finish what is in flight within `patience`.

    A `port` of 0 takes a free one. Raises OSError when the address cannot be had.
    """
    runner = Runner(
        app,
        keepalive_timeout=KEEPALIVE_SECONDS,
        shutdown_timeout=patience,
        access_log_class=AccessLogger,
        access_log=logging.getLogger("service.access"),
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        yield site.port
    finally:
        await runner.cleanup()
