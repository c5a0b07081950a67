"""A process that keeps the course folder until it is killed: ``mortal_files.py URL FOLDER``."""

import asyncio
import sys
from functools import partial
from pathlib import Path

from service.database import Database
from service.gateway.files import TYPES, keep
from service.gateway.subscriber import Subscriber, run
from service.projection.tail import Tail


async def main(url: str, folder: str) -> None:
    database = Database(url)
    await database.open()
    subscriber = Subscriber("files", TYPES, partial(keep, database, Path(folder)))
    sys.stdout.write("at work\n")
    sys.stdout.flush()
    await run(database, Tail(database), subscriber)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
