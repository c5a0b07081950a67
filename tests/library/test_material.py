"""A recipe gets the sources that say most about its topic."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from service.database import Database
from service.library import views
from service.library.material import Material
from service.log.handle import Log
from tests.library.shelf import TENANT, fill, put

Ask = Callable[..., Awaitable[tuple[Material, ...]]]


@pytest.fixture
async def material(log: Log, database: Database, projected: Callable[[], Awaitable[None]]) -> Ask:
    await fill(log)
    await projected()

    async def ask(topic: str, **given: object) -> tuple[Material, ...]:
        return await views.material(database, TENANT, topic, **given)  # type: ignore[arg-type]

    return ask


async def test_any_word_of_a_topic_counts(material: Ask) -> None:
    found = await material("Introduction to cell biology for teens")

    assert found[0].path == "biology/cell.md"
    assert not {source.path for source in found} & {"history/100%_true.md", "history/100x_true.md"}


async def test_a_source_comes_whole_with_its_chunks(material: Ask) -> None:
    source = (await material("photosynthesis"))[0]

    assert source.title == "The cell"
    assert [chunk.heading[-1] for chunk in source.chunks] == [
        "The cell",
        "Mitochondria",
        "Photosynthesis",
    ]
    last = source.chunks[-1]
    assert source.text[last.start : last.end].startswith("Plants make sugar")


async def test_the_language_of_the_topic_leads_to_sources_in_it(material: Ask) -> None:
    assert (await material("Kraftwerke der Zelle"))[0].path == "biology/zelle.md"


async def test_a_filter_keeps_to_its_folder(material: Ask) -> None:
    assert {source.path for source in await material("water", source_filter="history/")} == {
        "history/rome.md"
    }
    assert await material("chlorophyll", source_filter="history/") == ()


async def test_a_misspelt_topic_still_finds_its_sources(material: Ask) -> None:
    assert (await material("Fotosynthesis"))[0].path == "biology/cell.md"


async def test_nothing_is_better_than_something_else(material: Ask) -> None:
    assert await material("quantum electrodynamics") == ()


async def test_no_more_than_asked_for(material: Ask) -> None:
    assert len(await material("water", limit=1)) == 1


async def test_a_source_that_was_just_acknowledged_is_waited_for(
    log: Log, database: Database, projected: Callable[[], Awaitable[None]]
) -> None:
    await fill(log)
    early = await views.caught_up(database, TENANT, patience=0)
    waiting = asyncio.create_task(views.caught_up(database, TENANT))

    await projected()

    assert (early, await waiting) == (False, True)
    assert await views.caught_up(database, UUID(int=9), patience=0)


async def test_what_many_read_at_once_is_in_memory_but_once(material: Ask) -> None:
    first, second = await material("photosynthesis"), await material("photosynthesis")

    assert all(one is same for one, same in zip(first, second, strict=True))


async def test_what_was_changed_is_read_anew(
    material: Ask, log: Log, projected: Callable[[], Awaitable[None]]
) -> None:
    before = (await material("photosynthesis"))[0]
    await put(log, before.path, f"{before.text}\n\nMoss makes sugar by photosynthesis.")
    await projected()

    after = (await material("photosynthesis"))[0]

    assert after.source_id == before.source_id
    assert "Moss" in after.text
