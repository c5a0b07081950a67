"""What came of it: nothing twice, nothing lost, no call paid again, each cent in the ledger."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct

from bench.chaos.course import LESSONS, Asked
from bench.chaos.history import LESSON, Event
from bench.chaos.world import World
from bench.text import TEXT

SETTLE_SECONDS: Final = 60.0
"""How long what was spooled may take to be in the ledger, and in its view."""
LOOK: Final = 0.1


class Bill(Struct, frozen=True):
    """What the ledger and the model server's own log make of the same calls, in US dollars.

    `unknown` calls were made by a process that died before it could note what came of them; `owed`
    is what the server asks for such, which the ledger can only bound. `wrong` are requests of which
    ledger and server say different things although nothing about them is unknown.
    """

    calls: int = 0
    ledger: Decimal = Decimal(0)
    server: Decimal = Decimal(0)
    unknown: int = 0
    owed: Decimal = Decimal(0)
    wrong: int = 0

    @property
    def agrees(self) -> bool:
        """Tell whether each cent that the server asks for is in the ledger, or bounded there."""
        return not self.wrong and self.ledger + self.owed == self.server


class Result(Struct):
    """What came of one fault over its runs; `recoveries` are in seconds, one per accident.

    So many calls as are made `beside` each other may each be cut off by one accident.
    """

    fault: str
    runs: int = 0
    accidents: int = 0
    duplicates: int = 0
    lost: int = 0
    repeated: int = 0
    recoveries: list[float] = []
    bill: Bill = Bill()
    notes: list[str] = []
    beside: int = 1

    @property
    def holds(self) -> bool:
        """Tell whether all was kept that is promised."""
        return (
            self.duplicates == self.lost == 0
            and self.repeated <= self.accidents * self.beside
            and self.bill.agrees
            and max(self.recoveries, default=0.0) <= 10.0
        )


Counted = Callable[[Sequence[Event]], tuple[int, int]]
"""Tells how many artefacts of a stream were stored twice, and how many are missing."""


def course(events: Sequence[Event]) -> tuple[int, int]:
    """Return how many artefacts of a course were stored twice, and how many are missing."""
    made = Counter(
        f"{event.type} {event.data.get('number', '')}"
        for event in events
        if event.type in {"course.outlined", LESSON, "course.ready"}
    )
    return sum(made.values()) - len(made), LESSONS + 2 - len(made)


def repeated(requests: Sequence[Any]) -> int:
    """Return how many requests were sent again although nothing was wrong with the first.

    What the server itself spoilt, as it was told to, has to be sent again.
    """
    sent = Counter(one["client_id"] for one in requests if not one["rule"])
    return sum(count - 1 for count in sent.values())


async def chats(world: World) -> list[Any]:
    """Return what the model server was asked for, oldest first."""
    return [one for one in (await world.told())["requests"] if one["path"] == "chat"]


async def bill(result: Result, world: World) -> Bill:
    """Return what was spent, once the ledger knows of every call that the server knows of."""
    asked, rows = await chats(world), await _rows(world)
    seen = Counter(one["client_id"] for one in asked)
    with suppress(TimeoutError):
        async with asyncio.timeout(SETTLE_SECONDS):
            while seen - Counter(row["request"] for row in rows):
                await asyncio.sleep(LOOK)
                rows = await _rows(world)
    outcomes = Counter(row["outcome"] for row in rows if row["cost"] is None)
    result.notes += [f"{count} calls of unknown cost: {how}" for how, count in outcomes.items()]
    return compared(asked, rows)


def compared(asked: Sequence[Any], rows: Sequence[Any]) -> Bill:
    """Compare the server's requests with the ledger's rows, request by request."""
    server, ledger = defaultdict[str, Decimal](Decimal), defaultdict[str, Decimal](Decimal)
    bounds = defaultdict[str, Decimal](Decimal)
    for one in asked:
        server[one["client_id"]] += Decimal(one["cost"])
    for row in rows:
        ledger[row["request"]] += Decimal(row["cost"] or 0)
        bounds[row["request"]] += Decimal(row["estimate"] or 0)
    owed = {request: server[request] - ledger[request] for request in server.keys() | ledger}
    return Bill(
        calls=len(asked),
        ledger=sum(ledger.values(), Decimal(0)),
        server=sum(server.values(), Decimal(0)),
        unknown=sum(row["cost"] is None for row in rows),
        owed=sum((amount for amount in owed.values() if amount > 0), Decimal(0)),
        wrong=sum(not 0 <= amount <= bounds[request] for request, amount in owed.items()),
    )


async def _rows(world: World) -> list[Any]:
    return await world.database.fetch(TEXT["chaos/calls"])


async def judged(
    result: Result, world: World, courses: Sequence[Asked], counted: Counted = course
) -> Result:
    """Add to `result` what came of `courses`, whose artefacts are `counted`."""
    for one in courses:
        twice, missing = counted(world.history.of(one.course_id))
        result.duplicates += twice
        result.lost += missing
        last = world.history.of(one.job_id)[-1]
        if last.type != "job.completed":
            result.notes.append(f"a job stands at {last.type}: {last.data}")
    result.runs += len(courses)
    result.repeated += repeated(await chats(world))
    result.bill = await bill(result, world)
    return result
