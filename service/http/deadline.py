"""Deadlines of requests: one timer for all that are under way, since nearly none is needed."""

import asyncio
from types import TracebackType
from typing import Self


class Deadlines:
    """What is under way and when it must have ended, in the order in which it came.

    `asyncio.timeout` makes and cancels a timer for each request. Here the timer is set for the
    first of all, and when it fires, nearly always for one that has long been answered, for the
    next. Those that come later end later, as all are given the same time, or none.
    """

    def __init__(self) -> None:
        """Begin with nothing under way."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._under_way: dict[Deadline, None] = {}

    def within(self, seconds: float | None) -> "Deadline":
        """Return what to run a block in that ends within `seconds`; None: whenever it likes.

        As of `asyncio.timeout`, the block is cancelled then, and TimeoutError comes out of it.
        """
        loop = self._loop
        if loop is None:
            loop = self._loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        if task is None:
            raise RuntimeError("Only what a task runs can have a deadline.")
        return Deadline(self, task, None if seconds is None else loop.time() + seconds)

    def begin(self, deadline: "Deadline", due: float) -> None:
        """Watch over a block that has begun."""
        self._under_way[deadline] = None
        if self._timer is None or due < self._timer.when():
            self._set(due)

    def end(self, deadline: "Deadline") -> None:
        """Watch no longer over a block."""
        self._under_way.pop(deadline, None)

    def _set(self, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        assert self._loop is not None  # noqa: S101 - `within` came first
        self._timer = self._loop.call_at(due, self._fire)

    def _fire(self) -> None:
        assert self._loop is not None  # noqa: S101 - `within` came first
        self._timer, now = None, self._loop.time()
        for deadline in list(self._under_way):
            if deadline.due is not None and now < deadline.due:
                self._set(deadline.due)
                break
            self._under_way.pop(deadline)
            deadline.pass_by()


class Deadline:
    """The deadline of one block that one task runs."""

    __slots__ = ("_deadlines", "_passed", "_task", "due")

    def __init__(
        self, deadlines: Deadlines, task: "asyncio.Task[object]", due: float | None
    ) -> None:
        """End at `due`, in the loop's time."""
        self._deadlines = deadlines
        self._task = task
        self._passed = False
        self.due = due

    def __enter__(self) -> Self:
        """Begin the block."""
        if self.due is not None:
            self._deadlines.begin(self, self.due)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the block. Raises TimeoutError where it is ended by its deadline and nothing else."""
        self._deadlines.end(self)
        if self._passed and self._task.uncancel() == 0 and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def pass_by(self) -> None:
        """Cancel the block, which has not ended in time."""
        self._passed = True
        self._task.cancel()
