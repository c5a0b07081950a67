"""Statuses: RabbitMQ is told what becomes of requests, in the order of the log."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID, uuid5

import msgspec
from msgspec import Struct

from service.gateway import amqp
from service.gateway.amqp import Broker
from service.gateway.message import Status, Word
from service.gateway.subscriber import Subscriber
from service.gateway.topology import TOPOLOGY, Topology
from service.http.call import Resources
from service.http.token import tenant
from service.log.event import Recorded
from service.settings import Secret
from service.sql import SQL

NAME: Final = "rabbitmq"
TYPES: Final = (
    "course.requested",
    "course.ready",
    "course.failed",
    "job.requeued",
    "job.cancelled",
)
COURSE_JOB: Final = "course"
POSITION: Final = "x-daybook-position"
"""The header that says which event a status tells of: a repeated one has the same."""


class Asked(Struct, frozen=True):
    """A course that somebody asked for by a name of his own."""

    course_id: UUID
    request_id: str
    title: str
    total_lessons: int


class Statuses:
    """Publishes what becomes of one tenant's requests."""

    def __init__(self, of: Resources, url: Secret, topology: Topology = TOPOLOGY) -> None:
        """Connect to the server at `url` when there is something to tell."""
        self._database = of.database
        self._tenant = tenant(of.settings.amqp_tenant)
        self._publisher = amqp.Publisher(url, topology, "daybook statuses")
        self._told: set[int] = set()

    @property
    def subscriber(self) -> Subscriber:
        """The subscriber that does it."""
        return Subscriber(NAME, TYPES, self.handle, self._publisher.close)

    async def handle(self, events: Sequence[Recorded]) -> None:
        """Publish the statuses of `events`, those of a request one after the other.

        What was confirmed is not published again when the rest has to be. Raises `BrokerAway`.
        """
        ours = [(event, course_of(event)) for event in events if event.tenant_id == self._tenant]
        about = [(event, course_id) for event, course_id in ours if course_id is not None]
        if about:
            await self._tell(about)
        self._told.clear()

    async def _tell(self, about: Sequence[tuple[Recorded, UUID]]) -> None:
        courses = list({course_id for _, course_id in about})
        rows = await self._database.fetch(SQL["gateway/requests"], self._tenant, courses)
        asked = {row["course_id"]: Asked(**row) for row in rows}
        lines: dict[UUID, list[tuple[Recorded, Asked]]] = defaultdict(list)
        for event, course_id in about:
            if course_id in asked and event.position not in self._told:
                lines[course_id].append((event, asked[course_id]))
        broker = await self._publisher.broker() if lines else None
        outcomes = await asyncio.gather(
            *(self._line(broker, line) for line in lines.values() if broker),
            return_exceptions=True,
        )
        for outcome in outcomes:
            if outcome is not None:
                raise outcome

    async def _line(self, broker: Broker, line: Sequence[tuple[Recorded, Asked]]) -> None:
        """Publish the statuses of one request, each after the one before is confirmed."""
        to = broker.topology
        for event, asked in line:
            await broker.publish(
                to.exchange,
                to.status_key,
                msgspec.json.encode(status(event, asked)),
                message_id=str(uuid5(event.stream_id, str(event.position))),
                correlation_id=asked.request_id,
                headers={POSITION: event.position},
            )
            self._told.add(event.position)


def statuses(of: Resources) -> Subscriber | None:
    """Return the subscriber where AMQP_URL is set. Raises NotInstalled."""
    if of.settings.amqp_url is None:
        return None
    amqp.check()
    return Statuses(of, of.settings.amqp_url).subscriber


def course_of(event: Recorded) -> UUID | None:
    """Return the course that an event tells of; None for a job that makes something else."""
    if event.category != "job":
        return event.stream_id
    data: Mapping[str, Any] = msgspec.json.decode(event.data)
    return UUID(data["target"]) if data["kind"] == COURSE_JOB else None


def status(event: Recorded, asked: Asked) -> Status:
    """Return what is told of an event."""
    word, said = told(event.type, msgspec.json.decode(event.data))
    return Status(
        request_id=asked.request_id,
        status=word,
        message=said,
        timestamp=event.recorded_at,
        course_id=asked.course_id,
        course_title=asked.title,
        total_lessons=asked.total_lessons,
    )


def told(kind: str, data: Mapping[str, Any]) -> tuple[Word, str]:
    """Return the status that an event of type `kind` stands for, and a sentence."""
    match kind:
        case "course.ready":
            return "success", "The course is ready."
        case "course.failed":
            return "error", data["error"]
        case "job.cancelled":
            return "error", f"The generation was cancelled. {data.get('reason', '')}".strip()
        case _:
            return "processing", "The course is being generated."
