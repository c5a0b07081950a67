"""RabbitMQ, spoken to through aio-pika: a connection with one channel, made anew when it is lost.

Learnt from aio-pika 10.2 and aiormq 7.1: a robust connection comes back by itself, but what was not
confirmed is lost to it, so the caller must begin again anyway; here there is this one way. Closing
a channel throws into the tasks of its consumers, so what comes is only put aside in them. Where the
connection's writer has died, even an acknowledgement waits for ever, so nothing is done without a
deadline. With heartbeats of 60 s, which are the default, a dead server is noticed after 183 s.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from msgspec import Struct

from service.gateway.topology import Queue, Topology
from service.masking import masked
from service.settings import Secret

if TYPE_CHECKING:
    from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage

CONNECT_SECONDS: Final = 10.0
SETUP_SECONDS: Final = 30.0
"""How long it may take until all exchanges and queues are there."""
CALL_SECONDS: Final = 15.0
"""How long the server may take to answer, or to confirm a message."""
CLOSE_SECONDS: Final = 3.0
HEARTBEAT: Final = 10
"""Seconds between two signs of life; after some thirty of silence a server is given up."""
MISSING: Final = "The package aio-pika is not installed: run “make extras”, or unset AMQP_URL."


class NotInstalled(ImportError):  # noqa: N818 - it is told to people
    """The extra `amqp` is not installed."""


class BrokerAway(Exception):  # noqa: N818 - it is told to people
    """RabbitMQ cannot be used just now; what was not confirmed is to be published again."""


class Delivery(Struct, frozen=True):
    """A message that came and is not acknowledged yet; `tag` is its number on the channel."""

    tag: int
    body: bytes
    message_id: str | None = None
    headers: Mapping[str, Any] = {}


class Broker:
    """A server that is connected, and has all exchanges and queues."""

    def __init__(self, channel: "AbstractChannel", topology: Topology) -> None:
        """Speak over `channel`, which confirms what is published."""
        self.topology = topology
        self.lost = asyncio.Event()
        """Set once this connection is no good any more."""
        self._channel = channel

    async def publish(
        self,
        exchange: str,
        key: str,
        body: bytes,
        *,
        message_id: str,
        correlation_id: str | None = None,
        headers: Mapping[str, Any] | None = None,
    ) -> None:
        """Publish a message that outlives the server, and wait until the server has it.

        Raises `BrokerAway`; the server may have it all the same.
        """
        from aio_pika import DeliveryMode, Message  # noqa: PLC0415 - an extra

        message = Message(
            body,
            headers=dict(headers or {}),
            content_type="application/json",
            delivery_mode=DeliveryMode.PERSISTENT,
            message_id=message_id,
            correlation_id=correlation_id,
            app_id="daybook",
        )
        async with self._speaking():
            target = await self._channel.get_exchange(exchange, ensure=False)
            await target.publish(message, key, mandatory=True)

    async def consume(self, queue: str, prefetch: int, take: Callable[[Delivery], None]) -> str:
        """Let what comes be taken, `prefetch` at most that are not acknowledged.

        Returns what `cancel` wants. Raises `BrokerAway`.
        """

        async def came(message: "AbstractIncomingMessage") -> None:
            tag = message.delivery_tag or 0
            take(Delivery(tag, message.body, message.message_id, message.headers))

        async with self._speaking():
            await self._channel.set_qos(prefetch_count=prefetch)
            found = await self._channel.get_queue(queue, ensure=False)
            return str(await found.consume(came))

    async def listen(self, take: Callable[[Delivery], None]) -> None:
        """Let a copy of each status be taken from now on, beside whoever else hears them.

        Raises `BrokerAway`.
        """

        async def came(message: "AbstractIncomingMessage") -> None:
            take(Delivery(0, message.body, message.message_id, message.headers))

        async with self._speaking():
            queue = await self._channel.declare_queue(exclusive=True)
            to = self.topology
            await queue.bind(to.exchange, to.status_key)
            await queue.consume(came, no_ack=True)

    async def cancel(self, queue: str, tag: str) -> None:
        """Let nothing more come; what has come can still be acknowledged. Raises `BrokerAway`."""
        async with self._speaking():
            found = await self._channel.get_queue(queue, ensure=False)
            await found.cancel(tag)

    async def ack(self, delivery: Delivery) -> None:
        """Tell the server that a message is done with. Raises `BrokerAway`."""
        async with self._speaking():
            underlay = await self._channel.get_underlay_channel()
            await underlay.basic_ack(delivery.tag, wait=False)

    @asynccontextmanager
    async def _speaking(self) -> AsyncIterator[None]:
        """Give up what takes too long; whatever goes wrong, the connection is no good any more."""
        with speaking():
            try:
                async with asyncio.timeout(CALL_SECONDS):
                    yield
            except BaseException:
                self.lost.set()
                raise


@asynccontextmanager
async def connected(url: Secret, topology: Topology, name: str) -> AsyncIterator[Broker]:
    """Yield a broker; the server shows `name` beside the connection. Raises as `speaking`."""
    with speaking(url):
        async with asyncio.timeout(CONNECT_SECONDS):
            connection = await _connection(url.reveal(), name)
    try:
        with speaking(url):
            async with asyncio.timeout(SETUP_SECONDS):
                await _declare(connection, topology)
                channel = await connection.channel(on_return_raises=True)
            broker = Broker(channel, topology)
            for end in (channel, connection):
                end.close_callbacks.add(lambda *_: broker.lost.set())
            underlay = await channel.get_underlay_channel()
            underlay.on_consumer_cancel_callbacks.add(lambda _: broker.lost.set())
        yield broker
    finally:
        with speaking(url, quietly=True):
            async with asyncio.timeout(CLOSE_SECONDS):
                await connection.close()


class Publisher:
    """A broker to publish to, connected when it is first wanted, and anew after a loss."""

    def __init__(self, url: Secret, topology: Topology, name: str) -> None:
        """Connect to the server at `url`, later."""
        self._connect = partial(connected, url, topology, name)
        self._stack = AsyncExitStack()
        self._broker: Broker | None = None

    async def broker(self) -> Broker:
        """Return a server that is connected. Raises `BrokerAway`; one caller at a time."""
        if self._broker is None or self._broker.lost.is_set():
            await self.close()
            self._broker = await self._stack.enter_async_context(self._connect())
        return self._broker

    async def close(self) -> None:
        """Close the connection, if there is one."""
        self._broker = None
        await self._stack.aclose()


def check() -> None:
    """Raise NotInstalled where there is no aio-pika."""
    with speaking():
        pass


@contextmanager
def speaking(url: Secret | None = None, *, quietly: bool = False) -> Iterator[None]:
    """Raise `BrokerAway` for whatever goes wrong between us and the server; nothing if `quietly`.

    Raises NotInstalled where there is no aio-pika.
    """
    try:
        from aio_pika.exceptions import CONNECTION_EXCEPTIONS  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise NotInstalled(MISSING) from error
    try:
        yield
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        if not quietly:  # it is how aiormq tells that the channel was closed
            raise BrokerAway(_said(error, url)) from error
    except (*CONNECTION_EXCEPTIONS, TimeoutError) as error:
        if not quietly:
            raise BrokerAway(_said(error, url)) from error


def _said(error: BaseException, url: Secret | None) -> str:
    """Return what went wrong as a sentence, without a secret."""
    where = f" at {urlsplit(url.reveal()).hostname}" if url else ""
    why = masked(" ".join(str(error).split()))[:300] or type(error).__name__
    return f"RabbitMQ{where} cannot be used: {why}."


async def _connection(url: str, name: str) -> "AbstractConnection":
    import aio_pika  # noqa: PLC0415 - an extra

    logging.getLogger("aiormq").setLevel(logging.CRITICAL)  # what it says is raised as well
    logging.getLogger("aio_pika").setLevel(logging.CRITICAL)
    settings: dict[str, Any] = {} if "heartbeat=" in url else {"heartbeat": HEARTBEAT}
    found: AbstractConnection = await aio_pika.connect(
        url, timeout=CONNECT_SECONDS, client_properties={"connection_name": name}, **settings
    )
    return found


async def _declare(connection: "AbstractConnection", topology: Topology) -> None:
    """Make what is not there yet: publishers may come before consumers, and the other way round."""
    channel = await connection.channel()
    for exchange in (topology.exchange, topology.dead_exchange):
        await channel.declare_exchange(exchange, "topic", durable=True)
    for queue in topology.queues:
        await _declare_queue(connection, queue)
        found = await channel.get_queue(queue.name, ensure=False)
        await found.bind(queue.exchange, queue.key)
    await channel.close()


async def _declare_queue(connection: "AbstractConnection", queue: Queue) -> None:
    """Make a queue of the safest type that the server has; one that is there is taken as it is."""
    from aio_pika.exceptions import (  # noqa: PLC0415 - an extra
        ChannelNotFoundEntity,
        ChannelPreconditionFailed,
    )

    kinds: tuple[dict[str, Any], ...] = (
        {"durable": True, "arguments": {**queue.arguments, "x-queue-type": "quorum"}},
        {"passive": True},
        {"durable": True, "arguments": dict(queue.arguments)},
    )
    for kind in kinds:
        channel = await connection.channel()  # a refusal closes it
        try:
            await channel.declare_queue(queue.name, **kind)
            await channel.close()
        except (ChannelPreconditionFailed, ChannelNotFoundEntity):
            if kind is kinds[-1]:
                raise
        else:
            return
