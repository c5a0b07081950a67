"""A TCP proxy that can go silent: it stays connected and forwards nothing, like a dead network."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path


class Proxy:
    """Forwards to the PostgreSQL socket in `folder` until `silent` is set."""

    def __init__(self, folder: Path) -> None:
        self._path = str(folder / ".s.PGSQL.5432")
        self._tasks: set[asyncio.Task[None]] = set()
        self.heard = asyncio.Event()
        self.silent = False
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_unix_connection(self._path)
        for source, sink in ((reader, to_server), (from_server, writer)):
            task = asyncio.create_task(self._forward(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _forward(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65536):
                if self.silent:
                    self.heard.set()
                else:
                    sink.write(data)
        except ConnectionError:
            pass
        finally:
            sink.close()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def proxied(folder: Path) -> AsyncIterator[Proxy]:
    proxy = Proxy(folder)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    yield proxy
    server.close()
    await proxy.close()
