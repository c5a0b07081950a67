"""Requests from RabbitMQ: each becomes a course and its job, once, however often it is delivered.

A message is acknowledged after what it asks for is stored, or after its refusal was told and the
message kept in the dead-letter queue. What is stored has the same key as over HTTP.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import msgspec

from service.course import http as course
from service.gateway import amqp, message
from service.gateway.amqp import Broker, BrokerAway, Delivery
from service.gateway.message import Request, Status
from service.gateway.topology import TOPOLOGY, Topology
from service.http.bind import fingerprint, scoped
from service.http.call import Resources
from service.http.spooled import new_ids
from service.http.token import Principal, tenant
from service.http.trace import begin
from service.log.handle import Context
from service.readiness import rest, waited
from service.refusal import Refusal, TooMany, Unavailable
from service.settings import Secret
from service.sql import SQL
from service.tenant.tenants import TenantSuspended

ACTOR: Final = "amqp"
"""Who asks, as the log says it; for whom stands in the request."""
PATH: Final = "/api/v1/courses"
PREFETCH: Final = 256
"""Messages that are on their way at once: so many are stored together."""
FIRST_PAUSE: Final = 0.1
SUSPENDED_SECONDS: Final = 5.0
"""Seconds between two looks at whether the tenant is suspended still."""
TROUBLE: Final = "rabbitmq"
REASON: Final = "x-daybook-reason"
"""The header of a dead letter that says why it is one."""

log: Final = logging.getLogger(__name__)


class Consumer:
    """Takes requests from the queue for as long as the process lives."""

    def __init__(self, of: Resources, url: Secret, topology: Topology = TOPOLOGY) -> None:
        """Connect to the server at `url` once `run` is called."""
        self._of = of
        self._url = url
        self._topology = topology
        self._tenant = tenant(of.settings.amqp_tenant)
        self._principal = Principal(self._tenant, ACTOR, "user")

    async def run(self) -> None:
        """Take requests for ever; a server that is away is tried again and again."""
        pause = FIRST_PAUSE
        while True:
            try:
                async with amqp.connected(self._url, self._topology, "daybook requests") as broker:
                    self._note(None)
                    pause = FIRST_PAUSE
                    await self._serve(broker)
            except BrokerAway as error:
                self._note(str(error))
            pause = await rest(pause)

    def _note(self, trouble: str | None) -> None:
        """Say when trouble comes and when it goes, once each."""
        troubles = self._of.state.troubles
        if trouble is None:
            log.info("requests are taken from %s", self._topology.requests)
            troubles.pop(TROUBLE, None)
        elif troubles.get(TROUBLE) != trouble:
            log.warning("%s", trouble)
            troubles[TROUBLE] = trouble

    async def _serve(self, broker: Broker) -> None:
        """Take requests until the server is lost; none while the database is away.

        Raises `BrokerAway`.
        """
        came: asyncio.Queue[Delivery] = asyncio.Queue()
        held: list[Delivery] = []
        while not broker.lost.is_set():
            tag = await broker.consume(self._topology.requests, PREFETCH, came.put_nowait)
            try:
                while held or (held := await gathered(came, broker.lost)):
                    held = await self._settle(broker, held)
            except (Unavailable, TenantSuspended) as refusal:
                await broker.cancel(self._topology.requests, tag)
                await self._outwait(str(refusal))

    async def _outwait(self, why: str) -> None:
        """Wait until the database is there and the tenant may do something."""
        self._note(f"No requests are taken from RabbitMQ. {why}")
        while True:
            await waited(lambda: self._of.database.fetchrow(SQL["log/head"]))
            with suppress(Unavailable, TenantSuspended):
                await self._of.standing.admit(self._principal, self._of.now())
                return self._note(None)
            await asyncio.sleep(SUSPENDED_SECONDS)

    async def _settle(self, broker: Broker, held: Sequence[Delivery]) -> list[Delivery]:
        """Do what is asked for; return what is left to be done.

        Raises Unavailable or TenantSuspended where nothing of it could be done, and `BrokerAway`.
        """
        outcomes = await asyncio.gather(
            *(self._one(broker, each) for each in held), return_exceptions=True
        )
        left: list[Delivery] = []
        refusal: Refusal = Unavailable()
        for each, outcome in zip(held, outcomes, strict=True):
            if outcome is None:
                await broker.ack(each)
            elif isinstance(outcome, Unavailable | TenantSuspended):
                left.append(each)
                refusal = outcome
            else:
                raise outcome
        if len(left) == len(held):
            raise refusal
        return left

    async def _one(self, broker: Broker, delivery: Delivery) -> None:
        """Do what one message asks for, or refuse it.

        Raises Unavailable, TenantSuspended, `BrokerAway`.
        """
        try:
            asked = message.read(delivery.body, delivery.message_id, self._of.new_id())
            await self._admitted()
            await self._store(asked, delivery)
        except (Unavailable, TenantSuspended, BrokerAway):
            raise
        except Refusal as refusal:
            await self._refuse(broker, delivery, message.told(refusal))
        except Exception:
            log.exception("a message could not be handled")
            await self._refuse(broker, delivery, "Something unforeseen went wrong; see the log.")

    async def _admitted(self) -> None:
        """Wait until the tenant may ask for a course: the queue is where requests wait.

        Raises TenantSuspended, Unavailable.
        """
        while True:
            await self._of.standing.admit(self._principal, self._of.now())
            try:
                return self._of.limits.command(self._tenant, generates=True)
            except TooMany as refusal:
                await asyncio.sleep(refusal.facts["retry_after"])

    async def _store(self, asked: Request, delivery: Delivery) -> None:
        of, context = self._of, self._context(asked, delivery)
        ids = new_ids(context, of.new_id, 2)  # those that HTTP may have promised for the same key
        await of.log.append(context, *course.requested(asked.asked, asked.user_id, *ids))

    def _context(self, asked: Request, delivery: Delivery) -> Context:
        """Return what the log records of the request: the key is the same as over HTTP."""
        trace = begin(str(delivery.headers.get("traceparent", "")))
        return Context(
            tenant_id=self._tenant,
            actor=ACTOR,
            correlation_id=trace.correlation_id,
            key=scoped(self._tenant, asked.user_id, "POST", PATH, asked.request_id),
            fingerprint=fingerprint(self._of.settings, "POST", PATH, asked.asked),
            traceparent=trace.parent,
            request_id=asked.request_id,
        )

    async def _refuse(self, broker: Broker, delivery: Delivery, reason: str) -> None:
        """Tell why nothing comes of a message, and keep it where people can look at it."""
        to, now = self._topology, self._of.now()
        request_id = message.called(delivery.body, delivery.message_id)
        status = Status(request_id, "error", reason, now)
        name = str(self._of.new_id())
        await broker.publish(
            to.exchange,
            to.status_key,
            msgspec.json.encode(status),
            message_id=name,
            correlation_id=request_id,
        )
        await broker.publish(
            to.dead_exchange,
            to.request_key,
            delivery.body,
            message_id=delivery.message_id or name,
            correlation_id=request_id,
            headers={REASON: reason},
        )


async def gathered(came: "asyncio.Queue[Delivery]", lost: asyncio.Event) -> list[Delivery]:
    """Return what has come, at least one message; nothing once the server is `lost`."""
    first, over = asyncio.ensure_future(came.get()), asyncio.ensure_future(lost.wait())
    try:
        await asyncio.wait({first, over}, return_when=asyncio.FIRST_COMPLETED)
        found = [first.result()] if first.done() else []
    finally:
        first.cancel()
        over.cancel()
    with suppress(asyncio.QueueEmpty):
        while found:
            found.append(came.get_nowait())
    return found
