"""A process that appends to the log of the URL it is given, and says what was acknowledged.

``python -m tests.log.load URL NAME STREAMS EVENTS``: streams and keys follow from NAME, so that a
second run of the same name asks for the very same commits. Each line is ``key position``.
"""

import asyncio
import sys

from service.database import Database
from service.log.append import GroupAppender
from service.log.commit import Commit, Receipt
from tests.log.batches import commit, named, write


def asked(name: str, stream: int, version: int) -> Commit:
    """Return the commit that brings a stream from `version` to the next but one."""
    streams = named(f"{name}/{stream}")
    return commit(write(streams, version, 2), key=named(f"{name}/{stream}/{version}"))


async def grow(appender: GroupAppender, name: str, stream: int, events: int) -> None:
    """Append a stream's commits one after another, saying each that is acknowledged."""
    for version in range(0, events, 2):
        each = asked(name, stream, version)
        receipt: Receipt = await appender.append(each, timeout=60)
        sys.stdout.write(f"{each.key} {receipt.position}\n")
        sys.stdout.flush()


async def main(url: str, name: str, streams: int, events: int) -> None:
    """Grow all streams at once."""
    appender = GroupAppender(Database(url).connect)
    async with asyncio.TaskGroup() as group:
        for stream in range(streams):
            group.create_task(grow(appender, name, stream, events))
    await appender.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
