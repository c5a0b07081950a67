import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from service.generation.merged import merged


class Sources:
    """Generators that count to three, each by its key; z never comes to anything.

    `open` are those that have not ended.
    """

    def __init__(self, **failing: Exception) -> None:
        self.begun: list[str] = []
        self.open: set[str] = set()
        self.most = 0
        self.dealt_with: set[str] = set()
        self._failing = failing

    async def count(self, key: str) -> AsyncGenerator[str, None]:
        self.begun.append(key)
        self.open.add(key)
        self.most = max(self.most, len(self.open))
        try:
            for number in (1, 2, 3):
                await (asyncio.Event().wait() if key == "z" else asyncio.sleep(0))
                if number == 2 and key in self._failing:
                    raise self._failing[key]
                yield f"{key}{number}"
                assert f"{key}{number}" in self.dealt_with
        finally:
            self.open.discard(key)


async def test_all_that_comes_is_in_one_stream_in_the_order_of_each_source() -> None:
    sources, came = Sources(), []

    async for item in merged(sources.count, "abcde", 2):
        came.append(item)
        await asyncio.sleep(0)
        sources.dealt_with.add(item)

    assert sorted(came) == [f"{key}{number}" for key in "abcde" for number in (1, 2, 3)]
    assert all(
        [one for one in came if one[0] == key] == [f"{key}{n}" for n in (1, 2, 3)]
        for key in "abcde"
    )
    assert (sources.most, sources.open) == (2, set())


async def test_what_is_at_work_when_one_fails_comes_as_far_as_it_does() -> None:
    sources, came = Sources(a=ZeroDivisionError(), b=KeyError()), []

    async def take() -> None:
        async for item in merged(sources.count, "abcd", 3):
            came.append(item)
            sources.dealt_with.add(item)

    with pytest.raises(ZeroDivisionError):
        await take()

    assert sources.begun == ["a", "b", "c"]
    assert sorted(came) == ["a1", "b1", "c1", "c2", "c3"]


async def test_closing_it_ends_every_source_that_was_begun() -> None:
    sources = Sources()

    async with asyncio.timeout(60), aclosing(merged(sources.count, "azbd", 3)) as items:
        async for item in items:
            sources.dealt_with.add(item)
            if item == "b1":
                break

    assert sources.begun == ["a", "z", "b"]
    assert sources.open == set()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_nothing_comes_of_nothing() -> None:
    assert [item async for item in merged(Sources().count, "", 3)] == []
