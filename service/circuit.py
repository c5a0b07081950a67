"""The circuit to the database: while it is known to be away, nobody waits to find that out again.

Whatever goes wrong, or takes long, is only a reason to look: a connection of the circuit's own
decides. While the database is away it is looked for in the background, and whoever asks for it has
it looked for at once, so that the first request after its return is served.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Self

import asyncpg

from service.dsn import Dsn
from service.refusal import Unavailable

SLOW_SECONDS: Final = 1.0
"""How long a statement may take before the database is looked at."""
TICK_SECONDS: Final = 0.25
LOOK_SECONDS: Final = 1.5
"""How long a look may take; two in a row must fail so, since our own loop may have stood still."""
LOOKS_IN_VAIN: Final = 2
LONGEST_PAUSE: Final = 1.0
FIRST_PAUSE: Final = 0.05
GAP_SECONDS: Final = 0.01
"""The least between two looks, however many ask for it."""
SILENT_GAP_SECONDS: Final = 0.1
"""How old a look may be that still waits for its answer when another begins beside it."""
PATIENCE_SECONDS: Final = 0.25
"""How long a request waits for a look at a database that refused the last one at once."""
SILENT_PATIENCE_SECONDS: Final = 0.025

LOST: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)

Look = Callable[[], Awaitable[Any]]

log: Final = logging.getLogger(__name__)


class Circuit:
    """Whether the database can be used, as everybody who uses it has found out together.

    `trouble` is why the latest attempt failed, None once one succeeds; `away` says that looking
    for the database has failed too, so that nothing else is tried.
    """

    def __init__(self, target: Dsn, look: Look) -> None:
        """Be well until told otherwise; `look` raises where the database cannot be used."""
        self.target = target
        self.trouble: str | None = None
        self.away = False
        self._look = look
        self._silent = 0
        self._vouched = 0.0
        self._began = 0.0
        self._newest: asyncio.Task[None] | None = None
        self._looks: set[asyncio.Task[None]] = set()
        self._search: asyncio.Task[None] | None = None
        self._back = asyncio.Event()
        self._back.set()
        self._running: dict[Watched, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def note(self, error: BaseException | None) -> None:
        """Take note of how an attempt ended; a failed one is a reason to look."""
        if error is None:
            if self.trouble is not None or self._search is not None:
                self._well()
            return
        self._trouble(error)
        self.suspect()

    def suspect(self) -> None:
        """Look for the database until it answers, if nobody does yet."""
        if self._search is None:
            self._search = asyncio.create_task(self._searching())

    async def admit(self) -> None:
        """Return at once while the database is there. Raises Unavailable within milliseconds.

        A look that began before this was asked for says nothing of now, so another follows it.
        """
        asked = asyncio.get_running_loop().time()
        patience = SILENT_PATIENCE_SECONDS if self._silent else PATIENCE_SECONDS
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while self.away:
                    look, began = self._looked(), self._began
                    await asyncio.wait({look})
                    if began >= asked:
                        break
        if self.away:
            raise Unavailable

    async def back(self) -> None:
        """Wait until the database is not known to be away."""
        await self._back.wait()

    def watched(self, *, patient: bool = False) -> "Watched":
        """Return what a statement runs in, to be looked after, and cut once the database is away.

        It then raises ConnectionError. A `patient` one may take long without any suspicion, as
        connecting does while a serverless database wakes.
        """
        return Watched(self, patient=patient)

    async def close(self) -> None:
        """Stop looking. Safe to call twice."""
        if self._timer is not None:
            self._timer.cancel()
        tasks = {*self._looks, *({self._search} if self._search else ())}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._search = None

    def enter(self, watched: "Watched") -> None:
        """Look after a statement from now on."""
        loop = asyncio.get_running_loop()
        self._running[watched] = 0.0 if watched.patient else loop.time()
        if self._timer is None:
            self._timer = loop.call_later(TICK_SECONDS, self._tick)

    def leave(self, watched: "Watched") -> None:
        """Look after it no longer."""
        del self._running[watched]

    def _tick(self) -> None:
        self._timer = None
        if self._running:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(TICK_SECONDS, self._tick)
            since = (began for began in self._running.values() if began > self._vouched)
            if loop.time() - next(since, loop.time()) > SLOW_SECONDS:
                self.suspect()

    async def _searching(self) -> None:
        pause = FIRST_PAUSE
        while True:
            await asyncio.wait({self._looked()}, timeout=pause if self.away else None)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _looked(self) -> "asyncio.Task[None]":
        """Return a look at the database: one under way that is not old yet, else a new one."""
        now = asyncio.get_running_loop().time()
        age = now - self._began
        if self._newest is None or self._newest.done() or age >= SILENT_GAP_SECONDS:
            self._began = now + max(0.0, GAP_SECONDS - age)
            self._newest = asyncio.create_task(self._once(self._began, self._began - now))
            self._looks.add(self._newest)
            self._newest.add_done_callback(self._looks.discard)
        return self._newest

    async def _once(self, began: float, pause: float) -> None:
        await asyncio.sleep(pause)
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await self._look()
        except asyncpg.TooManyConnectionsError:  # it answers those who have one
            self._well()
        except LOST as error:
            self._silent = self._silent + 1 if isinstance(error, TimeoutError) else 0
            if not 0 < self._silent < LOOKS_IN_VAIN:
                self._gone(error)
        else:
            self._vouched = began
            self._well()

    def _trouble(self, error: BaseException) -> None:
        before, self.trouble = self.trouble, str(error) or type(error).__name__
        if before is None:
            log.warning("the database at %s cannot be used: %s", self.target, self.trouble)

    def _gone(self, error: BaseException) -> None:
        if self._search is None:  # it came back while this was looked for
            return
        self._trouble(error)
        if not self.away:
            self.away = True
            self._back.clear()
        for watched in self._running:
            watched.cut()

    def _well(self) -> None:
        """Let everybody in again, and look no further."""
        if self.trouble is not None:
            log.info("the database at %s answers again", self.target)
        self.trouble, self.away, self._silent = None, False, 0
        self._back.set()
        search, self._search = self._search, None
        for task in (search, *self._looks):
            if task is not None and task is not asyncio.current_task():
                task.cancel()


class Watched:
    """One statement; as `asyncio.timeout` does, it turns a cut of its own into an error."""

    __slots__ = ("_before", "_circuit", "_cut", "_task", "patient")

    def __init__(self, circuit: Circuit, *, patient: bool) -> None:
        """Begin with ``with``."""
        self._circuit = circuit
        self.patient = patient
        self._cut = False

    def __enter__(self) -> Self:
        """Have the statement looked after."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - statements are awaited
        self._task, self._before = task, task.cancelling()
        self._circuit.enter(self)
        return self

    def cut(self) -> None:
        """End the statement, once."""
        if not self._cut:
            self._cut = True
            self._task.cancel()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Raise ConnectionError where the statement was cut, and nobody else cancelled it."""
        self._circuit.leave(self)
        if not self._cut:
            return
        others = self._task.uncancel() > self._before
        if kind is asyncio.CancelledError and not others:
            raise ConnectionError("the database does not answer") from error
