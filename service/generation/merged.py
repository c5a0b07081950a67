"""Several async generators at work side by side, their items in one stream."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from itertools import islice
from typing import Generic, TypeVar

K = TypeVar("K")
T = TypeVar("T")


async def merged(
    begin: Callable[[K], AsyncGenerator[T, None]], keys: Iterable[K], most: int
) -> AsyncGenerator[T, None]:
    """Yield what the generators of `keys` yield, as it comes, at most `most` of them at work.

    A generator goes on when whoever iterates here has asked for more after its last item: it may
    rely on that being dealt with, and holds one item at the most. When one raises, no other is
    begun; those at work come as far as they do, then the first error is raised. To close this ends
    what is under way, and waits for its end.
    """
    works = _Works(begin, iter(keys), most)
    try:
        while works.fill():
            await asyncio.wait(works.asked, return_when=asyncio.FIRST_COMPLETED)
            for task in [one for one in works.asked if one.done()]:
                item = works.item(task)
                if item is not None:
                    yield item
                works.go_on(task, more=item is not None)
    finally:
        await works.end()
    if works.failed is not None:
        raise works.failed


class _Works(Generic[K, T]):
    """The generators at work; `asked` are those whose next item has been asked for, or has come."""

    def __init__(
        self, begin: Callable[[K], AsyncGenerator[T, None]], waiting: Iterator[K], most: int
    ) -> None:
        self._begin = begin
        self._waiting = waiting
        self._most = most
        self.asked: dict[asyncio.Task[T | None], AsyncGenerator[T, None]] = {}
        self.failed: Exception | None = None

    def fill(self) -> bool:
        """Begin what there is room for; tell whether any is at work."""
        room = 0 if self.failed is not None else self._most - len(self.asked)
        for key in islice(self._waiting, room):
            self._ask(self._begin(key))
        return bool(self.asked)

    def item(self, task: asyncio.Task[T | None]) -> T | None:
        """Return what has come, None where the generator is at its end, or has raised."""
        try:
            return task.result()
        except Exception as error:  # noqa: BLE001 - it is raised when the others have ended
            self.failed = self.failed or error
            return None

    def go_on(self, task: asyncio.Task[T | None], *, more: bool) -> None:
        """Ask a generator whose item was dealt with for `more`, or let go of it."""
        source = self.asked.pop(task)
        if more:
            self._ask(source)

    async def end(self) -> None:
        """Cancel what is under way, and wait for its end."""
        for task in self.asked:
            task.cancel()
        await asyncio.gather(*self.asked, return_exceptions=True)
        for source in self.asked.values():
            await source.aclose()

    def _ask(self, source: AsyncGenerator[T, None]) -> None:
        self.asked[asyncio.create_task(_next(source))] = source


async def _next(source: AsyncGenerator[T, None]) -> T | None:
    return await anext(source, None)
