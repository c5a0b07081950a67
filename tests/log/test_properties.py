"""Whatever callers ask for at once, the log stays one order in which each commit stands once."""

import asyncio
import random
import time
from collections import defaultdict
from contextlib import AsyncExitStack
from uuid import UUID, uuid4

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec import Struct

from service.database import Database
from service.log.append import GroupAppender
from service.log.commit import Commit, Conflict, KeyReused, Receipt
from tests.log.batches import commit, write
from tests.log.checks import assert_whole


class Ask(Struct, frozen=True):
    """One thing a client does: write some streams, on time or late, anew or again."""

    streams: frozenset[int]
    events: int
    behind: int
    habit: str


class Done(Struct, frozen=True):
    """What came of a commit, and between which moments."""

    commit: Commit
    answer: Receipt | Conflict | KeyReused
    asked_at: float
    answered_at: float

    @property
    def stored(self) -> Receipt | None:
        """The receipt of a commit that was stored for this very asking."""
        return self.answer if isinstance(self.answer, Receipt) else None

    @property
    def first(self) -> bool:
        """Tell whether this asking, not an earlier one of the same commit, was stored."""
        return self.stored is not None and not self.stored.duplicate


ASKS = st.builds(
    Ask,
    streams=st.frozensets(st.integers(0, 4), min_size=1, max_size=3),
    events=st.integers(1, 3),
    behind=st.sampled_from([0, 0, 0, 0, 1, -1]),
    habit=st.sampled_from(["anew", "anew", "anew", "again", "twice at once", "key of another"]),
)
CLIENTS = st.lists(st.lists(ASKS, min_size=1, max_size=8), min_size=2, max_size=12)


class World:
    """Clients that see what each other has achieved, and write it all down."""

    def __init__(self, appenders: list[GroupAppender]) -> None:
        self.appenders = appenders
        self.streams = [uuid4() for _ in range(5)]
        self.known: dict[UUID, int] = defaultdict(int)
        self.done: list[Done] = []

    async def client(self, asks: list[Ask]) -> None:
        mine: list[Commit] = []
        for ask in asks:
            fresh = self._commit(ask)
            if ask.habit == "again" and mine:
                await self._append(mine[-1])
            elif ask.habit == "key of another" and mine:
                await self._append(commit(*fresh.writes, key=mine[-1].key, fingerprint=b"other"))
            elif ask.habit == "twice at once":
                await asyncio.gather(self._append(fresh), self._append(fresh))
            else:
                await self._append(fresh)
            mine.append(fresh)

    def _commit(self, ask: Ask) -> Commit:
        streams = [self.streams[n] for n in sorted(ask.streams)]
        random.shuffle(streams)
        return commit(*(write(s, max(0, self.known[s] - ask.behind), ask.events) for s in streams))

    async def _append(self, asked: Commit) -> None:
        asked_at = time.monotonic()
        answer: Receipt | Conflict | KeyReused
        try:
            answer = await random.choice(self.appenders).append(asked)
        except (Conflict, KeyReused) as refusal:
            answer = refusal
        self.done.append(Done(asked, answer, asked_at, time.monotonic()))
        if isinstance(answer, Receipt):
            for stream, version in answer.versions:
                self.known[stream] = max(self.known[stream], version)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(clients=CLIENTS)
async def test_any_mix_of_commits_leaves_one_order_without_a_hole(
    clients: list[list[Ask]], database: Database
) -> None:
    async with AsyncExitStack() as stack:
        appenders = [
            GroupAppender(database.connect, batch=3),
            GroupAppender(database.connect, batch=64),
        ]
        for appender in appenders:
            stack.push_async_callback(appender.close)
        world = World(appenders)
        await asyncio.gather(*(world.client(asks) for asks in clients))
        replayed = [await world.appenders[0].append(d.commit) for d in world.done if d.stored]

    await assert_each_stands_once(world, database)
    assert_linearizable(world)
    receipts = [d.stored for d in world.done if d.stored]
    assert [(r.position, r.versions) for r in replayed] == [
        (r.position, r.versions) for r in receipts
    ]


async def assert_each_stands_once(world: World, database: Database) -> None:
    """Check the whole log, that what was acknowledged is there once, and nothing else is."""
    events = await assert_whole(database)
    mine = [event for event in events if event["stream_id"] in set(world.streams)]
    stands = {event["position"]: (event["stream_id"], event["version"]) for event in mine}
    taken: dict[UUID, dict[int, tuple[UUID, int]]] = {}
    for done in world.done:
        if done.stored:
            taken[done.commit.key] = places(done.commit, done.stored.position)

    assert {at: it for each in taken.values() for at, it in each.items()} == stands
    assert sum(len(each) for each in taken.values()) == len(stands)


def places(asked: Commit, last: int) -> dict[int, tuple[UUID, int]]:
    """Return where each event of a commit must stand, given the position of its last."""
    events = [
        (write.stream_id, write.expected_version + n)
        for write in asked.writes
        for n in range(1, len(write.events) + 1)
    ]
    return dict(enumerate(events, last - len(events) + 1))


def assert_linearizable(world: World) -> None:
    """Check each stream against real time: what ended before something began stands before it.

    A commit that was refused saw a version that the stream really had while it was asked for.
    """
    for stream in world.streams:
        grown = [(d, dict(d.stored.versions)[stream]) for d in world.done
                 if d.stored and stream in dict(d.stored.versions)]  # fmt: skip
        for before, low in grown:
            for after, high in grown:
                if before.answered_at < after.asked_at and after.first:
                    assert low < high
    for refused in world.done:
        if isinstance(refused.answer, Conflict):
            assert_seen(world, refused, int(refused.answer.facts["current_version"]))


def assert_seen(world: World, refused: Done, current: int) -> None:
    """Check that some stream of the refused commit stood at `current` when it was asked."""
    possible = False
    for write_ in refused.commit.writes:
        grown = [(d, dict(d.stored.versions).get(write_.stream_id, 0)) for d in world.done
                 if d.stored]  # fmt: skip
        floor = max((v for d, v in grown if d.answered_at < refused.asked_at), default=0)
        ceiling = max((v for d, v in grown if d.asked_at < refused.answered_at), default=0)
        possible |= floor <= current <= ceiling and current != write_.expected_version

    assert possible
