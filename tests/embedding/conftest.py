"""A library that is embedded by the server of the tests, paid for through a till."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from service.budget.purse import Purse
from service.database import Database
from service.embedding.embedder import Embedder
from service.embedding.subscriber import NAME, TYPES, embed
from service.gateway.subscriber import Subscriber
from service.generation.openai.client import Endpoint
from service.generation.till import Till
from service.http.token import HOUSE
from service.log.handle import Context, Log
from service.price.decider import PRICE, Publish
from service.price.prices import Prices, price_id
from service.settings import Secret
from service.spool import Spool
from tests.gateway.following import follow
from tests.generation.openai_server import Server, serving
from tests.http.conftest import api, bearer, live, projecting, resources

__all__ = ["api", "bearer", "live", "projecting", "resources"]

MODEL = "test-embedding"
Embed = Callable[[], Awaitable[None]]


@pytest.fixture
async def models() -> AsyncIterator[Server]:
    async with serving() as models:
        yield models


@pytest.fixture
async def till(log: Log, models: Server, tmp_path: Path) -> AsyncIterator[Till]:
    """What embeddings are paid through; the model's price is that of the server."""
    endpoint = Endpoint(Secret("sk-of-the-tests"), models.url, idle=5, deadline=20)
    purse, spool = Purse(log), Spool(tmp_path / "spool")
    price = Publish(MODEL, Decimal("0.02"), Decimal(0))
    await log.handle(PRICE, price_id(MODEL), price, Context(HOUSE, "ada", uuid7()))
    yield Till(log, endpoint, Prices(log), purse, spool, uuid7, time.monotonic)
    await purse.close()
    await spool.close()
    await endpoint.close()


@pytest.fixture
def embedder(till: Till) -> Embedder:
    return Embedder(till, MODEL)


@pytest.fixture
def embedded(
    database: Database, embedder: Embedder, projected: Callable[[], Awaitable[None]]
) -> Embed:
    """Fold all there is, and let the subscriber embed what the library lacks."""

    async def handle(events: Any) -> None:
        await embed(database, embedder, events)

    async def embedded() -> None:
        await projected()
        await follow(database, Subscriber(NAME.format(model=MODEL), TYPES, handle))

    return embedded
