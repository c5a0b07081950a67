"""The read models of the library are a fold of its events."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import pairwise
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.database import Database
from service.library.decider import SOURCE, Command, NoSuchSource, RemoveSource, source_id
from service.library.language import _LITTLE, UNKNOWN
from service.log.handle import Log
from service.projection import engine
from service.projection.text import projection
from tests.library.content import add
from tests.library.shelf import context, fill, put, take

Projected = Callable[[], Awaitable[None]]

TABLES = ("sources", "source_texts", "content_chunks", "source_words")
PATHS = ("a.md", "b/c.md")
TEXTS = (
    "# One\n\nThe cell is small and it lives. Same words, same words.",
    "# One\n\nThe cell is small and it lives. Same words.\n\n# Two\n\nWürfel 🎲 fallen.",
    "# Eins\n\nDie Zelle ist klein und sie lebt. \n\n# Zwei\n\nGleich.\n\n# Zwei\n\nGleich.",
)
Saying = tuple[str, Command]

commands = st.one_of(
    st.builds(
        lambda path, text: (path, add(path, text)), st.sampled_from(PATHS), st.sampled_from(TEXTS)
    ),
    st.sampled_from(PATHS).map(lambda path: (path, RemoveSource())),
)


async def test_two_sources_are_there_after_they_were_added(
    log: Log, database: Database, projected: Projected
) -> None:
    await put(log, "a.md", "# A\n\nAlpha beta.")
    receipt = await put(log, "b.md", "# B\n\nGamma delta.")
    await projected()

    rows = await database.fetch(
        "SELECT path, title, chunks, version FROM read.sources ORDER BY path"
    )
    position = await database.fetchval("SELECT max(position) FROM read.content_chunks")
    assert [tuple(row) for row in rows] == [("a.md", "A", 1, 1), ("b.md", "B", 1, 1)]
    assert position == receipt.position


async def test_a_chunk_is_the_span_of_its_text_in_code_points(
    log: Log, database: Database, projected: Projected
) -> None:
    text = "# 🎲\n\nWürfel 🎲 fallen.\n\n" + "\n\n".join(
        f"## Teil {n}\n\n" + "Die Würfel 🎲 sind gefallen und das ist gut so. " * 40
        for n in range(90)
    )
    await put(log, "dice.md", text)
    await projected()

    rows = await database.fetch(
        "SELECT c.text = substr(t.text, c.span_start + 1, c.span_end - c.span_start) AS same"
        "  FROM read.content_chunks AS c JOIN read.source_texts AS t USING (source_id)"
    )
    assert len(rows) == 91
    assert all(row["same"] for row in rows)


async def test_a_source_that_comes_back_is_created_anew(
    log: Log, database: Database, projected: Projected
) -> None:
    await put(log, "a.md", TEXTS[0])
    await take(log, "a.md")
    await put(log, "a.md", TEXTS[1])
    await projected()

    row = await database.fetchrow("SELECT version, created_at, updated_at FROM read.sources")
    assert row["version"] == 3
    assert row["created_at"] == row["updated_at"]


async def test_a_replaced_source_keeps_the_time_it_was_created(
    log: Log, database: Database, projected: Projected
) -> None:
    await put(log, "a.md", TEXTS[0])
    await projected()
    await put(log, "a.md", TEXTS[1])
    await projected()

    row = await database.fetchrow(
        "SELECT s.created_at = e.recorded_at AS kept, s.updated_at > s.created_at AS moved"
        "  FROM read.sources AS s JOIN log.events AS e ON e.position = 1"
    )
    assert tuple(row) == (True, True)


async def test_a_rebuild_gives_what_is_live(
    log: Log, database: Database, projected: Projected
) -> None:
    await fill(log)
    await projected()
    await take(log, "history/rome.md")
    await put(log, "biology/cell.md", TEXTS[2])
    await projected()
    live = await contents(database, "read")

    await engine.rebuild(database, projection("library"))

    assert await contents(database, "read") == live
    assert live["content_chunks"]


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(script=st.lists(commands, min_size=1, max_size=9), cuts=st.sets(st.integers(1, 8)))
async def test_any_split_into_batches_gives_equal_rows(
    log: Log, database: Database, projected: Projected, script: list[Saying], cuts: set[int]
) -> None:
    tenant = uuid4()
    before = await database.fetchval("SELECT position FROM log.head")
    for path, command in script:
        with suppress(NoSuchSource):
            await log.handle(SOURCE, source_id(tenant, path), command, context(tenant))
    after = await database.fetchval("SELECT position FROM log.head")
    steps = [before, *(before + cut for cut in sorted(cuts) if before + cut < after), after]

    whole = await folded(database, [before, after])

    assert await folded(database, steps) == whole
    assert whole["source_words"] or after == before


async def folded(database: Database, steps: list[int]) -> dict[str, list[tuple[str, ...]]]:
    """Fold the log into a generation of its own, step by step."""
    schema = f"library_{uuid4().hex}"
    await engine.install(database, projection("library"), schema)
    for start, end in pairwise(steps):
        await database.execute(f"SELECT {schema}.fold($1, $2)", start, end)
    return await contents(database, schema)


async def test_every_language_that_is_told_is_indexed_as_such(
    log: Log, database: Database, projected: Projected
) -> None:
    schema = projection("library").schema
    tags = [*_LITTLE, UNKNOWN]
    rows = await database.fetch(
        f"SELECT {schema}.search_config(t)::regconfig::text AS config FROM unnest($1::text[]) AS t",  # noqa: S608
        tags,
    )
    configs = dict(zip(tags, (row["config"] for row in rows), strict=True))
    assert {tag for tag, config in configs.items() if config == "simple"} == {"pl", UNKNOWN}


async def contents(database: Database, schema: str) -> dict[str, list[tuple[str, ...]]]:
    return {
        table: sorted(
            tuple(map(repr, row.values()))
            for row in await database.fetch(f"SELECT * FROM {schema}.{table}")  # noqa: S608
        )
        for table in TABLES
    }
