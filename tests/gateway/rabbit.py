"""A real RabbitMQ with names of the test's own, and what an outsider does with it."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit
from uuid import uuid4

import aio_pika
import msgspec
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage

from service.gateway.topology import TOPOLOGY, Topology
from service.settings import Secret

URL: Final = os.environ.get("TEST_AMQP_URL", "amqp://guest:guest@127.0.0.1:5672/")
MISSING: Final = "there is no RabbitMQ at TEST_AMQP_URL, nor on this machine"
PATIENCE: Final = 60.0


def there() -> bool:
    """Tell whether a RabbitMQ listens."""
    parts = urlsplit(URL)
    try:
        with socket.create_connection((parts.hostname or "", parts.port or 5672), 1):
            return True
    except OSError:
        return False


def own() -> Topology:
    """Return names that nobody else has."""
    return prefixed(f"test-{uuid4().hex[:12]}-")


def prefixed(prefix: str) -> Topology:
    """Return the names of exchanges and queues with `prefix` before each."""
    named = {name: getattr(TOPOLOGY, name) for name in TOPOLOGY.__struct_fields__}
    return Topology(
        **{n: value if n.endswith("_key") else prefix + value for n, value in named.items()}
    )


class Where(NamedTuple):
    """A server, and the names of exchanges and queues in it."""

    url: Secret
    topology: Topology


class Rabbit:
    """An outsider: asks for courses, hears what becomes of them, and looks at what is left."""

    def __init__(
        self,
        connection: AbstractConnection,
        channel: AbstractChannel,
        topology: Topology,
        url: str,
    ) -> None:
        self.topology = topology
        self.url = Secret(url)
        self._connection = connection
        self._channel = channel
        self._heard: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()

    async def ask(self, body: Any, *, message_id: str | None = None, **headers: Any) -> None:
        """Send a request: a struct as JSON, or bytes as they are."""
        raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
        message = aio_pika.Message(raw, message_id=message_id, headers=headers)
        exchange = await self._channel.get_exchange(self.topology.exchange, ensure=False)
        await exchange.publish(message, self.topology.request_key)

    async def listen(self) -> None:
        """Hear the statuses from now on; those that are in the queue already come first."""
        queue = await self._channel.get_queue(self.topology.statuses, ensure=False)

        async def heard(message: AbstractIncomingMessage) -> None:
            self._heard.put_nowait(message)
            await message.ack()

        await queue.consume(heard)

    async def heard(self, number: int = 1) -> list[dict[str, Any]]:
        """Return the next statuses."""
        return [self.read(message) for message in await self.messages(number)]

    def read(self, message: AbstractIncomingMessage) -> dict[str, Any]:
        """Return the status in a message."""
        found: dict[str, Any] = msgspec.json.decode(message.body)
        return found

    async def messages(self, number: int = 1) -> list[AbstractIncomingMessage]:
        """Return the next status messages."""
        async with asyncio.timeout(PATIENCE):
            return [await self._heard.get() for _ in range(number)]

    def nothing_heard(self) -> bool:
        """Tell whether no status is left that was not asked for."""
        return self._heard.empty()

    async def declared(self) -> None:
        """Wait until the consumer is there, which makes all exchanges and queues before."""
        async with asyncio.timeout(PATIENCE):
            while await self.consumers(self.topology.requests) != 1:  # noqa: ASYNC110 - no event of ours
                await asyncio.sleep(0.02)

    async def consumers(self, queue: str) -> int | None:
        """Return how many consume a queue; None where there is no such queue."""
        declared = await self._passive(queue)
        return None if declared is None else declared.consumer_count

    async def left(self, queue: str) -> int:
        """Return how many messages of a queue are ready."""
        declared = await self._passive(queue)
        return -1 if declared is None else int(declared.message_count or 0)

    async def waiting(self, number: int) -> None:
        """Wait until so many requests wait in the queue, delivered to nobody."""
        async with asyncio.timeout(PATIENCE):
            while await self.left(self.topology.requests) != number:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def _passive(self, queue: str) -> Any:
        channel = await self._connection.channel()
        try:
            found = await channel.declare_queue(queue, passive=True)
        except aio_pika.exceptions.ChannelNotFoundEntity:
            return None
        await channel.close()
        return found.declaration_result

    async def dead(self, number: int = 1) -> list[AbstractIncomingMessage]:
        """Return so many dead letters."""
        queue = await self._channel.get_queue(self.topology.dead, ensure=False)
        found: list[AbstractIncomingMessage] = []
        async with asyncio.timeout(PATIENCE):
            while len(found) < number:
                message = await queue.get(fail=False)
                if message is None:
                    await asyncio.sleep(0.02)
                else:
                    await message.ack()
                    found.append(message)
        return found


@asynccontextmanager
async def rabbit(
    url: str = URL, topology: Topology | None = None, *, sweep: bool = True
) -> AsyncIterator[Rabbit]:
    """Yield an outsider; unless told otherwise, all that has its names is deleted afterwards."""
    names = topology or own()
    connection = await aio_pika.connect(url)
    try:
        channel = await connection.channel()
        yield Rabbit(connection, channel, names, url)
    finally:
        await connection.close()
        if sweep:
            await swept(url, names)


async def swept(url: str, names: Topology) -> None:
    """Delete what has these names."""
    connection = await aio_pika.connect(url)
    channel = await connection.channel()
    for queue in names.queues:
        await channel.queue_delete(queue.name)
    for exchange in (names.exchange, names.dead_exchange):
        await channel.exchange_delete(exchange)
    await connection.close()
