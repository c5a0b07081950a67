"""Search by words and, where there are embeddings, by meaning too: one list out of both."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final
from uuid import UUID

from msgspec import Struct

from service.database import Database
from service.embedding import store
from service.embedding.fusion import fused
from service.embedding.meaning import Meaning
from service.library import views
from service.library.views import Hit

Compare = Callable[..., Awaitable[list[Hit]]]

DEPTH: Final = 50
"""How far down each list counts."""
SECONDS: Final = 2.0
"""How long the comparison of vectors may take."""


class Searched(Struct, frozen=True):
    """What was found, and by what: words alone, or by meaning too."""

    hits: list[Hit]
    by: str


async def search(
    database: Database,
    meaning: Meaning | None,
    tenant_id: UUID,
    question: str,
    *,
    source_filter: str,
    limit: int,
) -> Searched:
    """Return up to `limit` chunks of sources whose path starts with `source_filter`, best first.

    A question that says with quotes or a minus sign just what it wants is answered by words alone,
    as is every one while there are no vectors to be had in time. Raises Unavailable.
    """
    find = partial(views.search, database, tenant_id, question, source_filter=source_filter)
    if meaning is None or views.is_exact(question):
        return Searched(await find(limit=limit), "words")
    depth = max(limit, DEPTH)
    compare = partial(
        store.nearest, database, tenant_id, question, source_filter=source_filter, limit=depth
    )
    nearing = asyncio.create_task(_near(meaning, tenant_id, question, compare))
    try:
        worded = await find(limit=depth)
        near = await nearing
    finally:
        nearing.cancel()
        await asyncio.wait({nearing})
    if near is None:
        return Searched(worded[:limit], "words")
    return Searched(fused(worded, near, limit=limit), "words, meaning")


async def _near(
    meaning: Meaning, tenant_id: UUID, question: str, compare: Compare
) -> list[Hit] | None:
    """Return what means most nearly the same, best first; None where that is not known in time."""
    vector = await meaning.of(tenant_id, question)
    if vector is None:
        return None
    try:
        async with asyncio.timeout(SECONDS):
            return await compare(model=meaning.model, vector=vector)
    except TimeoutError:
        meaning.fail("comparing vectors takes too long; with the extension vector it is faster")
        return None
