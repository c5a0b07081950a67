"""A pool of connections: each wait has its deadline, each loss of a connection one answer.

Learnt from asyncpg 0.32: without a timeout on both acquire and statement, a cancelled task hangs on
a dead connection (asyncpg#1326), and `Pool.fetch` has none on its acquire. So nobody else acquires.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, TypeVar

import asyncpg
import msgspec

from service.circuit import Circuit
from service.dsn import Dsn
from service.refusal import Unavailable
from service.sql import SQL

T = TypeVar("T")
Work = Callable[[Any], Awaitable[T]]

IDLE_SECONDS: Final = 240.0
"""Below the five minutes after which a serverless database suspends and drops its connections."""
ACQUIRE_SECONDS: Final = 15.0
"""As long as connecting may take, since a serverless database must first wake."""
STATEMENT_SECONDS: Final = 15.0
RELEASE_SECONDS: Final = 2.0
CLOSE_SECONDS: Final = 5.0
JSONB_VERSION: Final = b"\x01"

LOST: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
    OSError,
    TimeoutError,
)
"""Raised when the connection or the server is at fault, so that the outcome is unknown."""
UNDONE: Final = (asyncpg.TransactionRollbackError, asyncpg.LockNotAvailableError)
"""Raised when the server has undone a statement that may simply be sent again."""

log = logging.getLogger(__name__)


class Trouble(Exception):  # noqa: N818 - carries an error out of the one place that sees it
    """The connection was lost; `sent` tells whether the statement may have had an effect."""

    def __init__(self, error: BaseException, *, sent: bool) -> None:
        super().__init__(type(error).__name__)
        self.error = error
        self.sent = sent


class Pool:
    """A few connections for one purpose, opened when needed and closed when idle."""

    def __init__(
        self, circuit: Circuit, size: int, *, retries: bool = False, echo: bool = False
    ) -> None:
        """Hold at most `size` connections; `retries` where every statement is a read."""
        self.size = size
        self._circuit = circuit
        self._retries = retries
        self._echo = echo
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None

    async def open(self) -> None:
        """Make the pool; the database need not be there yet."""
        self._pool = await asyncpg.create_pool(
            **arguments(self._circuit.target),
            min_size=0,
            max_size=self.size,
            max_inactive_connection_lifetime=IDLE_SECONDS,
            init=set_codecs,
            reset=_nothing,  # no session state is ever kept, so there is none to reset
        )

    async def close(self) -> None:
        """Let running statements end, for a while, then drop what is left."""
        if self._pool is not None:
            try:
                async with asyncio.timeout(CLOSE_SECONDS):
                    await self._pool.close()
            except (TimeoutError, *LOST):
                self._pool.terminate()

    @property
    def in_use(self) -> int:
        """How many connections are lent out now."""
        return 0 if self._pool is None else self._pool.get_size() - self._pool.get_idle_size()

    async def fetch(self, sql: str, *arguments: Any, timeout: float | None = None) -> list[Any]:
        """Return all rows. Raises Unavailable where the database cannot be asked."""
        return await self.run(lambda c: c.fetch(sql, *arguments, timeout=timeout), sql)

    async def fetchrow(self, sql: str, *arguments: Any, timeout: float | None = None) -> Any:
        """Return the first row, or None. Raises Unavailable."""
        return await self.run(lambda c: c.fetchrow(sql, *arguments, timeout=timeout), sql)

    async def fetchval(self, sql: str, *arguments: Any, timeout: float | None = None) -> Any:
        """Return the first value of the first row, or None. Raises Unavailable."""
        return await self.run(lambda c: c.fetchval(sql, *arguments, timeout=timeout), sql)

    async def execute(self, sql: str, *arguments: Any, timeout: float | None = None) -> str:
        """Return the command tag, such as ``UPDATE 3``. Raises Unavailable."""
        return await self.run(lambda c: c.execute(sql, *arguments, timeout=timeout), sql)

    async def run(self, work: "Work[T]", sql: str = "") -> T:
        """Return what `work` makes of a connection; once more on a fresh one where that is safe.

        Safe is what never reached the server, what it has undone, and all in a pool of reads. Who
        gave up waiting for a lock wanted others to come first, so that is not tried again at once.
        While the database is known to be away, Unavailable is raised within milliseconds.
        """
        if self._circuit.away:
            await self._circuit.admit()
        started = time.perf_counter()
        try:
            try:
                return await self._once(work)
            except Trouble as trouble:
                again = (not trouble.sent or self._retries) and not self._circuit.away
                if not again or isinstance(trouble.error, asyncpg.LockNotAvailableError):
                    raise
                return await self._once(work)
        except Trouble as trouble:
            if not isinstance(trouble.error, UNDONE):  # then the database is well
                self._circuit.note(trouble.error)
            raise Unavailable from trouble.error
        finally:
            if self._echo:
                took = 1000 * (time.perf_counter() - started)
                log.info("%.1f ms: %s", took, sql.partition("\n")[0].removeprefix("-- "))

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        """Yield a connection for several statements. Raises Unavailable."""
        await self._circuit.admit()
        try:
            async with self._acquired() as connection:
                yield connection
        except Trouble as trouble:
            self._circuit.note(trouble.error)
            raise Unavailable from trouble.error

    async def _once(self, work: "Work[T]") -> T:
        async with self._acquired() as connection:
            with self._circuit.watched():
                answer = await work(connection)
        self._circuit.note(None)
        return answer

    @asynccontextmanager
    async def _acquired(self) -> AsyncIterator[Any]:
        if self._pool is None:
            raise Trouble(ConnectionError("not open"), sent=False)
        try:
            with self._circuit.watched(patient=True):
                connection = await self._pool.acquire(timeout=ACQUIRE_SECONDS)
        except (asyncpg.PostgresError, *LOST) as error:
            raise Trouble(error, sent=False) from error
        try:
            yield connection
        except UNDONE as error:
            raise Trouble(error, sent=False) from error
        except LOST as error:
            if isinstance(error, asyncpg.InterfaceError) and not _closed(connection):
                raise  # asyncpg's word for a mistake of ours, such as an argument of another type
            _drop(connection)
            raise Trouble(error, sent=True) from error
        except asyncio.CancelledError:
            _drop(connection)  # asking a dead server to cancel would outlast the caller
            raise
        finally:
            with suppress(*LOST):
                await self._pool.release(connection, timeout=RELEASE_SECONDS)


def _closed(connection: Any) -> bool:
    """Tell whether the connection is closed; one that has left the pool for that is, too."""
    try:
        return bool(connection.is_closed())
    except asyncpg.InterfaceError:
        return True


def _drop(connection: Any) -> None:
    with suppress(asyncpg.InterfaceError):
        connection.terminate()


def arguments(target: Dsn) -> dict[str, Any]:
    """Return the arguments of ``asyncpg.connect`` for `target`, with a deadline on each wait."""
    return {
        **target.asyncpg,
        "command_timeout": STATEMENT_SECONDS,
        "server_settings": {"application_name": "daybook"},
    }


async def connect(target: Dsn) -> Any:
    """Return a new connection with the codecs set."""
    connection = await asyncpg.connect(**arguments(target))
    await set_codecs(connection)
    return connection


async def look(target: Dsn) -> None:
    """Raise what asyncpg raises where `target` cannot be asked the time on a new connection."""
    connection = await asyncpg.connect(**arguments(target))
    try:
        await connection.fetchval(SQL["log/now"])
        await connection.close()
    finally:
        connection.terminate()


async def set_codecs(connection: Any) -> None:
    """Take jsonb as bytes, `msgspec.Raw` or anything msgspec encodes; give it as `msgspec.Raw`."""
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="binary",
        encoder=_encoded,
        decoder=lambda data: msgspec.Raw(memoryview(data)[1:]),
    )


def _encoded(value: Any) -> bytes:
    if isinstance(value, bytes):
        return JSONB_VERSION + value
    return JSONB_VERSION + msgspec.json.encode(value)


async def _nothing(connection: Any) -> None:
    pass
