"""The purse: sets aside what a call may cost before it is made, and charges what it has cost."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from msgspec import Struct
from uuid_utils.compat import uuid7

from service.budget.book import Book, job_account, tenant_account
from service.budget.draft import Draft
from service.budget.exhausted import BudgetExhausted, PriceUnknown
from service.generation.generator import GenerationFailed
from service.job.decider import JOB, budget_of
from service.ledger.decider import LEDGER, ledger_id
from service.log.commit import Conflict
from service.log.event import decoded, read_stream
from service.log.handle import Context, Log
from service.refusal import Unavailable

__all__ = ["BudgetExhausted", "PriceUnknown", "Purse", "Reservation"]

BATCH: Final = 256
"""How many reservations and settlements of a tenant go to the log as one commit."""
ROUNDS: Final = 50
"""How often a batch is decided again because another process was faster."""


class Reservation(Struct, frozen=True):
    """What a call may cost at most, in US dollars; `amount` None where nobody knows.

    `kind` is that of the job, or of what is made without one.
    """

    call_id: UUID
    tenant_id: UUID
    job_id: UUID | None
    kind: str
    amount: Decimal | None


class Ask(Struct, eq=False):
    """What somebody waits for: a reservation, or (`settles`) that `cost` is charged for it."""

    reservation: Reservation
    settles: bool
    cost: Decimal | None
    future: "asyncio.Future[bool]"

    @property
    def accounts(self) -> tuple[UUID, ...]:
        """The accounts it is about: the tenant's, and the job's."""
        of = self.reservation
        tenant = tenant_account(of.tenant_id)
        return (tenant,) if of.job_id is None else (tenant, job_account(of.tenant_id, of.job_id))


Outcome = bool | GenerationFailed
"""Whether anything was charged; or why it must not be."""


def utc_now() -> datetime:
    """Return the time of day."""
    return datetime.now(UTC)


class Purse:
    """Keeps every call of this process within the budgets of its tenant and its job.

    Callers await; what has gathered for one tenant goes to the log as one commit, by a task that
    is there while somebody waits. Where there is no budget, nothing is recorded.
    """

    def __init__(self, log: Log, now: Callable[[], datetime] = utc_now) -> None:
        """Charge the accounts that stand in `log`; days are those of UTC."""
        self._log = log
        self._now = now
        self._book = Book(log.database)
        self._queues: dict[UUID, deque[Ask]] = {}
        self._tasks: dict[UUID, asyncio.Task[None]] = {}
        self._held: dict[UUID, bool] = {}
        self._void: dict[UUID, dict[UUID, Reservation]] = {}

    async def reserve(self, reservation: Reservation) -> None:
        """Set `reservation` aside in every budget it is charged to, or in none.

        Raises `BudgetExhausted`, `PriceUnknown` where there is a budget and no amount, and
        Unavailable. Whoever is told that, or is cancelled, has nothing to settle: what may have
        been set aside for it is given back by itself.
        """
        tenant_id, call_id = reservation.tenant_id, reservation.call_id
        self._void.get(tenant_id, {}).pop(call_id, None)
        try:
            self._held[call_id] = await self._ask(reservation, settles=False, cost=None)
        except (Unavailable, asyncio.CancelledError) as error:
            self._void.setdefault(tenant_id, {})[call_id] = reservation
            if isinstance(error, asyncio.CancelledError):
                self._stir(tenant_id)
            raise

    async def settle(self, reservation: Reservation, spent: Decimal | None) -> None:
        """Charge what a call has cost instead of what was set aside for it, once.

        None charges what was set aside. A call of another process may be settled here. Raises
        Unavailable; it may then be settled again.
        """
        if self._held.get(reservation.call_id, True):
            await self._ask(reservation, settles=True, cost=spent)
        self._held.pop(reservation.call_id, None)

    async def recover(self, tenant_id: UUID, job_id: UUID) -> None:
        """Settle what is set aside for calls of a job that nobody is busy with in this process.

        What they have cost is known from the ledger, else it is what was set aside. Raises
        Unavailable.
        """
        accounts = (tenant_account(tenant_id), job_account(tenant_id, job_id))
        left = {
            held.call_id: Reservation(held.call_id, tenant_id, job_id, "", held.amount)
            for standing in (await self._book.standing(accounts)).values()
            for held in standing.account.held.values()
            if held.job_id == job_id and held.call_id not in self._held
        }
        costs = await self._costs(tenant_id, job_id) if left else {}
        settling = (self.settle(one, costs.get(call_id)) for call_id, one in left.items())
        await asyncio.gather(*settling)

    async def close(self) -> None:
        """Wait until everybody who asked for something is answered."""
        while self._tasks:
            await asyncio.wait(self._tasks.values())

    async def _costs(self, tenant_id: UUID, job_id: UUID) -> dict[UUID, Decimal]:
        """Return what those calls of a job have cost of which that is known."""
        costs: dict[UUID, Decimal] = {}
        stream_id, after = ledger_id(tenant_id, job_id), 0
        while page := await read_stream(self._log.database, stream_id, after):
            after = page[-1].version
            for event in page:
                call = decoded(LEDGER, event)
                if call.call_id is not None and call.cost is not None:
                    costs[call.call_id] = call.cost
        return costs

    async def _ask(self, reservation: Reservation, *, settles: bool, cost: Decimal | None) -> bool:
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        queue = self._queues.setdefault(reservation.tenant_id, deque())
        queue.append(Ask(reservation, settles, cost, future))
        self._stir(reservation.tenant_id)
        return await future

    def _stir(self, tenant_id: UUID) -> None:
        """Have somebody serve a tenant's callers."""
        if tenant_id not in self._tasks:
            self._tasks[tenant_id] = asyncio.create_task(self._serve(tenant_id))

    async def _serve(self, tenant_id: UUID) -> None:
        """Answer a tenant's callers until nobody is left."""
        queue = self._queues.setdefault(tenant_id, deque())
        try:
            served = False
            while queue or not served:
                await asyncio.sleep(0)  # callers that have just been answered may ask again
                asks = [queue.popleft() for _ in range(min(BATCH, len(queue)))]
                served = await self._answer(tenant_id, asks)
        finally:
            del self._tasks[tenant_id], self._queues[tenant_id]

    async def _answer(self, tenant_id: UUID, asks: Sequence[Ask]) -> bool:
        """Decide what some ask for, and tell them; return whether nothing is left to give back."""
        void = dict(self._void.get(tenant_id, {}))
        wanted = [ask for ask in asks if ask.settles or not ask.future.cancelled()]
        new = asyncio.get_running_loop().create_future
        back = [Ask(reservation, True, Decimal(0), new()) for reservation in void.values()]
        try:
            outcomes = await self._decided(tenant_id, [*back, *wanted])
        except Exception as error:  # noqa: BLE001 - whatever it is, callers must hear of it
            for ask in wanted:
                _tell(ask, error)
            return True
        for ask, outcome in zip(wanted, outcomes[len(back) :], strict=True):
            _tell(ask, outcome)
        left = self._void.pop(tenant_id, {})
        if left := {call_id: of for call_id, of in left.items() if call_id not in void}:
            self._void[tenant_id] = left
        return not left

    async def _decided(self, tenant_id: UUID, asks: Sequence[Ask]) -> list[Outcome]:
        """Decide in order, and append what comes of it; decide again where others were faster.

        What this process remembers is good enough where the append proves it: where something is
        written to every account that is asked about.
        """
        accounts = [account for ask in asks for account in ask.accounts]
        fresh = not self._book.knows(accounts)
        for _ in range(ROUNDS):
            draft = Draft(await self._book.standing(accounts, fresh=fresh), self._now().date())
            outcomes = [await self._decide(draft, ask) for ask in asks]
            draft.carry_forward()
            if fresh or draft.complete():
                with suppress(Conflict):
                    await self._append(tenant_id, draft)
                    return outcomes
            fresh = True
        raise Unavailable("Too many change this budget at once; try again.")

    async def _decide(self, draft: Draft, ask: Ask) -> Outcome:
        of = ask.reservation
        if ask.settles:
            draft.settle(of.call_id, ask.cost, ask.accounts)
            return True
        if of.job_id is not None:
            job = await self._log.load(JOB, of.job_id, of.tenant_id, fresh=False)
            if (limit := budget_of(job.state)) is not None:
                draft.open(job_account(of.tenant_id, of.job_id), of.job_id, limit)
        try:
            return draft.reserve(of.call_id, of.job_id, of.amount, ask.accounts)
        except GenerationFailed as failed:
            return failed

    async def _append(self, tenant_id: UUID, draft: Draft) -> None:
        if writes := draft.writes():
            receipt = await self._log.append(Context(tenant_id, "service", uuid7()), *writes)
            self._book.written(draft.standing(receipt.position))


def _tell(ask: Ask, outcome: "Outcome | Exception") -> None:
    if ask.future.done():
        return
    if isinstance(outcome, Unavailable):
        ask.future.set_exception(Unavailable(str(outcome)))
    elif isinstance(outcome, Exception):
        ask.future.set_exception(outcome)
    else:
        ask.future.set_result(outcome)
