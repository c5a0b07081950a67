"""A worker at work, with a library and with models that a server over real HTTP plays."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from msgspec.structs import asdict, replace
from uuid_utils.compat import uuid7

from service.database import Database
from service.generation.generators import generator, paying
from service.generation.recipe import Tools
from service.generation.recipes import RECIPES
from service.generation.till import Till
from service.generation.worker import Worker
from service.http.token import HOUSE
from service.library.decider import SOURCE, AddSource, source_id
from service.library.intake import prepare
from service.log.handle import Context, Log
from service.price.decider import PRICE, Publish
from service.price.prices import price_id
from service.settings import Secret, Settings
from tests.generation.openai_server import Server, serving
from tests.generation.shelf import SOURCES

TENANT = UUID(int=1)
PATHS = ("cells.md", "canal.md")


def context() -> Context:
    return Context(TENANT, "tester", uuid7())


@pytest.fixture
async def models() -> AsyncIterator[Server]:
    async with serving() as running:
        yield running


@pytest.fixture
async def library(log: Log, projected: Callable[[], Awaitable[None]]) -> None:
    for path in PATHS:
        content = prepare((SOURCES / path).read_bytes(), path)
        await log.handle(SOURCE, source_id(TENANT, path), AddSource(**asdict(content)), context())
    await projected()


@pytest.fixture
async def till(
    library: None, log: Log, database: Database, models: Server, tmp_path: Path
) -> AsyncIterator[Till]:
    """Pay for what a worker asks; the worker is at work."""
    settings = Settings(
        home=tmp_path,
        secret_key=Secret("k" * 48),
        generator="openai",
        openai_base_url=models.url,
        openai_model="test-model",
    )
    async with paying(settings, log) as opened:
        assert opened is not None
        price = Publish("test-model", Decimal("0.15"), Decimal("0.60"))
        await log.handle(PRICE, price_id("test-model"), price, replace(context(), tenant_id=HOUSE))
        tools = Tools(database, generator(settings, opened, "w1"))
        worker = Worker("w1", log, tools, RECIPES, asyncio.Event(), jitter=lambda: 0.0)
        task = asyncio.create_task(worker.run())
        yield opened
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
