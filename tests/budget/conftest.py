"""The application on a real database, those who run it, and those who belong to a tenant."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from pytest_aiohttp.plugin import AiohttpClient

from service.app import make_app
from service.http import token
from service.http.call import Resources
from service.http.metrics import Metrics
from service.http.token import tenant
from service.ledger.decider import LEDGER, ledger_id
from tests.http.conftest import KEYS, NOW, Client, api, bearer, live, projecting, resources
from tests.ledger.calls import call
from tests.projection.histories import context

__all__ = ["api", "bearer", "live", "projecting", "resources"]


@pytest.fixture
async def house(
    aiohttp_client: AiohttpClient, live: Resources, bearer: Callable[..., dict[str, str]]
) -> Client:
    """An administrator of the service at the real application."""
    app = make_app(live, Metrics(), ["api"])
    return await aiohttp_client(app, headers=bearer("admin", tenant="default"))


@pytest.fixture
def member() -> Callable[[str], dict[str, str]]:
    """Return the headers of somebody of the school who does not run the service."""

    def headers(role: str) -> dict[str, str]:
        principal = token.Principal(tenant("school"), "eve", role)
        minted = token.mint(KEYS, principal, timedelta(hours=1), NOW)
        return {"Authorization": f"Bearer {minted}"}

    return headers


@pytest.fixture
def spent(live: Resources) -> Callable[[str], Awaitable[None]]:
    """Return what lets the school spend something, as the ledger then knows."""

    async def spend(dollars: str) -> None:
        school, target = tenant("school"), uuid4()
        made = call(cost=Decimal(dollars), job_id=None, target=target)
        receipt = await live.log.handle(LEDGER, ledger_id(school, target), made, context(school))
        assert await live.tail.reached(receipt.position, 60)

    return spend
