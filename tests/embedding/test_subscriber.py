"""The subscriber embeds what the library lacks, once, and pays for nothing twice."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest

from service.budget.book import tenant_account
from service.budget.decider import BUDGET, SetBudget
from service.database import Database
from service.embedding.embedder import Embedder
from service.embedding.store import Wanting
from service.embedding.subscriber import BATCH, LARGEST_BATCH, LONGEST, batches
from service.log.handle import Log
from tests.embedding.conftest import MODEL, Embed
from tests.gateway.following import Failed
from tests.generation.openai_server import Server
from tests.library.shelf import OTHER, TENANT, context, fill, put, take

KEPT = "SELECT chunk_id, model, vector, said FROM ops.embeddings WHERE tenant_id = $1"
CHUNKS = "SELECT id FROM read.content_chunks WHERE tenant_id = $1"
CALLS = "SELECT data FROM log.events WHERE type = 'llm.called' AND tenant_id = $1 ORDER BY position"

Kept = Callable[..., Awaitable[Mapping[UUID, list[float]]]]


@pytest.fixture
def kept(database: Database) -> Kept:
    """The vectors of a tenant's chunks."""

    async def kept(tenant: UUID = TENANT) -> dict[UUID, list[float]]:
        rows = await database.fetch(KEPT, tenant)
        return {row["chunk_id"]: row["vector"] for row in rows}

    return kept


async def chunks(database: Database, tenant: UUID = TENANT) -> set[UUID]:
    return {row["id"] for row in await database.fetch(CHUNKS, tenant)}


def texts(models: Server) -> int:
    """How many calls the server has answered."""
    return sum(one["outcome"] == "finished" for one in models.requests("embeddings"))


async def test_every_chunk_has_a_vector_and_the_ledger_what_it_cost(
    log: Log, database: Database, models: Server, embedded: Embed, kept: Kept
) -> None:
    await fill(log)
    await embedded()

    vectors = await kept()
    assert vectors.keys() == await chunks(database)
    for vector in vectors.values():
        assert sum(value * value for value in vector) == pytest.approx(1, abs=1e-5)
    rows = await database.fetch(CALLS, TENANT)
    (call,) = [parsed(row) for row in rows]
    assert (call["kind"], call["purpose"], call["outcome"]) == ("embedding", "chunks", "answered")
    assert Decimal(call["cost"]) == Decimal(models.log.told()["cost"]) > 0


async def test_nothing_is_embedded_twice(
    log: Log, database: Database, models: Server, embedded: Embed
) -> None:
    await fill(log)
    await embedded()
    await database.execute("UPDATE ops.subscribers SET position = 0")
    await embedded()

    assert texts(models) == 1


async def test_an_edit_elsewhere_in_the_source_pays_nothing(
    log: Log, models: Server, embedded: Embed, kept: Kept
) -> None:
    await put(log, "a.md", "# One\n\nRivers flow to the sea.\n\n## Two\n\nHills are high.")
    await embedded()
    before = await kept()
    await put(log, "a.md", "# One\n\nRivers flow to the sea.\n\n## Two\n\nHills are low.")
    await embedded()

    after = await kept()
    assert len(before.keys() & after.keys()) == 1
    assert len(after) == 2
    assert [one["tokens_in"] for one in models.requests("embeddings")][1] < 10


async def test_what_is_said_elsewhere_too_or_moved_is_not_paid_for_again(
    log: Log, database: Database, models: Server, embedded: Embed, kept: Kept
) -> None:
    await put(log, "a.md", "# One\n\nRivers flow to the sea.")
    await embedded()
    await put(log, "copy.md", "# One\n\nRivers flow to the sea.")
    await take(log, "a.md")
    await put(log, "moved.md", "# One\n\nRivers flow to the sea.")
    await embedded()

    vectors = await kept()
    assert texts(models) == 1
    assert vectors.keys() == await chunks(database)
    assert len(vectors) == 2


async def test_another_tenant_pays_for_itself(
    log: Log, models: Server, embedded: Embed, kept: Kept
) -> None:
    await put(log, "a.md", "# One\n\nRivers flow to the sea.")
    await put(log, "a.md", "# One\n\nRivers flow to the sea.", OTHER)
    await embedded()

    assert texts(models) == 2
    assert len(await kept(OTHER)) == 1


async def test_vectors_go_with_their_source(
    log: Log, database: Database, embedded: Embed, kept: Kept
) -> None:
    await fill(log)
    await embedded()
    await take(log, "biology/cell.md")
    await embedded()

    assert (await kept()).keys() == await chunks(database)


async def test_another_model_embeds_all_anew(
    log: Log,
    database: Database,
    embedder: Embedder,
    embedded: Embed,
    projected: Callable[[], Awaitable[None]],
) -> None:
    await put(log, "a.md", "# One\n\nRivers flow to the sea.")
    await embedded()
    await database.execute("UPDATE ops.embeddings SET model = 'older', vector = '{1}'")
    await database.execute("UPDATE ops.subscribers SET position = 0")
    await embedded()

    (row,) = await database.fetch(KEPT, TENANT)
    assert (row["model"], len(row["vector"])) == (MODEL, 256)


async def test_a_chunk_that_the_model_does_not_take_stops_no_other(
    log: Log, models: Server, embedded: Embed, kept: Kept
) -> None:
    refuse = {"do": "status", "status": 400, "matching": "poison", "times": None}
    models.tell({**refuse, "path": "embeddings"})
    for number in range(5):
        await put(log, f"{number}.md", f"# Number {number}\n\nRivers flow to sea {number}.")
    await put(log, "poison.md", "# P\n\nThis is poison.")
    await embedded()

    vectors = await kept()
    assert sorted(len(vector) for vector in vectors.values()) == [0, 256, 256, 256, 256, 256]
    asked = len(models.requests())
    await put(log, "poison.md", "# P\n\nThis is poison.\n\n## Q\n\nMore.")
    await embedded()
    assert len(models.requests()) == asked + 1


async def test_a_model_that_takes_nothing_marks_no_chunk_as_embedded(
    log: Log, models: Server, embedded: Embed, kept: Kept
) -> None:
    models.tell({"do": "status", "status": 400, "path": "embeddings", "times": None})
    await fill(log)
    with pytest.raises(Failed, match="answered with 400"):
        await embedded()

    assert await kept() == {}


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"do": "cut"}, "connection"),
        ({"do": "status", "status": 500}, "answered with 500"),
        ({"do": "status", "status": 401}, "set OPENAI_API_KEY"),
    ],
)
async def test_a_server_that_fails_is_asked_again_and_says_why(
    log: Log,
    database: Database,
    models: Server,
    embedded: Embed,
    kept: Kept,
    rule: dict[str, Any],
    said: str,
) -> None:
    models.tell({**rule, "path": "embeddings"})
    await fill(log)
    with pytest.raises(Failed, match=said):
        await embedded()
    await database.execute("UPDATE ops.subscribers SET retry_at = '-infinity'")
    await embedded()

    assert (await kept()).keys() == await chunks(database)


async def test_a_tenant_without_budget_stops_no_other(
    log: Log, database: Database, embedded: Embed, kept: Kept
) -> None:
    nothing = SetBudget(Decimal(0), "total")
    await log.handle(BUDGET, tenant_account(OTHER), nothing, context(OTHER))
    await put(log, "a.md", "# One\n\nRivers flow to the sea.", OTHER)
    await put(log, "a.md", "# One\n\nRivers flow to the sea.")
    await embedded()

    assert (await kept()).keys() == await chunks(database)
    assert await kept(OTHER) == {}


def test_batches_are_as_large_as_one_call_may_be() -> None:
    def sizes(lengths: Sequence[int]) -> list[int]:
        wanting = [
            Wanting(UUID(int=n), UUID(int=n), "x" * length) for n, length in enumerate(lengths)
        ]
        return [len(batch) for batch in batches(wanting)]

    assert sizes([]) == []
    assert sizes([1] * (2 * BATCH + 1)) == [BATCH, BATCH, 1]
    assert sizes([LONGEST * 2] * 13) == [LARGEST_BATCH // LONGEST, 1]


def parsed(row: Any) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(row["data"])
    return found
