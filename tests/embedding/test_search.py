"""Search by words and by meaning: what is meant is found, and nothing is waited for in vain."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from msgspec.structs import replace
from pytest_aiohttp.plugin import AiohttpClient

from service.app import make_app
from service.database import Database
from service.embedding import search as searching
from service.embedding.embedder import Embedder
from service.embedding.meaning import FIRST_REST, Meaning
from service.embedding.search import Searched
from service.http.call import Resources
from service.http.metrics import Metrics
from service.log.handle import Log
from tests.embedding.conftest import Embed
from tests.generation.openai_server import Server
from tests.library.shelf import OTHER, TENANT, put

Search = Callable[..., Awaitable[Searched]]
Paths = list[str]

DOCUMENTS = {
    "traffic/road.md": "# Road\n\nA car needs fuel, wheels and a driver who knows the way.",
    "animals/cat.md": "# Cats\n\nA cat sleeps through most of its days and hunts at night.",
    "animals/dog.md": "# Dogs\n\nDogs guard houses, herd sheep, and bark at the postman.",
    "health/flu.md": "# Flu\n\nThe flu is a disease of the airways that spreads in winter.",
}


class Clock:
    """Seconds that pass when they are told to."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def meaning(embedder: Embedder, clock: Clock) -> Meaning:
    return Meaning(embedder, clock, patience=60)


@pytest.fixture
async def search(log: Log, database: Database, meaning: Meaning, embedded: Embed) -> Search:
    for path, text in DOCUMENTS.items():
        await put(log, path, text)
    await embedded()

    async def ask(
        question: str, tenant: Any = TENANT, source_filter: str = "", limit: int = 10
    ) -> Searched:
        return await searching.search(
            database, meaning, tenant, question, source_filter=source_filter, limit=limit
        )

    return ask


def paths(found: Searched) -> Paths:
    return [hit.path for hit in found.hits]


async def test_what_is_meant_is_found_in_other_words(search: Search) -> None:
    found = await search("automobile")

    assert (paths(found), found.by) == (["traffic/road.md"], "words, meaning")
    assert found.hits[0].title == "Road"
    assert found.hits[0].snippet.startswith("A car needs fuel")


async def test_what_holds_the_words_and_means_the_same_comes_first(search: Search) -> None:
    found = await search("disease OR feline")

    assert paths(found)[0] == "health/flu.md"
    assert "animals/cat.md" in paths(found)
    assert "**disease**" in found.hits[0].snippet
    assert 1 > found.hits[0].score > found.hits[1].score > 0


async def test_what_has_nothing_to_do_with_it_is_not_found(search: Search) -> None:
    assert paths(await search("quantum chromodynamics")) == []


@pytest.mark.parametrize("question", ['"automobile"', "automobile -car"])
async def test_who_says_just_what_he_wants_gets_it_by_words_alone(
    search: Search, models: Server, question: str
) -> None:
    asked = len(models.requests())
    found = await search(question)

    assert (paths(found), found.by) == ([], "words")
    assert len(models.requests()) == asked


async def test_the_start_of_the_path_and_the_limit_hold_for_what_is_meant(search: Search) -> None:
    assert paths(await search("automobile", source_filter="animals/")) == []
    assert len(paths(await search("cat dog car disease", limit=2))) == 2


async def test_no_tenant_finds_what_another_has(search: Search) -> None:
    assert paths(await search("automobile", OTHER)) == []


async def test_a_question_is_paid_for_once(search: Search, models: Server, log: Log) -> None:
    asked = len(models.requests())
    for question in ("automobile", "  Automobile ", "AUTOMOBILE"):
        assert paths(await search(question)) == ["traffic/road.md"]

    assert len(models.requests()) == asked + 1


async def test_a_server_that_is_down_costs_a_search_its_meaning_and_no_time_after(
    search: Search, models: Server, clock: Clock
) -> None:
    models.tell({"do": "status", "status": 500, "path": "embeddings", "times": 2})
    asked = len(models.requests())
    found = [await search("driver fuel") for _ in range(3)]
    assert [(paths(one), one.by) for one in found] == [(["traffic/road.md"], "words")] * 3
    assert len(models.requests()) == asked + 1

    clock.now += FIRST_REST
    assert (await search("driver fuel")).by == "words"
    clock.now += FIRST_REST
    assert (await search("driver fuel")).by == "words"
    clock.now += FIRST_REST
    assert (await search("driver fuel")).by == "words, meaning"


async def test_a_server_that_is_slow_is_not_waited_for(
    search: Search, models: Server, database: Database, embedder: Embedder, clock: Clock
) -> None:
    models.tell({"do": "stall", "path": "embeddings"})
    hasty = Meaning(embedder, clock, patience=1.5)
    async with asyncio.timeout(20):
        found = await searching.search(
            database, hasty, TENANT, "driver fuel", source_filter="", limit=5
        )

    assert (paths(found), found.by) == (["traffic/road.md"], "words")
    await models.until(lambda requests: requests[-1]["outcome"] == "aborted")
    assert await embedder.till.clear() == 1


async def test_vectors_of_another_length_are_not_compared(
    search: Search, database: Database
) -> None:
    await database.execute("UPDATE ops.embeddings SET vector = '{1,0}'")

    assert paths(await search("automobile")) == []


async def test_without_pgvector_the_same_is_found(search: Search, database: Database) -> None:
    before = await search("automobile of a physician and his feline")
    async with database.commands.connection() as connection:
        await connection.execute("DROP FUNCTION ops.nearness(real[], real[])")
        await connection.execute("DROP EXTENSION IF EXISTS vector")
        assert await connection.fetchval("SELECT ops.choose_nearness()") == "plain"
    after = await search("automobile of a physician and his feline")

    assert paths(before) == paths(after) != []
    assert [hit.score for hit in before.hits] == pytest.approx([hit.score for hit in after.hits])


async def test_the_answer_says_by_what_it_went(
    search: Search,
    meaning: Meaning,
    live: Resources,
    models: Server,
    aiohttp_client: AiohttpClient,
    bearer: Callable[..., dict[str, str]],
    log: Log,
    clock: Clock,
    embedder: Embedder,
) -> None:
    app = make_app(replace(live, meaning=meaning), Metrics(), ["api"])
    client: TestClient[web.Request, web.Application] = await aiohttp_client(app, headers=bearer())
    path = "/api/v1/search?q=automobile"

    assert (await client.get(path)).headers["X-Search-By"] == "words, meaning"
    meaning.fail("The tests say so.")
    answer = await client.get(path)
    assert answer.headers["X-Search-By"] == "words"
    assert await answer.json() == {"items": []}
