"""The line itself: connections are accepted, watched, and ended in order."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from aiohttp import web
from msgspec.structs import replace

from service.http.access import AccessLogger
from service.http.address import PROXIES, Proxies
from service.http.careful import CAREFUL, HEADERS
from service.http.connection import LINE_MAX, LINES_MAX, Connection
from service.http.crowd import ROOM, Crowd, Room
from service.http.watch import PATIENCE, Patience

LINGERING: Final = 5.0
"""Seconds that the rest of a refused body is read, so that its sender sees why."""
FOR_EVER: Final = 3600.0
"""aiohttp's own timer, out of the way of the watch."""
BACKLOG: Final = 1024
"""Connections that the operating system holds until we take them."""


class Server(web.Server):
    """Makes our kind of protocol for each connection; `marks` are on each answer of its own."""

    marks: Mapping[str, str] = HEADERS
    crowd: Crowd
    patience: Patience

    def __call__(self) -> Connection:
        """Return the protocol of one new connection."""
        return Connection(self, self.crowd, self.marks, loop=self._loop, **self._kwargs)

    async def watch(self) -> None:
        """Look at every connection now and then, for ever.

        Its clock stands still while we do: what clients sent meanwhile has not been read yet.
        """
        now, before, every = 0.0, self._loop.time(), self.patience.every
        while True:
            await asyncio.sleep(every)
            now, before = now + min(self._loop.time() - before, 2 * every), self._loop.time()
            patience = self.patience
            if self.crowd.dense:
                patience = replace(patience, kept=patience.idle)
            for connection, transport in list(self._connections.items()):
                if isinstance(connection, Connection):
                    connection.look(transport, now, patience)
            self.crowd.tell(before)


class Runner(web.AppRunner):
    """Runs the application on our kind of server, and keeps watch over its connections.

    aiohttp offers no public way to choose the protocol, so the server it has made changes its
    class; the versions are pinned, and tests send bad bytes and slow ones.
    """

    def __init__(
        self, app: web.Application, room: Room, patience: Patience, **options: Any
    ) -> None:
        """Serve `app` to as many as there is `room` for, with `patience`."""
        super().__init__(app, **options)
        self._room = room
        self._patience = patience
        self._watch: asyncio.Task[None] | None = None

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        server.__class__ = Server
        if isinstance(server, Server):
            server.marks = self.app.get(CAREFUL, HEADERS)
            server.crowd = Crowd(self._room, self.app.get(PROXIES, Proxies()).trusts)
            server.patience = self._patience
            self._watch = asyncio.create_task(server.watch())
        return server

    async def cleanup(self) -> None:
        """Stop serving; the watch goes on until every connection is gone."""
        await super().cleanup()
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.wait({self._watch})


@asynccontextmanager
async def served(
    app: web.Application,
    host: str,
    port: int,
    patience: float = 20.0,
    *,
    room: Room = ROOM,
    clients: Patience = PATIENCE,
) -> AsyncIterator[int]:
    """Serve `app` and yield its port; at the end, finish what is in flight within `patience`.

    There is `room` for so many connections, and `clients` may take so long. A `port` of 0 takes a
    free one. Raises OSError when the address cannot be had.
    """
    runner = Runner(
        app,
        room,
        clients,
        auto_decompress=False,  # it would go on with what a refused client still sends
        keepalive_timeout=FOR_EVER,
        lingering_time=min(LINGERING, clients.stall),
        max_line_size=LINE_MAX,
        max_field_size=LINE_MAX,
        max_headers=LINES_MAX,
        shutdown_timeout=patience,
        access_log_class=AccessLogger,
        access_log=logging.getLogger("service.access"),
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port, backlog=BACKLOG)
        await site.start()
        yield site.port
    finally:
        await runner.cleanup()
