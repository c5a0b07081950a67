"""Rows are the same however the log is cut, folded twice, folded live, or folded anew."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from service.database import Database
from service.log.handle import Log
from service.projection import engine
from service.projection.text import projection, projections
from tests.projection.generations import build, fold, keep_up, live, rows, scratch
from tests.projection.histories import History, happen, histories

Project = Callable[[], Awaitable[None]]
NAMES = ("job", "course", "library", "ledger", "price", "budget", "usage")
KEEPING = ("job", "course", "ledger", "price", "budget", "usage")
"""Projections that keep a row of whatever there once was, so that old ranges bring nothing back."""
CUTS = st.lists(st.integers(1, 150), max_size=60)

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")
rich = settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)


@rich
@given(history=histories(), cuts=CUTS)
async def test_any_cuts_give_the_same_rows(
    history: History, cuts: list[int], log: Log, database: Database, projected: Project
) -> None:
    await happen(log, history)
    await projected()
    head = await database.fetchval("SELECT position FROM log.head")

    for name in NAMES:
        whole = await rows(database, await live(database, name))
        for each in (cuts, list(range(max(1, head - 60), head)), []):
            schema = await scratch(database, projection(name))
            await build(database, schema, [max(1, head - 150) + cut for cut in each])
            assert await rows(database, schema) == whole, (name, each)


@rich
@given(history=histories(), cuts=st.lists(st.integers(0, 70), min_size=2, max_size=6))
async def test_folding_what_was_folded_before_changes_nothing(
    history: History, cuts: list[int], log: Log, database: Database, projected: Project
) -> None:
    await happen(log, history)
    await projected()
    head = await database.fetchval("SELECT position FROM log.head")

    for name in KEEPING:
        schema = await live(database, name)
        before = await rows(database, schema)
        for after, upto in pairwise(cuts):
            await fold(database, schema, max(0, head - 70) + after, max(0, head - 70) + upto)
        for upto in range(head, max(0, head - 70), -7):
            await fold(database, schema, 0, upto)
        assert await rows(database, schema) == before, name


@rich
@given(history=histories())
async def test_a_rebuild_beside_what_two_live_advancers_made_finds_no_difference(
    history: History, log: Log, database: Database, projected: Project
) -> None:
    over = asyncio.Event()
    advancers = [asyncio.create_task(keep_up(database, over, 3)) for _ in range(2)]
    await happen(log, history)
    over.set()
    await asyncio.gather(*advancers)
    await projected()

    for current in projections():
        old = await live(database, current.name)
        before = await rows(database, old)
        new = await engine.rebuild(database, current)
        assert await rows(database, new) == before
        assert await rows(database, old) == before
