"""What the tests of the gateway share: a log that grows, and its projections with it."""

from collections.abc import Awaitable, Callable
from uuid import uuid4

import pytest

from service.log.append import GroupAppender
from tests.http.conftest import api, bearer, live, projecting, resources
from tests.log.batches import commit, write

__all__ = ["api", "bearer", "live", "projecting", "resources"]
Grow = Callable[..., Awaitable[int]]


@pytest.fixture
async def grow(appender: GroupAppender, projected: Callable[[], Awaitable[None]]) -> Grow:
    """Append so many events of a type, each on a stream of its own, fold; give the last position.

    The projections stay where they are with ``fold=False``.
    """

    async def grow(kind: str, times: int = 1, *, data: str = "{}", fold: bool = True) -> int:
        position = 0
        for _ in range(times):
            receipt = await appender.append(commit(write(uuid4(), 0, data=data, type=kind)))
            position = receipt.position
        if fold:
            await projected()
        return position

    return grow
