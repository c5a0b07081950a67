"""A process that rebuilds, swaps, and does not live long: ``building.py URL NAME STEP LINES``.

It tells of each step once that is done: ``installed``, ``at POSITION`` …, ``joined``, ``swapped``,
and kills itself as soon as it has told so many.
"""

import asyncio
import os
import signal
import sys

from service.database import Database
from service.projection import engine
from tests.invariants.recorder import BY_NAME


class Mortal:
    """Tells lines, and does not outlive the last."""

    def __init__(self, lines: int) -> None:
        self._left = lines

    def tell(self, line: str) -> None:
        """Write a line at once."""
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


async def main(url: str, name: str, step: int, lines: int) -> None:
    """Do what `engine.rebuild` does, in steps of so many events."""
    database, current, mortal = Database(url), BY_NAME[name], Mortal(lines)
    await database.open()
    rows = await engine.generations(database)
    begun = [row["schema"] for row in rows if row["role"] == "candidate"]
    schema = str(begun[0]) if begun else engine.free(current.schema, rows)
    await engine.install(database, current, schema)
    mortal.tell("installed")
    await engine.build(database, name, schema, lambda _, at, __: mortal.tell(f"at {at}"), step)
    await engine.join(database, schema)
    mortal.tell("joined")
    await engine.swap(database, [schema])
    mortal.tell("swapped")
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
