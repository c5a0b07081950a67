"""The application on a real database, and those who run it."""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from pytest_aiohttp.plugin import AiohttpClient

from service.app import make_app
from service.http.call import Resources
from service.http.metrics import Metrics
from service.http.token import HOUSE
from service.projection.act import Act
from tests.http.conftest import Client, bearer, live, projecting, resources

__all__ = ["bearer", "live", "projecting", "resources"]

ACT = Act("ann", HOUSE, UUID(int=8), "to test")


def act(reason: str) -> Act:
    return Act("ann", HOUSE, uuid4(), reason)


@pytest.fixture
async def house(
    aiohttp_client: AiohttpClient, live: Resources, bearer: Callable[..., dict[str, str]]
) -> Client:
    """An administrator of the service at the real application."""
    app = make_app(live, Metrics(), ["api"])
    return await aiohttp_client(app, headers=bearer("admin", tenant="default"))
