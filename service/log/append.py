"""The group appender: callers await; whatever has gathered goes to the log as one call."""

import asyncio
import logging
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from typing import Any, Final
from uuid import UUID

import asyncpg
from msgspec import Struct

from service.circuit import Circuit
from service.log.commit import Commit, Conflict, Fenced, KeyReused, Receipt
from service.refusal import Unavailable
from service.sql import SQL

Connect = Callable[[], Awaitable[asyncpg.Connection]]

LOST: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.ReadOnlySQLTransactionError,
    OSError,
    TimeoutError,
)
"""After one of these nobody knows whether the batch was stored; its keys tell, so it goes again."""

log = logging.getLogger(__name__)


class Waiting(Struct, eq=False):
    """A commit, the caller's future, and the monotonic second after which nobody waits for it."""

    commit: Commit
    future: "asyncio.Future[Receipt]"
    deadline: float


class GroupAppender:
    """Appends commits in batches over connections of its own.

    There are no timers: while a call is under way, commits gather, and the next call takes them.
    A lone caller's commit is sent at once. Only a full batch starts a second call beside the first:
    the server takes it in while the first is being made durable, and smaller ones would just queue
    for the head row.
    """

    def __init__(
        self,
        connect: Connect,
        *,
        calls: int = 2,
        batch: int = 256,
        waiting: int = 20_000,
        call_timeout: float = 5.0,
        circuit: Circuit | None = None,
    ) -> None:
        """Keep at most `calls` calls in flight of at most `batch` commits; hold `waiting` more.

        Once `circuit` knows that the database is away, nothing is tried and nobody waits.
        """
        self._circuit = circuit
        self._batch = batch
        self._limit = waiting
        self._queue: deque[Waiting] = deque()
        self._closing = False
        self._idle = [Sender(connect, call_timeout, circuit) for _ in range(calls)]
        self._active = 0
        self._calls: set[asyncio.Task[None]] = set()
        self.appended: Callable[[], None] = _nothing
        """Called after each batch, for whoever would not wait for a notification."""

    async def append(self, commit: Commit, timeout: float = 10.0) -> Receipt:
        """Return the receipt of `commit` once it is durable.

        Raises Conflict, KeyReused, Fenced (nothing was stored), or Unavailable: the outcome is
        unknown, and repeating the commit with the same key resolves it.
        """
        if self._circuit is not None and self._circuit.away:
            await self._circuit.admit()
        if self._closing or len(self._queue) >= self._limit:
            raise Unavailable("More is waiting to be stored than this process holds; try again.")
        future: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._queue.append(Waiting(commit, future, time.monotonic() + timeout))
        if self._idle and self._due(self._active):
            self._active += 1
            call = asyncio.create_task(self._send(self._idle.pop()))
            self._calls.add(call)
            call.add_done_callback(self._calls.discard)
        return await future

    async def close(self) -> None:
        """Send what is waiting, then stop. Safe to call twice."""
        self._closing = True
        while self._calls:
            await asyncio.wait(self._calls)
        for sender in self._idle:
            sender.close()

    def _due(self, others: int) -> bool:
        return len(self._queue) >= (self._batch if others else 1)

    async def _send(self, sender: "Sender") -> None:
        while self._due(self._active - 1):
            # Callers that have just been answered, or just come, may have a commit at hand.
            await asyncio.sleep(0)
            size = min(self._batch, len(self._queue))
            await sender.send([self._queue.popleft() for _ in range(size)])
            self.appended()
        self._active -= 1
        self._idle.append(sender)


class Sender:
    """One connection that sends batches, and sends them again after a lost reply."""

    def __init__(
        self, connect: Connect, call_timeout: float, circuit: Circuit | None = None
    ) -> None:
        """Connect when the first batch comes."""
        self._connect = connect
        self._circuit = circuit
        self._call_timeout = call_timeout
        self._connection: asyncpg.Connection | None = None

    async def send(self, batch: Sequence[Waiting]) -> None:
        """Settle every future of `batch`; never raises."""
        pause = 0.05
        _expire(batch, time.monotonic())
        while batch := [w for w in batch if not w.future.done()]:
            try:
                await self._call(batch)
            except LOST as error:
                if self._is_ours(error):
                    await self._isolate(batch, error)
                    continue
                log.warning("an append's reply was lost (%s); sending again", type(error).__name__)
                self.close()
                _expire(batch, self._patience(error, time.monotonic() + pause))
                await asyncio.sleep(pause)
                pause = min(pause * 2, 1.0)
            except Exception as error:  # noqa: BLE001 - whatever it is, callers must hear of it
                await self._isolate(batch, error)

    def close(self) -> None:
        """Drop the connection without waiting for the server."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    def _patience(self, error: Exception, again: float) -> float:
        """Return until when nobody is to wait: `again`, but for ever once the database is away."""
        if self._circuit is None or isinstance(error, asyncpg.TransactionRollbackError):
            return again
        self._circuit.note(error)
        return math.inf if self._circuit.away else again

    def _is_ours(self, error: Exception) -> bool:
        """Tell a value that asyncpg cannot send from a connection that it has lost."""
        alive = self._connection is not None and not self._connection.is_closed()
        return alive and isinstance(error, asyncpg.InterfaceError)

    async def _call(self, batch: Sequence[Waiting]) -> None:
        if self._connection is not None and self._connection.is_closed():
            self.close()  # the server has ended it, as some do after a while without a statement
        if self._connection is None:
            async with asyncio.timeout(self._call_timeout):
                self._connection = await self._connect()
        with self._circuit.watched() if self._circuit else nullcontext():
            row = await self._connection.fetchrow(
                SQL["log/append"], *columns([w.commit for w in batch]), timeout=self._call_timeout
            )
        if self._circuit is not None:
            self._circuit.note(None)
        assert row is not None  # noqa: S101 - a function's call always yields its row
        if row["outcomes"] is None:
            position = row["base"]
            for waiting in batch:
                position = _settle_appended(waiting, position)
            return
        outcomes = zip(batch, row["outcomes"], row["positions"], row["actual"], strict=True)
        for waiting, outcome, first, actual in outcomes:
            await self._settle(waiting, outcome, first, actual)

    async def _settle(self, waiting: Waiting, outcome: str, first: int, actual: int) -> None:
        future = waiting.future
        if outcome == "appended":
            _settle_appended(waiting, first - 1)
        elif outcome == "duplicate":
            commit = waiting.commit
            receipt = await stored_receipt(
                self._connection, commit.key, commit.fingerprint, self._call_timeout
            )
            if not future.done() and receipt is not None:
                future.set_result(receipt)
        elif not future.done():
            refusal = {
                "conflict": Conflict(current_version=actual),
                "reused": KeyReused(),
                "fenced": Fenced(),
            }[outcome]
            future.set_exception(refusal)

    async def _isolate(self, batch: Sequence[Waiting], error: Exception) -> None:
        """Find the commit that the server cannot take, so that it fails alone."""
        if len(batch) > 1:
            half = len(batch) // 2
            await self.send(batch[:half])
            await self.send(batch[half:])
        elif not batch[0].future.done():
            batch[0].future.set_exception(error)


def _nothing() -> None:
    pass


def _settle_appended(waiting: Waiting, before: int) -> int:
    versions = []
    position = before
    for write in waiting.commit.writes:
        position += len(write.events)
        versions.append((write.stream_id, write.expected_version + len(write.events)))
    if not waiting.future.done():
        waiting.future.set_result(Receipt(position, tuple(versions)))
    return position


def _expire(batch: Sequence[Waiting], now: float) -> None:
    for waiting in batch:
        if waiting.deadline <= now and not waiting.future.done():
            waiting.future.set_exception(Unavailable())


async def stored_receipt(
    connection: Any, key: UUID, fingerprint: bytes, timeout: float | None = None
) -> Receipt | None:
    """Return the receipt that `key` was answered with, or None where it is unknown.

    Raises KeyReused where it was used with another fingerprint.
    """
    rows = await connection.fetch(SQL["log/receipt"], key, timeout=timeout)
    if not rows:
        return None
    if rows[0]["fingerprint"] != fingerprint:
        raise KeyReused
    versions = tuple((row["stream_id"], row["version"]) for row in rows)
    return Receipt(rows[0]["position"], versions, duplicate=True)


def _lease_columns(commits: Sequence[Commit]) -> tuple[list[UUID | None] | None, ...]:
    """Return the jobs and the tokens of `commits`, or NULL arrays where no worker is among them."""
    leases = [commit.lease for commit in commits]
    if not any(leases):
        return None, None
    jobs = [None if lease is None else lease.job_id for lease in leases]
    return jobs, [None if lease is None else lease.token for lease in leases]


def columns(commits: Sequence[Commit]) -> tuple[Any, ...]:
    """Return `commits` as the parallel arrays that ``log.append`` takes, in its order."""
    firsts, sizes = [], []
    streams: list[UUID] = []
    versions, tenants, categories, types, data, metadata = [], [], [], [], [], []
    subjects: list[UUID | None] = []
    secrets: list[str | None] = []
    for commit in commits:
        first = len(streams) + 1
        for write in commit.writes:
            version = write.expected_version
            for event in write.events:
                version += 1
                streams.append(write.stream_id)
                versions.append(version)
                tenants.append(commit.tenant_id)
                categories.append(write.category)
                types.append(event.type)
                data.append(event.data)
                metadata.append(write.metadata or commit.metadata)
                subjects.append(event.subject)
                secrets.append(event.private)
        firsts.append(first)
        sizes.append(len(streams) + 1 - first)
    return (
        [c.key for c in commits],
        [c.fingerprint for c in commits],
        firsts,
        sizes,
        *_lease_columns(commits),
        streams,
        versions,
        tenants,
        categories,
        types,
        data,
        metadata,
        subjects if any(subjects) else None,
        secrets if any(subjects) else None,
    )
