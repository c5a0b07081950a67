"""A flood of requests through RabbitMQ: ``python -m bench.flood [REQUESTS]``.

Starts the service on a database of its own, publishes the requests, among them some that are there
twice and some that are malformed, and looks at what became of each. The RabbitMQ is that of
TEST_AMQP_URL, else of this machine; its queues must be empty, and are deleted afterwards.
"""

import asyncio
import json
import os
import random
import re
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import aio_pika
import asyncpg
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage

from service.gateway.topology import TOPOLOGY

ROOT: Final = Path(__file__).parent.parent
URL: Final = os.environ.get("TEST_AMQP_URL", "amqp://guest:guest@127.0.0.1:5672/")
SOURCE: Final = ROOT / "docs" / "samples" / "photosynthesis.md"
SEED: Final = 5
LONGEST: Final = 3_600.0
"""Seconds after which what is not told of will not be."""


class Heard:
    """The statuses that came: of each request in their order, and those that came twice."""

    def __init__(self) -> None:
        self.words: dict[str, list[str]] = defaultdict(list)
        self.ids: Counter[str] = Counter()
        self.count = 0

    async def take(self, message: AbstractIncomingMessage) -> None:
        """Note a status."""
        status = json.loads(message.body)
        self.words[status["request_id"]].append(status["status"])
        self.ids[message.message_id or ""] += 1
        self.count += 1

    def over(self) -> int:
        """Return how many requests have come to an end."""
        return sum(words[-1] != "processing" for words in self.words.values())


async def flood(requests: int) -> bool:
    """Do all of it; tell whether everything was as it should be."""
    bodies = messages(requests)
    connection = await aio_pika.connect(URL)
    channel = await connection.channel()
    with tempfile.TemporaryDirectory(prefix="daybook-flood-") as home:
        async with serving(Path(home)) as (process, url):
            heard, memory = Heard(), Memory(process)
            queue = await channel.get_queue(TOPOLOGY.statuses)
            await queue.consume(heard.take, no_ack=True)
            watching = asyncio.create_task(memory.watch())
            begun = time.perf_counter()
            await publish(channel, bodies)
            published = time.perf_counter() - begun
            database = await asyncpg.connect(url)
            while await stored(database) < requests:  # noqa: ASYNC110 - rows are no events
                await asyncio.sleep(0.05)
            taken = time.perf_counter() - begun
            malformed = len([body for body in bodies if b"malformed" in body])
            async with asyncio.timeout(LONGEST):
                while heard.over() < requests + malformed:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
            done = time.perf_counter() - begun
            watching.cancel()
            courses = await stored(database)
            await database.close()
        dead = await channel.declare_queue(TOPOLOGY.dead, passive=True)
        left = await channel.declare_queue(TOPOLOGY.requests, passive=True)
        words = Counter(
            tuple(said) for name, said in heard.words.items() if not name.startswith("malformed")
        )
        print(f"published {len(bodies):,} messages in {published:.1f} s, confirmed")
        print(f"{requests:,} requests stored after {taken:.1f} s: {requests / taken:,.0f} a second")
        print(f"all told of to their end after {done:.1f} s: {requests / done:,.0f} a second")
        print(f"courses {courses:,}; statuses {heard.count:,}, twice: {repeated(heard)}")
        print(f"what was told of a request: {dict(words)}")
        print(
            f"dead letters {dead.declaration_result.message_count} of {malformed} malformed;",
            end="",
        )
        print(f" left in the queue: {left.declaration_result.message_count}")
        print(f"memory in MB, before, at its most, afterwards: {memory.told()}")
        good = (
            courses == requests
            and set(words) <= {("processing", "success")}
            and sum(words.values()) == requests
            and dead.declaration_result.message_count == malformed
            and not repeated(heard)
            and not left.declaration_result.message_count
        )
    await swept(channel)
    await connection.close()
    return good


def messages(requests: int) -> list[bytes]:
    """Return the requests, every twentieth of them twice, and as many malformed ones, shuffled."""
    dice = random.Random(SEED)
    bodies = [
        json.dumps(
            {"request_id": f"r-{n}", "user_id": f"u-{n % 97}", "topic": "Photosynthesis",
             "num_lessons": 1}
        ).encode()
        for n in range(requests)
    ]  # fmt: skip
    again = dice.sample(bodies, requests // 20)
    broken = [
        json.dumps({"request_id": f"malformed-{n}", "topic": "Light"}).encode()
        for n in range(requests // 20)
    ]
    bodies += again + broken
    dice.shuffle(bodies)
    return bodies


async def publish(channel: AbstractChannel, bodies: list[bytes]) -> None:
    """Publish all, five hundred at once, each confirmed."""
    exchange = await channel.get_exchange(TOPOLOGY.exchange, ensure=False)
    for start in range(0, len(bodies), 500):
        await asyncio.gather(
            *(
                exchange.publish(
                    aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT),
                    TOPOLOGY.request_key,
                )
                for body in bodies[start : start + 500]
            )
        )


@asynccontextmanager
async def serving(home: Path) -> AsyncIterator[tuple[int, str]]:
    """Yield the id of the process that takes the requests, and the URL of its database.

    It has a source to make courses of, and another process beside it makes them.
    """
    environ = os.environ | {"DAYBOOK_HOME": str(home), "AMQP_URL": URL, "LOG_LEVEL": "warning"}
    environ.pop("DATABASE_URL", None)
    url = (await said("db", "url", environ=environ)).strip()
    environ["DATABASE_URL"] = url
    process = await started("api,projector,gateway", environ)
    worker = await started("worker", environ)
    try:
        while not await ready():  # noqa: ASYNC110 - a queue is no event
            await asyncio.sleep(0.1)
        await said("ingest", str(SOURCE), environ=environ)
        yield process.pid, url
    finally:
        for each in (process, worker):
            each.terminate()
            await each.wait()
        del environ["DATABASE_URL"]
        await said("db", "stop", environ=environ)


async def started(roles: str, environ: dict[str, str]) -> asyncio.subprocess.Process:
    """Return a process of the service, which need not be ready yet."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "run.py", "serve", "--port", "0", "--roles", roles,
        cwd=ROOT, env=environ, stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip


async def said(*command: str, environ: dict[str, str]) -> str:
    """Return what a command prints."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "run.py", *command,
        cwd=ROOT, env=environ, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    text, _ = await process.communicate()
    return text.decode()


async def ready() -> bool:
    """Tell whether somebody takes requests."""
    connection = await aio_pika.connect(URL)
    channel = await connection.channel()
    try:
        queue = await channel.declare_queue(TOPOLOGY.requests, passive=True)
    except aio_pika.exceptions.ChannelClosed:
        return False
    else:
        return bool(queue.declaration_result.consumer_count)
    finally:
        await connection.close()


async def stored(database: Any) -> int:
    """Return how many courses were asked for."""
    return int(
        await database.fetchval("SELECT count(*) FROM log.events WHERE type = 'course.requested'")
    )


class Memory:
    """What a process has in memory, in megabytes, looked at every half a second."""

    def __init__(self, process: int) -> None:
        self._path = Path(f"/proc/{process}/status")
        self.figures: list[float] = [self.now()]

    def now(self) -> float:
        """Return the resident set."""
        found = re.search(r"VmRSS:\s+(\d+)", self._path.read_text())
        return int(found[1]) / 1024 if found else 0.0

    async def watch(self) -> None:
        """Look, again and again."""
        while True:
            self.figures.append(self.now())
            await asyncio.sleep(0.5)

    def told(self) -> str:
        """Return the first, the highest and the last figure, and ten in between."""
        step = max(1, len(self.figures) // 10)
        course = ", ".join(f"{figure:.0f}" for figure in self.figures[::step])
        return f"{self.figures[0]:.0f}, {max(self.figures):.0f}, {self.figures[-1]:.0f} ({course})"


def repeated(heard: Heard) -> int:
    """Return how many statuses came more than once."""
    return sum(count - 1 for count in heard.ids.values())


async def swept(channel: AbstractChannel) -> None:
    """Delete the queues."""
    for queue in TOPOLOGY.queues:
        await channel.queue_delete(queue.name)


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    sys.exit(0 if asyncio.run(flood(wanted)) else 1)
