"""How long work shows itself: on a terminal a bar with rate and time left, elsewhere nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

Tell = Callable[[int, int], None]
"""Told how much is done, and of how much."""


class Rate(ProgressColumn):
    """How many a second."""

    def render(self, task: Task) -> Text:
        """Return the rate of the latest steps, once there is one."""
        return Text("" if task.speed is None else f"{task.speed:,.0f}/s")


@contextmanager
def bars(*steps: str) -> Iterator[list[Tell]]:
    """Show a bar on stderr, if that is a terminal, for each step that began; yield their movers."""
    says, left = TextColumn("{task.description}"), TimeRemainingColumn()
    console = Console(stderr=True)
    shown = Progress(
        says, BarColumn(), MofNCompleteColumn(), Rate(), left, console=console, transient=True,
        disable=not console.is_terminal,
    )  # fmt: skip
    with shown as progress:
        yield [_mover(progress, step) for step in steps]


@contextmanager
def bar(doing: str) -> Iterator[Tell]:
    """Show one bar."""
    with bars(doing) as (tell,):
        tell(0, 0)
        yield tell


def _mover(progress: Progress, step: str) -> Tell:
    task = progress.add_task(step, total=None, visible=False)
    return lambda done, of: progress.update(task, completed=done, total=of or None, visible=True)
