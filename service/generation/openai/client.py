"""A server that speaks OpenAI's API: calls of it that end, each once, and say why they failed."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from service.generation.model import Asked, Begun, Embedded, Reply, Trouble, nothing
from service.generation.openai import failure
from service.generation.openai.capability import Capability
from service.generation.openai.failure import Broken, Refused, Silent
from service.generation.openai.gate import Gate
from service.generation.openai.probe import Probed, probed
from service.generation.openai.stream import Frames, Gathered
from service.generation.openai.vectors import embedded
from service.settings import Secret, Settings

if TYPE_CHECKING:
    from service.generation.openai.wire import Wire

HOME: Final = "https://api.openai.com/v1"
LESSONS: Final = 4
"""How often one call may be asked in another form, each after a refusal that cost nothing."""
DRAIN: Final = 1.0
MISSING: Final = "The package openai is not installed: run “make extras”."


class NotInstalled(ImportError):  # noqa: N818 - it is told to people
    """The extra `openai` is not installed."""


def utc_now() -> datetime:
    """Return the time of day."""
    return datetime.now(UTC)


class Endpoint:
    """One for a process: its calls share a gate, and what was learnt of the server."""

    name = "openai"

    def __init__(
        self,
        key: Secret | None,
        base_url: str = HOME,
        *,
        calls: int = 32,
        idle: float = 60.0,
        deadline: float = 600.0,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """Ask at most `calls` at once; give up after `idle` seconds of silence, or `deadline`.

        Connects at the first call. Raises NotInstalled.
        """
        self._wire = _wire(key, base_url, idle)
        self._key = key
        self._idle = idle
        self._deadline = deadline
        self._now = now
        self.where = _place(base_url)
        self.gate = Gate(calls, clock)
        self.can = Capability()

    @classmethod
    def of(cls, settings: Settings) -> "Endpoint":
        """Return the endpoint that the settings name. Raises NotInstalled."""
        return cls(
            settings.openai_api_key,
            settings.openai_base_url or HOME,
            calls=settings.openai_calls,
            idle=settings.openai_idle_seconds,
            deadline=settings.openai_deadline_seconds,
        )

    async def complete(self, asked: Asked, begun: Begun = nothing) -> Reply:
        """Return the answer, however it finished. Raises `Trouble`; cancelling it ends the call.

        `Unsent` is the trouble of a call that was never made, nor `begun`.
        """
        gathered = Gathered(asked.model)
        async with self.gate.place(self._deadline):
            await begun()
            await self.gate.turn()
            reply = await self._completed(asked, gathered)
        self.can.doubt(asked, reply.text)
        return reply

    async def _completed(self, asked: Asked, gathered: Gathered) -> Reply:
        async with self._troubled(gathered):
            await self._learning(asked, gathered)
            reply = gathered.reply()
            if not reply.finish:
                raise Trouble("failed", f"{self.where} broke off its answer.")
        return reply

    async def embed(self, model: str, texts: Sequence[str]) -> Embedded:
        """Return a vector of length 1 for each text. Raises `Trouble`."""
        async with self.gate.place(self._deadline), self._troubled():
            return embedded(await self._wire.embeddings(model, texts), model, len(texts))

    async def probe(self, *models: str) -> Probed:
        """Look, for nothing, whether the server is there, takes the key, and lists `models`."""
        try:
            async with self._troubled():
                self.can.models = await self._wire.models()
        except Trouble as trouble:
            return Probed(False, trouble.detail)
        return probed(self.where, self.can.models, models)

    async def close(self) -> None:
        """Close the connections."""
        await self._wire.close()

    async def _learning(self, asked: Asked, gathered: Gathered) -> None:
        """Ask; a refusal of a request's form is learnt from, and it is asked in another form."""
        for _ in range(LESSONS):
            body = self.can.body(asked)
            try:
                return await self._ask(body, asked.hash, gathered)
            except Refused as refused:
                if refused.status not in failure.UNFIT or not self.can.learn(refused.said, body):
                    raise
        raise Trouble("failed", f"{self.where} takes this in no form.", passing=False, free=True)

    async def _ask(self, body: dict[str, Any], identity: str, gathered: Gathered) -> None:
        """Read an answer to its end; what breaks after that has taken nothing away."""
        frames = Frames()
        try:
            async with aclosing(self._wire.chat(body, identity)) as chunks:
                async for data in chunks:
                    for event in frames.take(data):
                        gathered.take(event)
                    if frames.ended:
                        return await _drained(chunks)
        except (Silent, Broken):
            if not gathered.finish:
                raise

    @asynccontextmanager
    async def _troubled(self, gathered: Gathered | None = None) -> AsyncIterator[None]:
        """Raise `Trouble` for what goes wrong, and at the deadline, with what had come by then."""
        try:
            async with asyncio.timeout(self._deadline):
                yield
        except failure.EXPECTED as error:
            raise self._trouble(error, gathered) from error
        self.gate.welcomed()

    def _trouble(self, error: Exception, gathered: Gathered | None) -> Trouble:
        if isinstance(error, Refused) and self._key is not None:
            error.said = error.said.replace(self._key.reveal(), "***")
        trouble = failure.trouble(error, self.where, self._idle, self._deadline, self._now())
        if trouble.outcome == "throttled":
            trouble.after = self.gate.turned_away(trouble.after)
        if gathered is not None and gathered.begun():
            trouble.partial = gathered.reply()
        return trouble


def _wire(key: Secret | None, base_url: str, idle: float) -> "Wire":
    try:
        from service.generation.openai.wire import Wire  # noqa: PLC0415 - it needs an extra
    except ModuleNotFoundError as error:
        raise NotInstalled(MISSING) from error
    return Wire("none" if key is None else key.reveal(), base_url, idle)


async def _drained(chunks: AsyncIterator[bytes]) -> None:
    """Read what is left, so that the connection can serve again; there should be nothing."""
    with suppress(TimeoutError):
        async with asyncio.timeout(DRAIN):
            async for _ in chunks:
                pass


def _place(base_url: str) -> str:
    """Return a server's name for people, without what a URL may hold of secrets."""
    parts = urlsplit(base_url)
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
