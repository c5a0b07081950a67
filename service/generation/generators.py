"""The generators there are, and what those that cost money are made of."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Final

from uuid_utils.compat import uuid7

from service.budget.purse import Purse
from service.generation.calls import Calls, Reread, Work
from service.generation.generator import Generator
from service.generation.offline.offline import Offline
from service.generation.openai.client import Endpoint, NotInstalled
from service.generation.openai.generator import OpenAI
from service.generation.openai.request import Preferences
from service.generation.till import Till
from service.job.lease import Claim
from service.log.handle import Log
from service.price.prices import Prices
from service.settings import Settings, SettingsError
from service.spool import Spool

LAST_SECONDS: Final = 3.0
"""How long a process that ends tries to record the calls that it broke off."""

log: Final = logging.getLogger(__name__)


def generator(settings: Settings, till: Till | None, worker: str) -> Generator:
    """Return the generator that GENERATOR names; what it costs is charged to the jobs of `worker`.

    Raises ValueError for one that needs a till where there is none.
    """
    if settings.generator == "offline":
        return Offline()
    if till is None:
        raise ValueError(f"GENERATOR={settings.generator} pays for what it asks, from a till.")
    preferences = Preferences(
        settings.openai_model,
        max_tokens=settings.openai_max_tokens,
        context=settings.openai_context,
        temperature=settings.openai_temperature,
    )
    return OpenAI(preferences, partial(_calls, till, worker))


def _calls(till: Till, worker: str, claim: Claim) -> Calls:
    actor = f"worker:{worker}"
    work = Work(claim.tenant_id, claim.job_id, claim.kind, claim.target, actor)
    return Reread(till, work) if claim.kind == "reread" else Calls(till, work)


@asynccontextmanager
async def paying(settings: Settings, events: Log) -> AsyncIterator[Till | None]:
    """Yield what calls of models are paid through, None where the settings ask for none.

    Raises SettingsError where what they ask for is not installed.
    """
    if settings.generator == "offline" and not settings.openai_embedding_model:
        yield None
        return
    try:
        endpoint = Endpoint.of(settings)
    except NotInstalled as error:
        raise SettingsError(f"GENERATOR: {error}") from error
    purse, spool = Purse(events), Spool(settings.home / "spool" / "calls")
    till = Till(events, endpoint, Prices(events), purse, spool, uuid7, time.monotonic)
    try:
        yield till
    finally:
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_SECONDS):
                await till.clear()
                await purse.close()
        await spool.close()
        await endpoint.close()


async def probed(settings: Settings, till: Till) -> None:
    """Look once whether the server of models is there, and say so; it costs nothing."""
    models = [settings.openai_model] if settings.generator == "openai" else []
    if settings.openai_embedding_model:
        models.append(settings.openai_embedding_model)
    if isinstance(till.model, Endpoint):
        found = await till.model.probe(*models)
        log.log(logging.INFO if found.good else logging.WARNING, "%s", found.said)
