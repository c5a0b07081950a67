"""The rebuilds that a process does in the background: one at a time for each projection."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from service.refusal import Refusal

log: Final = logging.getLogger(__name__)


class Build(Struct, frozen=True):
    """A rebuild somebody has asked this process for; `detail` says what came of it."""

    actor: str
    reason: str
    wanted: Literal["candidate", "swap", "verify"]
    started_at: datetime
    state: Literal["running", "done", "failed"] = "running"
    detail: str = ""


class Builds:
    """Tasks by projection, and what came of the latest of each; the latter is kept in memory."""

    def __init__(self) -> None:
        """Start with none."""
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._latest: dict[str, Build] = {}

    def latest(self, name: str) -> Build | None:
        """Return the latest build of a projection, running or over."""
        return self._latest.get(name)

    def begin(self, name: str, build: Build, work: Callable[[], Awaitable[str]]) -> bool:
        """Do `work`, which returns what came of it, unless a build is running; return if so."""
        task = self._tasks.get(name)
        if task is not None and not task.done():
            return False
        self._latest[name] = build
        self._tasks[name] = asyncio.create_task(self._done(name, work), name=f"build of {name}")
        return True

    async def close(self) -> None:
        """Stop what is running; a candidate that is not finished stays, to be gone on with."""
        running = [task for task in self._tasks.values() if not task.done()]
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)

    async def _done(self, name: str, work: Callable[[], Awaitable[str]]) -> None:
        """Do the work to its end and note what came of it."""
        try:
            detail = await work()
        except asyncio.CancelledError:
            self._note(name, "failed", "The service was stopped.")
            raise
        except Refusal as error:
            self._note(name, "failed", str(error))
        except Exception:
            log.exception("the build of %s failed", name)
            self._note(name, "failed", "It failed in a way nobody foresaw; the log says more.")
        else:
            self._note(name, "done", detail)

    def _note(self, name: str, state: Literal["done", "failed"], detail: str) -> None:
        log.info("the build of %s: %s", name, detail)
        self._latest[name] = replace(self._latest[name], state=state, detail=detail)
