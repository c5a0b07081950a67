"""What there is in RabbitMQ: exchanges, queues, and what is routed where."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from msgspec import Struct

DELIVERIES: Final = 20
"""How often a message is delivered before it is dead-lettered: each time its consumer was lost."""


class Queue(Struct, frozen=True):
    """A durable queue, and from which exchange it gets what; `arguments` beside its type."""

    name: str
    exchange: str
    key: str
    arguments: Mapping[str, Any] = MappingProxyType({})


class Topology(Struct, frozen=True):
    """The names that publishers and consumers agree on."""

    exchange: str = "course.exchange"
    request_key: str = "course.generate"
    requests: str = "course.generation.queue"
    status_key: str = "course.status"
    statuses: str = "course.status.queue"
    dead_exchange: str = "course.dead-letter.exchange"
    dead: str = "course.dead-letter.queue"

    @property
    def queues(self) -> tuple[Queue, ...]:
        """The queues, the last resort first."""
        arguments = {
            "x-dead-letter-exchange": self.dead_exchange,
            "x-dead-letter-routing-key": self.request_key,
            "x-delivery-limit": DELIVERIES,
        }
        return (
            Queue(self.dead, self.dead_exchange, "#"),
            Queue(self.statuses, self.exchange, self.status_key),
            Queue(self.requests, self.exchange, self.request_key, MappingProxyType(arguments)),
        )


TOPOLOGY: Final = Topology()
