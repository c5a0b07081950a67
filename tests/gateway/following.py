"""Running a subscriber in a test, until it has handled all there is."""

from uuid import uuid4

from service.database import Database
from service.gateway.subscriber import Follower, Subscriber, listed


class Failed(Exception):  # noqa: N818 - what a test asserts on
    """The handler failed; the text says why, as operators see it."""


async def follow(database: Database, subscriber: Subscriber) -> None:
    """Handle all there is up to where the projections stand. Raises Failed.

    Fold first (fixture `projected`): a subscriber goes no further than the views do.
    """
    follower = Follower(database, subscriber, uuid4())
    while (outcome := await follower.step()) == "more":
        pass
    await follower.release()
    if outcome != "idle":
        line = next(row for row in await listed(database) if row.name == subscriber.name)
        raise Failed(line.error or outcome)
