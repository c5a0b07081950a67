"""Rows of textbooks are the same however the log is cut, folded twice, or folded anew."""

from collections.abc import Awaitable, Callable
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from service.database import Database
from service.log.handle import Log
from service.projection import engine
from service.projection.text import projection
from tests.projection.generations import build, fold, live, rows, scratch
from tests.projection.test_batches import rich
from tests.textbook.histories import History, happen, histories

Project = Callable[[], Awaitable[None]]
NAME = "textbook"
CUTS = st.lists(st.integers(1, 150), max_size=60)


@rich
@given(history=histories(), cuts=CUTS)
async def test_any_cuts_give_the_same_rows(
    history: History, cuts: list[int], log: Log, database: Database, projected: Project
) -> None:
    await happen(log, history)
    await projected()
    head = await database.fetchval("SELECT position FROM log.head")

    whole = await rows(database, await live(database, NAME))
    for each in (cuts, list(range(max(1, head - 60), head)), []):
        schema = await scratch(database, projection(NAME))
        await build(database, schema, [max(1, head - 150) + cut for cut in each])
        assert await rows(database, schema) == whole, each


@rich
@given(history=histories(), cuts=st.lists(st.integers(0, 70), min_size=2, max_size=6))
async def test_folding_what_was_folded_before_changes_nothing(
    history: History, cuts: list[int], log: Log, database: Database, projected: Project
) -> None:
    await happen(log, history)
    await projected()
    head = await database.fetchval("SELECT position FROM log.head")

    schema = await live(database, NAME)
    before = await rows(database, schema)
    for after, upto in pairwise(cuts):
        await fold(database, schema, max(0, head - 70) + after, max(0, head - 70) + upto)
    for upto in range(head, max(0, head - 70), -7):
        await fold(database, schema, 0, upto)
    assert await rows(database, schema) == before


@rich
@given(history=histories())
async def test_a_rebuild_finds_no_difference_from_what_was_folded_live(
    history: History, log: Log, database: Database, projected: Project
) -> None:
    await happen(log, history)
    await projected()

    before = await rows(database, await live(database, NAME))
    assert await rows(database, await engine.rebuild(database, projection(NAME))) == before
