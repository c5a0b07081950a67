"""A gateway that can be killed: ``python -m tests.gateway.mortal DATABASE_URL HOME PREFIX``."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from uuid_utils.compat import uuid7

from service.database import Database
from service.gateway import subscriber
from service.gateway.consumer import Consumer
from service.gateway.status import Statuses
from service.http.call import Resources
from service.http.follow import Follow
from service.http.keyring import KeyRing
from service.http.sse import Streams
from service.http.standing import Standing
from service.http.state import State
from service.limit import Limits
from service.log.append import GroupAppender
from service.log.handle import Log
from service.projection.tail import Tail
from service.settings import Secret, Settings
from tests.gateway.rabbit import URL, prefixed


async def main(url: str, home: str, prefix: str) -> None:
    database = Database(url)
    await database.open()
    log, tail, limits = Log(database, GroupAppender(database.connect)), Tail(database), Limits()
    secret, topology = Secret("a key for tests that opens nothing"), prefixed(prefix)
    of = Resources(
        settings=Settings(
            home=Path(home), secret_key=secret, amqp_url=Secret(URL), amqp_tenant="school"
        ),
        database=database,
        log=log,
        tail=tail,
        follow=Follow(tail),
        streams=Streams(),
        state=State(),
        now=lambda: datetime.now(UTC),
        new_id=uuid7,
        keys=KeyRing.of(secret),
        standing=Standing(log, database, limits, lambda: datetime.now(UTC)),
        limits=limits,
    )
    telling = subscriber.run(
        database, tail, Statuses(of, Secret(URL), topology).subscriber, lambda: 0.05
    )
    print("begun", flush=True)  # noqa: T201 - what the test waits for
    await asyncio.gather(Consumer(of, Secret(URL), topology).run(), telling)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
