"""A process that projects: ``python -m tests.invariants.projecting URL``, a line per position."""

import asyncio
import sys

from service.database import Database
from service.log.listen import listen
from service.process import lasting
from service.projection import projector
from service.projection.tail import Tail


class Telling(Tail):
    """Writes each position that it is told of."""

    def note(self, position: int) -> None:
        if position > self.position:
            sys.stdout.write(f"{position}\n")
            sys.stdout.flush()
        super().note(position)


async def main(url: str) -> None:
    """Project for ever."""
    database, wake = Database(url), asyncio.Event()
    await database.open()
    tail = Telling(database)
    async with asyncio.TaskGroup() as group:
        group.create_task(listen(database, {"daybook_log": lambda _: wake.set()}))
        group.create_task(lasting("projector", lambda: projector.run(database, tail, wake)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
