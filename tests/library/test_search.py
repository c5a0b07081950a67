"""What is looked for is found, in the right order, in the right language, in the right library."""

from collections.abc import Awaitable, Callable

import pytest

from service.database import Database
from service.library import views
from service.library.decider import source_id
from service.library.views import Hit
from service.log.handle import Log
from tests.library.shelf import DOCUMENTS, OTHER, TENANT, fill, put, take

Search = Callable[..., Awaitable[list[Hit]]]
Projected = Callable[[], Awaitable[None]]


@pytest.fixture
async def search(log: Log, database: Database, projected: Projected) -> Search:
    await fill(log)
    await projected()

    async def ask(question: str, source_filter: str = "", limit: int = 10) -> list[Hit]:
        return await views.search(
            database, TENANT, question, source_filter=source_filter, limit=limit
        )

    return ask


def places(hits: list[Hit]) -> list[tuple[str, str]]:
    return [(hit.path, hit.heading[-1]) for hit in hits]


@pytest.mark.parametrize(
    ("question", "path", "heading"),
    [
        ("mitochondria", "biology/cell.md", "Mitochondria"),
        ("how do plants make sugar", "biology/cell.md", "Photosynthesis"),
        ("burning oxygen", "biology/cell.md", "Mitochondria"),
        ("chlorophyll", "biology/plants.md", "Plants"),
        ("kleinste einheiten", "biology/zelle.md", "Die Zelle"),
        ("verbrennt zucker", "biology/zelle.md", "Kraftwerke"),
        ("roman road", "history/rome.md", "Rome"),
    ],
)
async def test_words_are_found_in_any_form_in_their_language(
    search: Search, question: str, path: str, heading: str
) -> None:
    assert places(await search(question))[0] == (path, heading)


@pytest.mark.parametrize(
    ("question", "heading"),
    [
        ("mitocondria", "Mitochondria"),
        ("fotosynthesis", "Photosynthesis"),
        ("clorophyl", "Plants"),
        ("Kraftwrke", "Kraftwerke"),
    ],
)
async def test_typing_errors_are_forgiven(search: Search, question: str, heading: str) -> None:
    assert (await search(question))[0].heading[-1] == heading


async def test_headings_weigh_more_than_text(search: Search) -> None:
    found = places(await search("cell"))

    assert {path for path, _ in found[:3]} == {"biology/cell.md"}
    assert found[-1] == ("history/rome.md", "Rome")


async def test_a_hit_says_where_it_stands(search: Search) -> None:
    hit = (await search("oxygen energy"))[0]

    text = DOCUMENTS["biology/cell.md"].strip()
    assert text[hit.span_start : hit.span_end].startswith("Mitochondria burn sugar")
    assert (hit.title, hit.heading) == ("The cell", ["The cell", "Mitochondria"])
    assert "**oxygen**" in hit.snippet
    assert 0 < hit.score < 1
    assert hit.source_id == source_id(TENANT, "biology/cell.md")


async def test_where_nothing_has_all_words_the_rarest_of_them_lead(search: Search) -> None:
    found = places(await search("water aqueducts photosynthesis zebra"))

    assert set(found[:2]) == {("history/rome.md", "Rome"), ("biology/cell.md", "Photosynthesis")}


async def test_quotes_and_minus_are_taken_at_their_word(search: Search) -> None:
    assert places(await search('"prison cell"')) == [("history/rome.md", "Rome")]
    assert await search('"cell prison"') == []
    assert await search("chlorophyll -leaves") == []
    assert {path for path, _ in places(await search("geese OR wolf"))} == {
        "history/100%_true.md",
        "history/100x_true.md",
    }


@pytest.mark.parametrize("question", ["the", "?!", "' OR 1=1 --", "a & | ! ( :*", "x" * 500, "\\"])
async def test_a_question_without_an_answer_finds_nothing(search: Search, question: str) -> None:
    assert await search(question) == []


@pytest.mark.parametrize(
    ("source_filter", "paths"),
    [
        ("history/", {"history/100%_true.md", "history/100x_true.md", "history/rome.md"}),
        ("history/100%", {"history/100%_true.md"}),
        ("history/100%_t", {"history/100%_true.md"}),
        ("history/100_", set()),
        ("%", set()),
        ("biology/", set()),
    ],
)
async def test_a_filter_is_the_start_of_a_path_and_no_pattern(
    search: Search, source_filter: str, paths: set[str]
) -> None:
    for question in ("city", "city", "cities zebra"):
        assert {hit.path for hit in await search(question, source_filter)} == paths


async def test_the_limit_keeps_the_best(search: Search) -> None:
    everything = await search("water")

    assert await search("water", limit=2) == everything[:2]
    assert len(everything) > 2


async def test_another_tenant_finds_nothing(search: Search, database: Database) -> None:
    for question in ("cell", "mitocondria"):
        assert await views.search(database, OTHER, question, limit=10) == []
    assert await views.sources(database, OTHER, limit=10) == []
    assert await views.source(database, OTHER, source_id(TENANT, "biology/cell.md")) is None
    assert await views.material(database, OTHER, "cell") == ()


async def test_two_tenants_with_one_path_find_their_own(
    search: Search, log: Log, database: Database, projected: Projected
) -> None:
    text = "# Cells\n\nThe cell of a private person has a membrane, and that is all of it."
    await put(log, "biology/cell.md", text, OTHER)
    await projected()

    for question in ("membrane", "membrne"):
        [theirs] = await views.search(database, OTHER, question, limit=10)
        ours = {found.title for found in await search(question)}
        assert (theirs.title, ours) == ("Cells", {"The cell", "Die Zelle"} & ours)
    [material] = await views.material(database, OTHER, "membrane")
    assert material.title == "Cells"
    assert "Cells" not in {m.title for m in await views.material(database, TENANT, "membrane")}


async def test_replacing_takes_the_old_chunks_away(
    search: Search, log: Log, projected: Projected
) -> None:
    await put(log, "biology/plants.md", "# Plants\n\nRoots hold the plant in the ground.")
    await projected()

    assert await search('"chlorophyll"') == []
    assert places(await search("roots")) == [("biology/plants.md", "Plants")]


async def test_removing_empties_search(
    search: Search, log: Log, database: Database, projected: Projected
) -> None:
    for path in DOCUMENTS:
        await take(log, path)
    await projected()

    assert await search("cell") == []
    assert await views.sources(database, TENANT, limit=10) == []
    assert await views.material(database, TENANT, "cell") == ()


async def test_a_chunk_that_stays_the_same_keeps_its_id(
    search: Search, log: Log, projected: Projected
) -> None:
    before = (await search('"chlorophyll"'))[0]
    text = DOCUMENTS["biology/plants.md"] + "\n## Trees\n\nTrees are plants with wood.\n"
    await put(log, "biology/plants.md", text)
    await projected()

    assert (await search('"chlorophyll"'))[0].chunk_id == before.chunk_id


async def test_sources_come_in_pages_by_path(search: Search, database: Database) -> None:
    first = await views.sources(database, TENANT, prefix="history/", limit=2)
    rest = await views.sources(database, TENANT, prefix="history/", after=first[-1].path, limit=2)

    assert [source.path for source in first + rest] == sorted(
        path for path in DOCUMENTS if path.startswith("history/")
    )


async def test_a_source_is_read_whole(search: Search, database: Database) -> None:
    found = await views.source(database, TENANT, source_id(TENANT, "biology/zelle.md"))

    assert found is not None
    assert found.text == DOCUMENTS["biology/zelle.md"].strip()
    assert (found.language, found.chunks, found.version) == ("de", 2, 1)
    assert found.characters == len(found.text)


async def test_words_of_another_tenant_are_not_suggested(
    search: Search, log: Log, database: Database, projected: Projected
) -> None:
    await put(log, "a.md", "# Rome\n\nThe city of Rome is old, and it is where they are.", OTHER)
    await projected()

    rows = await database.fetch(
        "SELECT query::text FROM read.meant_words($1::uuid, $2::text)", OTHER, "mitocondria"
    )

    assert [row["query"] for row in rows] == ["'mitocondria'"]
