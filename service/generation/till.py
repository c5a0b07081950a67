"""The till: what every paid call goes through, so that none is forgotten, whatever dies meanwhile.

Before a call its entry goes into the spool, saying that it is lost; the answer replaces it there;
then one commit records both in the log, and the entry goes. What a process leaves behind in its
spool is recorded by the next that finds it.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from service.budget.purse import Purse, Reservation
from service.generation.model import Model
from service.ledger.answer import ANSWER, Keep, answer_id
from service.ledger.decider import LEDGER, RecordCall, ledger_id
from service.log.commit import Conflict
from service.log.handle import Context, Log, Write
from service.price.prices import Prices
from service.refusal import Unavailable
from service.spool import Spool

FIRST_PAUSE: Final = 0.05
LONGEST_PAUSE: Final = 1.0
LOOK_SECONDS: Final = 2.0
"""How often somebody looks for what a dead process or a cancelled call left behind."""

log = logging.getLogger(__name__)


class Entry(Struct, frozen=True):
    """A call as the spool has it: what is to be recorded of it, as far as is known now."""

    tenant_id: UUID
    actor: str
    correlation_id: UUID
    record: RecordCall
    reservation: Reservation
    answer: Keep | None = None


class Till(Struct, frozen=True):
    """What calls are made and paid with; one per process. `clock` counts seconds."""

    log: Log
    model: Model
    prices: Prices
    purse: Purse
    spool: Spool
    new_id: Callable[[], UUID]
    clock: Callable[[], float]
    live: set[UUID] = msgspec.field(default_factory=set)
    """Calls that somebody is still busy with."""

    async def note(self, entry: Entry, *, durable: bool) -> None:
        """Put an entry into the spool; without one it goes on, the log being what counts."""
        assert entry.record.call_id is not None  # noqa: S101 - every call that is made has one
        try:
            encoded = msgspec.json.encode(entry)
            await self.spool.put(entry.record.call_id, encoded, durable=durable)
        except (OSError, Unavailable) as error:
            log.warning("a call cannot be spooled, only the log will know of it: %s", error)

    async def record(self, entry: Entry) -> None:
        """Record a call in the log, settle it, and take it out of the spool.

        Waits as long as the database is away. No lease is asked for: the money is spent. The key
        of the commit is the call's id, so recording twice is once.
        """
        call_id = entry.record.call_id
        assert call_id is not None  # noqa: S101 - every call that is made has one
        pause = FIRST_PAUSE
        while True:
            try:
                record = await self._priced(entry.record)
                await self._append(entry, record)
                await self.purse.settle(entry.reservation, record.cost)
                break
            except (Unavailable, Conflict):
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
        await self.spool.drop(call_id)

    async def _priced(self, record: RecordCall) -> RecordCall:
        """Return the record with what the call has cost, if that can be known."""
        if record.cost is not None or not record.tokens_in:
            return record
        names = (record.model_asked, record.model_returned)
        cost = await self.prices.cost(*names, record.tokens_in, record.tokens_out)
        return record if cost is None else replace(record, cost=cost, estimate=None)

    async def _append(self, entry: Entry, record: RecordCall) -> None:
        answer = entry.answer
        stream_id = ledger_id(entry.tenant_id, record.job_id or record.target)
        ledger = await self.log.load(LEDGER, stream_id, entry.tenant_id)
        called = LEDGER.decide(record, ledger.state)
        writes = [Write(LEDGER, stream_id, ledger.version, called)]
        if answer is not None:
            kept_id = answer_id(entry.tenant_id, answer.request_hash)
            kept = await self.log.load(ANSWER, kept_id, entry.tenant_id)
            if events := ANSWER.decide(answer, kept.state):
                writes.append(Write(ANSWER, kept_id, kept.version, events))
        key = record.call_id
        context = Context(entry.tenant_id, entry.actor, entry.correlation_id, key=key)
        await self.log.append(context, *writes)

    async def run(self) -> None:
        """Record what nobody is busy with any more, for ever."""
        while True:
            await self.clear()
            await asyncio.sleep(LOOK_SECONDS)

    async def clear(self) -> int:
        """Record what dead processes and cancelled calls have left; return how many there were."""
        try:
            await self.spool.adopt()
        except OSError as error:
            log.warning("what dead processes have left cannot be taken over yet: %s", error)
        left = [item for item in self.spool.left().items() if item[0] not in self.live]
        for call_id, encoded in left:
            try:
                entry = msgspec.json.decode(encoded, type=Entry)
            except msgspec.MsgspecError:
                log.exception("the spool holds what is no call; it is put aside")
                await self.spool.drop(call_id)
                continue
            await self.record(entry)
        return len(left)
