"""A server that speaks as OpenAI's does, and misbehaves as it is told: for tests over real HTTP.

In a test: ``async with serving() as server``, then `server.url` is the base URL (it ends in /v1),
`server.tell(…)` is POST /control and `server.requests()` the log. As a process of its own:
``python -m tests.generation.openai_server --port 0`` prints its base URL as its first line
(`started()` does so), and is spoken to over HTTP alone.

POST /v1/chat/completions (streamed or not), POST /v1/embeddings, GET /v1/models. Answers follow
from the request alone (see answering.py and likeness.py): the same request is answered the same.

POST /control with ``{"clear": true, "rules": […], "settings": {…}}``, all optional: forgets what
was told before, adds rules, sets settings. GET /control shows them. The first rule that fits a
request is obeyed. Rules are objects:

- ``do``: what to do, one of
  - ``stall``: go silent for ``seconds`` (null: until the client leaves, or the rules are cleared),
    ``at`` "before" (no header is sent) or "within" (after ``after_chunks`` chunks, 2 by default);
  - ``cut``: close the connection, ``at`` and ``after_chunks`` as above;
  - ``status``: answer with ``status`` (such as 429, 500, 503), ``message``, and where given
    ``retry_after`` (a header's text, such as "90"), ``retry_after_date`` (seconds from now, sent as
    a date), ``retry_after_ms``; ``code`` is the error's code;
  - ``finish``: end with ``reason`` "length" or "content_filter" after ``keep`` (0.5) of the text;
  - ``text``: spoil the answer: ``form`` is "fenced", "trailing-comma", "unknown-field", "missing-
    field", "cut-tail", "junk", "prose" (words around the object), "empty", or "this": then it is
    ``text``; or of a textbook's pieces, where each fits: "short" (a sentence is left of each
    section), "two-keys" (questions have two right options), "no-analogy", "lost-section" (boosters
    name one that is not there), "few" (of each list its first is left);
  - ``quote``: quotes are words that no source holds;
  - ``usage``: lie: ``tokens_in`` and ``tokens_out`` are said, or nothing is with ``missing`` true;
  - ``model``: say that ``name`` has answered;
  - ``error``: send an error object with ``message`` within the stream, after ``after_chunks``;
  - ``end``: end the stream there as if nothing were missing, without a word of why.
- ``times``: how many requests it is for (1; null: all). ``skip``: how many that fit it lets pass
  first. ``chance``: obeyed that often (1.0), by a generator seeded with ``seed``.
- ``path``: "chat" (default), "embeddings" or "models". ``matching``: only requests whose body holds
  this text. ``model``: only those that ask for this model.

Settings, with their defaults: ``latency`` 0: seconds before the first byte, a number or [least,
most] drawn evenly, or {"median": s, "sigma": 0.5} drawn log-normally; ``chunk_pause`` 0: seconds
between chunks (same forms); ``chunk_size`` 24: characters a chunk; ``tokens_per_minute`` null: a
limit that answers 429 with Retry-After, over ``minute`` 60 seconds; ``seed`` 0; ``key`` null: the
only API key that is taken; ``models``; ``embeddings``, ``json_schema``, ``json_object``,
``stream_usage`` true: false answers 404 or 400 as servers do that cannot; ``prices``: dollars per
million tokens in and out, by model asked, "*" for others; ``aborted`` "free" or "billed": what a
call costs that ended early.

GET /log: ``{"requests": […], "cost", "tokens_in", "tokens_out", "finished", "most_at_once"}``. A
request has ``number``, ``id`` (the response's), ``path``, ``client_id`` (X-Client-Request-Id),
``hash`` (of its body), ``model``, ``model_returned``, ``tokens_in``, ``tokens_out`` (as they are
billed), ``outcome``: "finished" (the last byte was sent), "aborted" (client or server broke it
off), "refused" (an error status) or "running", ``status``, ``cost`` (a decimal as text; only what
finished is billed), ``rule`` (what was obeyed), ``began`` and ``ended`` (seconds since the server
began). What was said of usage is what is billed; where nothing was said, the true count is. DELETE
/log forgets it. ``GET /log?summary=1`` leaves the requests out.
"""

import argparse
import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from tests.generation.openai_server_parts.log import Log
from tests.generation.openai_server_parts.rule import Control
from tests.generation.openai_server_parts.speaking import Speaking

LARGEST: Final = 64 << 20


class Server:
    """A server in the process of the test."""

    def __init__(self) -> None:
        self.control = Control()
        self.log = Log(self.control.settings)
        self.url = ""
        self._clients: set[tuple[str, int]] = set()

    def tell(self, *rules: dict[str, Any], clear: bool = False, **settings: Any) -> None:
        """Add rules and change settings, as POST /control does."""
        self.control.take({"clear": clear, "rules": list(rules), "settings": settings})

    def requests(self, path: str | None = None) -> list[dict[str, Any]]:
        """The requests so far, as GET /log tells them; only those of `path` where it is given."""
        found: list[dict[str, Any]] = self.log.told()["requests"]
        return [one for one in found if path in {None, one["path"]}]

    async def until(self, holds: Callable[[list[dict[str, Any]]], bool], most: float = 60) -> None:
        """Return once `holds` says so of the requests so far. Raises TimeoutError."""
        async with asyncio.timeout(most):
            while not holds(self.requests()):
                self.log.changed.clear()
                await self.log.changed.wait()

    def connections(self) -> int:
        """How many connections requests have come over."""
        return len(self._clients)

    def application(self) -> web.Application:
        """The routes."""
        speaking = Speaking(self.control, self.log)
        application = web.Application(client_max_size=LARGEST, middlewares=[self._counted])
        application.add_routes(
            [
                web.get("/v1/models", speaking.models),
                web.post("/v1/chat/completions", speaking.chat),
                web.post("/v1/embeddings", speaking.embeddings),
                web.get("/control", self._shown),
                web.post("/control", self._told),
                web.get("/log", self._logged),
                web.delete("/log", self._forgotten),
            ]
        )
        return application

    @web.middleware
    async def _counted(self, request: web.Request, handler: Any) -> web.StreamResponse:
        assert request.transport is not None
        self._clients.add(request.transport.get_extra_info("peername"))
        response: web.StreamResponse = await handler(request)
        return response

    async def _shown(self, _request: web.Request) -> web.Response:
        return web.json_response(self.control.shown())

    async def _told(self, request: web.Request) -> web.Response:
        self.control.take(await request.json())
        return web.json_response(self.control.shown())

    async def _logged(self, request: web.Request) -> web.Response:
        return web.json_response(self.log.told(summary="summary" in request.query))

    async def _forgotten(self, _request: web.Request) -> web.Response:
        self.log.forget()
        return web.json_response({})


@asynccontextmanager
async def serving(port: int = 0) -> AsyncIterator[Server]:
    """Serve on 127.0.0.1 in this process."""
    server = Server()
    runner = web.AppRunner(
        server.application(), handler_cancellation=True, access_log=None, shutdown_timeout=0.1
    )
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, backlog=4096)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield server
    finally:
        await runner.cleanup()


@contextmanager
def started(port: int = 0) -> Iterator[str]:
    """Start a process that serves, and yield its base URL."""
    command = [sys.executable, "-m", "tests.generation.openai_server", "--port", str(port)]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.kill()


async def serve(port: int) -> None:
    async with serving(port) as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="An OpenAI-compatible server for tests.")
    arguments.add_argument("--port", type=int, default=0)
    asyncio.run(serve(arguments.parse_args().port))
