"""I7: live, rebuilt, rebuilt in other steps, swapped in half-way or rolled back: the same rows."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from service.database import Database
from service.log.handle import Log
from service.projection import desk, engine
from service.projection.act import Act
from service.projection.projector import advance
from service.projection.tail import Tail
from service.projection.text import Projection, projection
from tests.projection.generations import build, changed, rows, scratch, step
from tests.projection.histories import History, happen, histories

Project = Callable[[], Awaitable[None]]
Move = tuple[str, int]
ACT: Final = Act("ann", UUID(int=7), UUID(int=8), "to see that it is the same")
SICKENS: Final = """BEGIN
    IF EXISTS (SELECT FROM log.slice('{name}', after, upto) AS s
                WHERE s.version = 3 AND s.stream_id::text ~ '^[0-5]') THEN
        RAISE EXCEPTION 'this stream is sick';
    END IF;
"""


def sickly(name: str) -> Projection:
    """Return a projection that cannot fold the third event of every third stream."""
    return changed(projection(name), "BEGIN\n", SICKENS.format(name=name))


NAMES: Final = ("job", "library", "course", "usage", "ledger", "price", "budget")
TEXTS: Final = (*map(projection, NAMES), sickly("job"), sickly("course"))
SIZES: Final = st.integers(1, 60)
MOVES: Final[st.SearchStrategy[Move]] = st.one_of(
    st.tuples(st.just("advance"), SIZES),
    st.tuples(st.just("advance"), SIZES),
    st.tuples(st.just("build"), SIZES),
    *(st.just((word, 0)) for word in ("join", "swap", "roll back", "pause", "resume")),
)

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")


@settings(
    max_examples=16,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(
    text=st.sampled_from(TEXTS),
    history=histories(),
    moves=st.lists(MOVES, min_size=5, max_size=25),
    cuts=st.lists(st.integers(1, 300), max_size=20),
)
async def test_however_a_generation_came_to_serve_its_rows_are_those_of_a_rebuild(
    text: Projection,
    history: History,
    moves: list[Move],
    cuts: list[int],
    log: Log,
    database: Database,
    projected: Project,
) -> None:
    await projected()
    await engine.rebuild(database, text)
    await happen(log, history)
    candidate = await scratch(database, text)
    for word, size in moves:
        await move(database, text.name, candidate, word, size)

    await desk_is_cleared(database, text.name)
    await projected()
    kept = [row for row in await engine.generations(database) if row["digest"] == text.digest]
    anew = await scratch(database, text)
    head = await database.fetchval("SELECT position FROM log.head")
    await build(database, anew, [max(1, head - 300) + cut for cut in cuts])
    wanted = await rows(database, anew)
    for row in kept:
        await engine.build(database, text.name, row["schema"])
        assert await rows(database, row["schema"]) == wanted, (row["role"], moves)
    for schema in (anew, candidate):
        await forget(database, schema)


async def move(database: Database, name: str, candidate: str, word: str, size: int) -> None:
    """Make one move; one that cannot be made now is not made."""
    with suppress(desk.NoPrevious, desk.NothingToPause, desk.NothingToResume, engine.Stopped):
        match word:
            case "advance":
                await advance(database, Tail(database), step=size)
            case "build":
                await step(database, candidate, size)
            case "join":
                await engine.join(database, candidate)
            case "swap":
                await engine.swap(database, [candidate], ACT)
            case "roll back":
                await desk.roll_back(database, name, ACT)
            case "pause":
                await desk.pause(database, name, ACT)
            case _:
                await desk.resume(database, name, ACT)


async def desk_is_cleared(database: Database, name: str) -> None:
    """Let what is still paused go on."""
    with suppress(desk.NothingToResume):
        await desk.resume(database, name, ACT)


async def forget(database: Database, schema: str) -> None:
    """Drop a generation unless it serves."""
    await database.execute(
        "SELECT ops.drop_generation(g.schema) FROM ops.generations AS g"
        " WHERE g.schema = $1 AND g.role <> 'serving'",
        schema,
    )
