"""The subscribers there are, and which of them the settings switch on."""

from collections.abc import Callable

from service.embedding.subscriber import embeddings
from service.gateway.docs import docs
from service.gateway.files import files
from service.gateway.status import statuses
from service.gateway.subscriber import Subscriber
from service.http.call import Resources

Make = Callable[[Resources], Subscriber | None]

SUBSCRIBERS: tuple[Make, ...] = (files, docs, statuses, embeddings)
"""What makes each of them; None where the settings do not ask for it. Nothing is opened yet."""


def subscribers(of: Resources) -> tuple[Subscriber, ...]:
    """Return the subscribers that the settings switch on. Raises ValueError where one is amiss."""
    return tuple(found for make in SUBSCRIBERS if (found := make(of)) is not None)
