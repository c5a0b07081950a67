"""Faults that are real: a network that freezes or cuts, processes that are killed at any moment."""

import asyncio
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, quote, urlsplit

ROOT: Final = Path(__file__).parent.parent
PATIENCE: Final = 60.0
"""Seconds after which a condition that should come true is given up."""


class Proxy:
    """A TCP way to a PostgreSQL that can freeze, or lose the replies to what it has passed on."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._server: asyncio.Server | None = None
        self._port = 0
        self._serving: set[asyncio.Task[object]] = set()
        self._flows: set[asyncio.Task[None]] = set()
        self._open = asyncio.Event()
        self._open.set()
        self.losing = 0
        self.lost = 0
        self.holding = 0
        self.held = 0

    @property
    def url(self) -> str:
        """The URL that leads through the proxy."""
        assert self._server is not None
        port = self._port or self._server.sockets[0].getsockname()[1]
        parts = urlsplit(self._url)
        user = parts.username or "postgres"
        password = f":{quote(parts.password)}" if parts.password else ""
        return f"postgresql://{user}{password}@127.0.0.1:{port}{parts.path}?sslmode=disable"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        for flow in self._flows:
            flow.cancel()
        while self._serving:
            await asyncio.wait(self._serving)
        await asyncio.sleep(0)  # until the aborted connections are really closed

    def freeze(self) -> None:
        """Pass nothing on, and close nothing: what a lost network or a stopped server is like."""
        self._open.clear()

    def thaw(self) -> None:
        self._open.set()

    async def refuse(self) -> None:
        """Cut every connection and refuse new ones: what a server that was stopped is like."""
        assert self._server is not None
        self._port = self._server.sockets[0].getsockname()[1]
        self._server.close()
        while self._flows:
            for flow in self._flows:
                flow.cancel()
            await asyncio.sleep(0)

    async def accept(self) -> None:
        """Be there again, where it was."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)

    def lose_replies(self, count: int) -> None:
        """Cut the connection in place of the next `count` replies."""
        self.losing = count

    def hold_replies(self, count: int) -> None:
        """Keep the next `count` replies for good, and their connections open: each is frozen."""
        self.holding = count

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving = asyncio.current_task()
        assert serving is not None
        self._serving.add(serving)
        try:
            await self._connect(reader, writer)
        except OSError:  # the server is away
            writer.transport.abort()
        finally:
            self._serving.discard(serving)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await self._dial()
        flows = [
            asyncio.create_task(self._pass(reader, back)),
            asyncio.create_task(self._pass(there, writer, answers=True)),
        ]
        self._flows.update(flows)
        await asyncio.wait(flows, return_when=asyncio.FIRST_COMPLETED)
        for flow in flows:
            flow.cancel()
        await asyncio.gather(*flows, return_exceptions=True)
        for end in (writer, back):
            end.transport.abort()
        self._flows.difference_update(flows)

    async def _pass(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, answers: bool = False
    ) -> None:
        with suppress(OSError):
            while data := await source.read(65_536):
                await self._open.wait()
                if answers and self.losing:
                    self.losing -= 1
                    self.lost += 1
                    return
                if answers and self.holding:
                    self.holding -= 1
                    self.held += 1
                    await asyncio.Event().wait()
                target.write(data)
                await target.drain()

    async def _dial(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        parts = urlsplit(self._url)
        folder = parse_qs(parts.query).get("host", [""])[0]
        port = parts.port or 5432
        if folder.startswith("/"):
            return await asyncio.open_unix_connection(f"{folder}/.s.PGSQL.{port}")
        return await asyncio.open_connection(parts.hostname, port)


@asynccontextmanager
async def proxied(url: str) -> AsyncIterator[Proxy]:
    """Yield a proxy before the PostgreSQL of `url`."""
    proxy = Proxy(url)
    await proxy.start()
    yield proxy
    proxy.thaw()
    await proxy.close()


class Child:
    """A Python process that tells by lines what it has done, and can be killed at any of them."""

    def __init__(self, script: str, arguments: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", script, *arguments],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.lines: list[str] = []
        self._more = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def wait_for(self, count: int) -> None:
        """Wait until the child has written `count` lines."""
        with self._more:
            done = self._more.wait_for(
                lambda: len(self.lines) >= count or self._process.poll() is not None, PATIENCE
            )
        assert done, f"the child wrote {len(self.lines)} of {count} lines in {PATIENCE} s"

    def finish(self) -> int:
        """Wait for the child to end by itself; return its exit code."""
        code = self._process.wait(PATIENCE)
        self._close()
        return code

    def kill(self) -> int:
        """Kill the child with SIGKILL; return its exit code, which says whether it came to that."""
        self._process.send_signal(signal.SIGKILL)
        return self.finish()

    def freeze(self) -> None:
        """Stop the child where it is, as a debugger or a machine without memory does."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen child go on."""
        self._process.send_signal(signal.SIGCONT)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.endswith("\n"):  # a half-written last line is not an acknowledgement
                with self._more:
                    self.lines.append(line.strip())
                    self._more.notify_all()
        with self._more:
            self._more.notify_all()

    def _close(self) -> None:
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()


@contextmanager
def child(script: str, *arguments: object) -> Iterator[Child]:
    """Start ``python -m script``, and leave nothing behind."""
    started = Child(script, [str(argument) for argument in arguments])
    try:
        yield started
    finally:
        started.kill()


async def until(holds: Callable[[], bool]) -> None:
    """Let other tasks run until a condition of this process holds."""
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 - the condition is no event of ours
            await asyncio.sleep(0)
