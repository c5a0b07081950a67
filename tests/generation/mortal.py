"""A worker process that kills itself: `mortal.py URL APPENDS answered|unanswered`.

After so many appends of its own it sends itself SIGKILL, either once the last is acknowledged, or
as soon as it is sent. It ends by itself when the queue is empty.
"""

import asyncio
import os
import signal
import sys
from typing import Any

from service.database import Database
from service.generation.generator import Generator
from service.generation.offline.offline import Offline
from service.generation.recipe import Tools
from service.generation.recipes import RECIPES
from service.generation.worker import Worker
from service.log.append import GroupAppender
from service.log.commit import Commit, Receipt
from service.log.handle import Log
from tests.waiting import until

LEASE_SECONDS = 0.5


class Mortal(GroupAppender):
    """An appender that does not outlive its last append."""

    def __init__(self, connect: Any, appends: int, moment: str) -> None:
        super().__init__(connect)
        self._left = appends
        self._moment = moment

    async def append(self, commit: Commit, timeout: float = 10.0) -> Receipt:
        self._left -= 1
        if self._left == 0 and self._moment == "unanswered":
            sent = asyncio.ensure_future(super().append(commit, timeout))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            os.kill(os.getpid(), signal.SIGKILL)
            return await sent
        sent = asyncio.ensure_future(super().append(commit, timeout))
        if self._left == 0:  # the queue may be seen to be empty before this hears of it
            sent.add_done_callback(lambda _: os.kill(os.getpid(), signal.SIGKILL))
        return await asyncio.shield(sent)


async def main(url: str, appends: int, moment: str, generator: Generator) -> None:
    database = Database(url)
    await database.open()
    await work(database, Mortal(database.connect, appends, moment), generator)


async def work(database: Database, appender: GroupAppender, generator: Generator) -> None:
    """Do what is queued, until nothing is."""
    tools = Tools(database, generator)
    worker = Worker(
        "mortal",
        Log(database, appender),
        tools,
        RECIPES,
        asyncio.Event(),
        lease_seconds=LEASE_SECONDS,
        longest_pause=lambda: 0.1,
    )

    async def done() -> bool:
        return not await database.fetchval("SELECT count(*) FROM job.queue")

    working = asyncio.create_task(worker.run())
    await until(database, done, 120)
    working.cancel()
    await asyncio.wait({working})


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3], Offline()))
