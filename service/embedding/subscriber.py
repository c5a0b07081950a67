"""The subscriber that embeds the library: what a tenant's chunks lack, in batches, and no more.

It goes by what is missing and not by the events, which only say whose library has changed. So it
may be killed anywhere, and pays for nothing twice; a chunk keeps its vector while it says the same.
"""

import logging
from collections.abc import Sequence
from functools import partial
from typing import Final
from uuid import UUID

from service.database import Database
from service.embedding import store
from service.embedding.embedder import Embedder
from service.embedding.store import Wanting
from service.gateway.subscriber import Subscriber
from service.generation.generator import GenerationFailed
from service.generation.openai.failure import Unfit
from service.http.call import Resources
from service.library.decider import SOURCE
from service.log.codec import classes_of
from service.log.event import Recorded

NAME: Final = "embeddings:{model}"
"""Another model begins at the beginning, since it has embedded nothing yet."""
TYPES: Final = tuple(classes_of(SOURCE.events))
PAGE: Final = 512
BATCH: Final = 64
LARGEST_BATCH: Final = 100_000
"""Texts and characters that go into one call, at most."""
LONGEST: Final = 8_000
"""Characters of a chunk that are embedded: models take about so many, and a topic needs fewer."""
HARMLESS: Final = "water"
"""What every model takes."""

log: Final = logging.getLogger(__name__)


def embeddings(of: Resources) -> Subscriber | None:
    """Return the subscriber that embeds the library, if a model is named for it."""
    model = of.settings.openai_embedding_model
    if model is None or of.till is None:
        return None
    handle = partial(embed, of.database, Embedder(of.till, model))
    return Subscriber(NAME.format(model=model), TYPES, handle)


async def embed(database: Database, embedder: Embedder, events: Sequence[Recorded]) -> None:
    """Bring the vectors of the tenants that `events` happened to up to date.

    A tenant whose budget is used up is left as it is until its library changes again, so that it
    stops nobody else's. Raises `Trouble` where the server does not answer, Unavailable.
    """
    for tenant_id in dict.fromkeys(event.tenant_id for event in events):
        await store.reuse(database, tenant_id, embedder.model)
        try:
            await complete(database, embedder, tenant_id)
        except GenerationFailed as failure:
            log.warning("the library of tenant %s is not embedded: %s", tenant_id, failure)
        await store.sweep(database, tenant_id)


async def complete(database: Database, embedder: Embedder, tenant_id: UUID) -> None:
    """Embed what a tenant's chunks lack. Raises `Trouble`, GenerationFailed, Unavailable."""
    while chunks := await store.missing(database, tenant_id, embedder.model, PAGE):
        for batch in batches(chunks):
            await one(database, embedder, tenant_id, batch)
        await store.reuse(database, tenant_id, embedder.model)


async def one(
    database: Database, embedder: Embedder, tenant_id: UUID, batch: Sequence[Wanting]
) -> None:
    """Embed a batch; where the server does not take it, its halves, down to the chunk at fault.

    A chunk is at fault only where the server takes another text; else everything is, and it raises.
    """
    texts = [chunk.text[:LONGEST] for chunk in batch]
    try:
        vectors = await embedder.vectors(tenant_id, tenant_id, "chunks", texts)
    except Unfit as unfit:
        if len(batch) > 1:
            half = len(batch) // 2
            await one(database, embedder, tenant_id, batch[:half])
            await one(database, embedder, tenant_id, batch[half:])
            return
        await embedder.vectors(tenant_id, tenant_id, "chunks", [HARMLESS])
        log.warning("the chunk %s cannot be embedded: %s", batch[0].chunk_id, unfit)
        vectors = ((),)
    await store.keep(database, tenant_id, embedder.model, batch, vectors)


def batches(chunks: Sequence[Wanting]) -> list[list[Wanting]]:
    """Return chunks in batches that one call can take."""
    made: list[list[Wanting]] = []
    room = 0
    for chunk in chunks:
        size = min(len(chunk.text), LONGEST)
        if not made or room < size or len(made[-1]) == BATCH:
            made.append([])
            room = LARGEST_BATCH
        made[-1].append(chunk)
        room -= size
    return made
