"""How a build is followed: a bar on a terminal, else a line every few seconds; on stderr."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from service.commands.span import said
from service.projection import engine

EVERY: Final = 3.0
"""Seconds between two lines where no terminal shows a bar."""


class EventsPerSecond(TextColumn):
    """How fast it goes."""

    def __init__(self) -> None:
        """Take no text of its own."""
        super().__init__("")

    def render(self, task: Task) -> Text:
        """Return the speed of a task."""
        return Text(f"{task.speed:,.0f} events/s" if task.speed else "")


@contextmanager
def building() -> Iterator[engine.Progress]:
    """Yield what is told of every step of a build."""
    if not sys.stderr.isatty():
        yield Lines()
        return
    columns = (
        TextColumn("building {task.description}"),
        BarColumn(bar_width=30),
        TextColumn("{task.completed:,} of {task.total:,}"),
        EventsPerSecond(),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, transient=True, console=Console(stderr=True)) as bar:
        yield Bars(bar)


class Bars:
    """A bar for each projection that is being built."""

    def __init__(self, bar: Progress) -> None:
        """Draw on `bar`."""
        self._bar = bar
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, name: str, position: int, goal: int) -> None:
        """Take note of a step; one that was begun earlier starts where it stood."""
        if name not in self._tasks:
            self._tasks[name] = self._bar.add_task(name, completed=position, total=goal)
        self._bar.update(self._tasks[name], completed=position, total=goal)


class Lines:
    """A line every few seconds: how far, how fast, how long still."""

    def __init__(self) -> None:
        """Start counting at the first step."""
        self._begun: dict[str, tuple[float, int]] = {}
        self._written = time.monotonic()

    def __call__(self, name: str, position: int, goal: int) -> None:
        """Take note of a step."""
        now = time.monotonic()
        since, first = self._begun.setdefault(name, (now, position))
        if position >= goal or now - self._written < EVERY:
            return
        self._written = now
        rate = (position - first) / (now - since) if now > since else 0
        left = f", {said((goal - position) / rate)} left" if rate else ""
        line = f"building {name}: {position:,} of {goal:,} events, {rate:,.0f} events/s{left}"
        print(line, file=sys.stderr, flush=True)
