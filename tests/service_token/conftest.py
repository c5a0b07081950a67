"""The application on a real database, with a clock that the test winds."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace
from pytest_aiohttp.plugin import AiohttpClient

from service.app import make_app
from service.http.call import Resources
from service.http.metrics import Metrics
from tests.http.conftest import NOW, Client, bearer, live, projecting, resources

__all__ = ["bearer", "live", "projecting", "resources"]


class Clock:
    """A time of day that passes when it is told to."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def wind(self, **span: int) -> None:
        self.now += timedelta(**span)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def school(
    aiohttp_client: AiohttpClient,
    live: Resources,
    clock: Clock,
    bearer: Callable[..., dict[str, str]],
) -> Client:
    """An administrator of a tenant at the real application."""
    app = make_app(replace(live, now=clock), Metrics(), ["api"])
    return await aiohttp_client(app, headers=bearer("admin", ttl=10**9))
