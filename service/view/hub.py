"""Hubs: a view's changed rows are read once whenever the tail moves, however many follow them."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final

import msgspec
from msgspec import Raw

from service.database import Database
from service.http.follow import Follow
from service.http.sse import Message
from service.projection.tail import Tail
from service.refusal import Refusal, Unavailable
from service.view import changes
from service.view.changes import Change, Place
from service.view.question import Question

HELD_MAX: Final = 2 * 1024 * 1024
"""Bytes that are held for a follower; one who does not take them reads by itself later."""
REST: Final = 0.02
"""Seconds between two readings at least: what comes in quick succession is read together."""
LOOK_AGAIN: Final = 1.0
"""Seconds after which a view is looked at again whose projection stands behind the tail."""
PATIENCE: Final = 15.0
"""Seconds after which any view is looked at again."""

log: Final = logging.getLogger(__name__)


class Seat:
    """A follower's place at a hub: the changes that it has not taken yet.

    What is held is all that has changed after `since`, so far.
    """

    def __init__(self, question: Question, since: int) -> None:
        """Hold nothing yet."""
        self.question = question
        self.since = since
        self.held: list[Change] = []
        self.stirred = asyncio.Event()
        self.fault: Refusal | None = None
        self._size = 0
        self._spilt = False

    def give(self, found: Sequence[Change]) -> None:
        """Hold `found`, unless there is too much: what is held has no gap, but may lack its end."""
        if not self._spilt:
            self.held += found
            self._size += sum(len(change.body) for change in found)
            self._spilt = self._size > HELD_MAX

    def settle(self, upto: int, *, asked: bool) -> None:
        """End a reading; where it was not for this seat, or was too much, hold nothing of it."""
        if self._spilt or not asked:
            self.take()
            self.since = upto
            self._spilt = False
        self.stirred.set()

    def take(self) -> list[Change]:
        """Return what is held, and hold it no more."""
        taken, self.held, self._size = self.held, [], 0
        return taken


class Hub:
    """One view's changed rows, handed out to whoever sits here."""

    def __init__(self, view: str, database: Database, tail: Tail, follow: Follow, at: int) -> None:
        """Begin after position `at`."""
        self.seats: set[Seat] = set()
        self._view, self._database, self._tail, self._follow = view, database, tail, follow
        self._at = at
        self.work = asyncio.create_task(self._run())

    def sit(self, question: Question) -> Seat:
        """Return a new seat; what has changed before it is not its concern."""
        seat = Seat(question, self._at)
        self.seats.add(seat)
        return seat

    async def _run(self) -> None:
        try:
            while True:
                seen, began = self._tail.position, time.monotonic()
                await self._read()
                await asyncio.sleep(max(REST, time.monotonic() - began))
                await self._beyond(max(seen, self._at))
        except Refusal as refusal:
            self._fail(refusal)
        except Exception:
            log.exception("the followers of %s are sent away", self._view)
            self._fail(Unavailable("What has changed could not be read; come back."))

    async def _read(self) -> None:
        """Read what has changed, each question once, and hand it to all who ask it."""
        askers: dict[bytes, list[Seat]] = {}
        for seat in self.seats:
            askers.setdefault(msgspec.json.encode(seat.question, order="sorted"), []).append(seat)
        questions = [seats[0].question for seats in askers.values()]
        place: Place | None = Place(self._at)
        upto: int | None = None
        while place is not None:
            reading = await changes.read(self._database, self._view, questions, place, upto)
            place, upto = reading.more, reading.upto
            for number, seats in enumerate(askers.values()):
                for seat in seats:
                    seat.give(reading.changes.get(number, ()))
            if reading.upto < self._at:
                raise Unavailable("The database is an older one than it was; come back.")
        self._at = upto or 0
        self._tail.note(self._at)
        asked = {seat for seats in askers.values() for seat in seats}
        for seat in self.seats:
            seat.settle(self._at, asked=seat in asked)

    async def _beyond(self, seen: int) -> None:
        """Return once there may be something new."""
        behind = self._at < seen
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_AGAIN if behind else PATIENCE):
                await self._follow.beyond(seen)

    def _fail(self, fault: Refusal) -> None:
        for seat in self.seats:
            seat.fault = fault
            seat.stirred.set()


class Hubs:
    """The hubs of a process, one for each view that somebody follows."""

    def __init__(self) -> None:
        """Have none until somebody follows a view."""
        self._hubs: dict[str, Hub] = {}

    @property
    def views(self) -> list[str]:
        """The views that are followed now."""
        return list(self._hubs)

    @contextmanager
    def seat(
        self, question: Question, database: Database, tail: Tail, follow: Follow, at: int
    ) -> Iterator[Seat]:
        """Yield a seat at the view's hub, which begins at position `at` if it is new."""
        hub = self._hubs.get(question.view)
        if hub is None or hub.work.done():
            hub = self._hubs[question.view] = Hub(question.view, database, tail, follow, at)
        seat = hub.sit(question)
        try:
            yield seat
        finally:
            hub.seats.discard(seat)
            if not hub.seats:
                hub.work.cancel()
                if self._hubs.get(question.view) is hub:
                    del self._hubs[question.view]


async def taken(seat: Seat, database: Database, place: Place) -> AsyncIterator[Sequence[Message]]:
    """Yield what changes after `place`, for ever; what the seat could not hold is read here."""
    done = place.position
    while True:
        if seat.fault is not None:
            raise seat.fault
        if seat.since > done:
            upto = seat.since
            reading = await changes.read(database, seat.question.view, [seat.question], place, upto)
            found = reading.changes.get(0, [])
            place = reading.more or Place(upto)
            done = done if reading.more else upto
        elif seat.held:
            found = [change for change in seat.take() if change.place.position > done]
            place = found[-1].place if found else place
        else:
            seat.stirred.clear()
            await seat.stirred.wait()
            continue
        if found:
            yield messages(found)


def messages(found: Sequence[Change]) -> list[Message]:
    """Return changed rows as they are sent; the id of each is the place after it."""
    return [Message(Raw(change.body), id=change.place.id, event="row") for change in found]
