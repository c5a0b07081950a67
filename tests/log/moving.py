"""A process that exports or imports in small pages, and is killed while it does so many of them.

``python -m tests.log.moving export|import URL FILE PAGES``: with 0 pages it lives to the end.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from service.database import Database
from service.log import export, restore

LINES = 10
MOMENT = 0.001
"""Seconds until the kill, so that a call is under way, of which nobody learns how it ends."""


class Mortal:
    """Told of each page; begins to die at the last one it is to see."""

    def __init__(self, pages: int) -> None:
        self._left = pages

    def __call__(self, _done: int, _of: int) -> None:
        self._left -= 1
        if self._left == 0:
            kill = asyncio.get_running_loop().call_later
            kill(MOMENT, os.kill, os.getpid(), signal.SIGKILL)


def silent(_done: int, _of: int) -> None:
    pass


async def main(what: str, url: str, path: Path, pages: int) -> None:
    export.LINES = restore.LINES = LINES  # type: ignore[misc]
    database = Database(url)
    await database.open()
    if what == "export":
        await export.export(database, path, Mortal(pages))
    else:
        await restore.restore(database, path, silent, Mortal(pages), silent)
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4])))
