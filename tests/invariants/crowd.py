"""A crowd that appends: through two appenders, to streams it shares, in commits over several."""

import asyncio
import random
from collections.abc import Sequence
from uuid import UUID, uuid4

from service.log.append import GroupAppender
from service.log.commit import Conflict, StreamWrite
from tests.invariants.recorder import POISON
from tests.log.batches import commit, write

TYPES = ("thing.done", "thing.done", "thing.moved", "thing.rare")


class Crowd:
    """Writers who race for a few streams; what they know of a version may be out of date."""

    def __init__(self, appenders: Sequence[GroupAppender], seed: int, streams: int = 12) -> None:
        self._appenders = appenders
        self._random = random.Random(seed)
        self._versions: dict[UUID, int] = {uuid4(): 0 for _ in range(streams)}
        self.stored = 0
        self.refused = 0

    async def write(self, writers: int, commits: int) -> None:
        """Let so many writers try so many commits each."""
        await asyncio.gather(*(self._writer(commits) for _ in range(writers)))

    async def write_until(self, over: asyncio.Event, writers: int) -> None:
        """Let so many writers go on until it is over; poison a stream at the start and the end."""
        await self.poison()
        while not over.is_set():
            await self.write(writers, 10)
        await self.poison()

    async def poison(self) -> None:
        """Append a new stream whose second event no sick fold can take, and two after it."""
        events = (commit(write(stream := uuid4(), 0)), commit(write(stream, 1, data=POISON)))
        for each in (*events, commit(write(stream, 2, 2))):
            await self._appenders[0].append(each)
            self.stored += 1

    async def _writer(self, commits: int) -> None:
        for _ in range(commits):
            streams = self._random.sample(list(self._versions), self._random.choice((1, 1, 2, 3)))
            writes = [self._write(stream) for stream in streams]
            appender = self._random.choice(self._appenders)
            try:
                receipt = await appender.append(commit(*writes), timeout=60)
            except Conflict:
                self.refused += 1
            else:
                self.stored += 1
                for stream, version in receipt.versions:
                    self._versions[stream] = max(self._versions[stream], version)

    def _write(self, stream: UUID) -> StreamWrite:
        kind = self._random.choice(TYPES)
        return write(stream, self._versions[stream], self._random.choice((1, 2, 5)), type=kind)
