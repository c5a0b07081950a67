"""The database as the service speaks to it: small pools by purpose; none starves another."""

import asyncio
from functools import partial
from typing import Any, Final

from service import dsn
from service.circuit import Circuit
from service.pool import Pool, connect, look
from service.refusal import Unavailable
from service.settings import Settings

FEWEST: Final = 4
"""With so few connections a build, whose steps are long, shares that of the projector."""


class Database:
    """The pools: commands, queries, projections, builds and operators cannot starve one another."""

    def __init__(
        self,
        url: str,
        direct_url: str | None = None,
        *,
        pooler: str = "auto",
        size: int = 15,
        echo: bool = False,
    ) -> None:
        """Share `size` connections among the pools; an appender and a listener have their own."""
        self._target = dsn.parse(url, pooler=pooler)
        self._direct = dsn.parse(direct_url, pooler="none") if direct_url else None
        projector, commands = max(1, size // 8), max(1, size // 4)
        builds = int(size > FEWEST)
        queries = max(1, size - projector - commands - builds - 1)
        self.circuit = Circuit(self._target, partial(look, self._target))
        self.commands = Pool(self.circuit, commands, echo=echo)
        self.queries = Pool(self.circuit, queries, retries=True, echo=echo)
        self.projector = Pool(self.circuit, projector, echo=echo)
        self.ops = Pool(self.circuit, 1, retries=True, echo=echo)
        self.builds = Pool(self.circuit, 1, echo=echo) if builds else self.projector
        pools = (self.commands, self.queries, self.projector, self.ops, self.builds)
        self.pools = tuple(dict.fromkeys(pools))

    async def open(self) -> None:
        """Make the pools; they connect when first used, so the database may come later."""
        for pool in self.pools:
            await pool.open()

    async def close(self) -> None:
        """Close every pool within a few seconds."""
        await self.circuit.close()
        await asyncio.gather(*(pool.close() for pool in self.pools))

    async def fetch(self, sql: str, *arguments: Any, timeout: float | None = None) -> list[Any]:
        """Return all rows of a read."""
        return await self.queries.fetch(sql, *arguments, timeout=timeout)

    async def fetchrow(self, sql: str, *arguments: Any, timeout: float | None = None) -> Any:
        """Return the first row of a read, or None."""
        return await self.queries.fetchrow(sql, *arguments, timeout=timeout)

    async def fetchval(self, sql: str, *arguments: Any, timeout: float | None = None) -> Any:
        """Return the first value of a read, or None."""
        return await self.queries.fetchval(sql, *arguments, timeout=timeout)

    async def execute(self, sql: str, *arguments: Any, timeout: float | None = None) -> str:
        """Run a statement that changes something; never sent twice unless surely undone."""
        return await self.commands.execute(sql, *arguments, timeout=timeout)

    @property
    def in_use(self) -> int:
        """How many connections of all pools are lent out now."""
        return sum(pool.in_use for pool in self.pools)

    @property
    def trouble(self) -> str | None:
        """Why the database cannot be used, as the latest attempt found it; None while it can."""
        return self.circuit.trouble

    @property
    def away(self) -> bool:
        """Tell whether the database is known to be away, so that nothing is tried."""
        return self.circuit.away

    @property
    def listens(self) -> bool:
        """Tell whether LISTEN can work: through a transaction pooler nothing would arrive."""
        return self._direct is not None or not self._target.pooled

    async def connect(self) -> Any:
        """Return a connection of the caller's own. Raises what asyncpg raises."""
        return await connect(self._target)

    async def connect_direct(self) -> Any:
        """Return one that keeps its session, for LISTEN. Raises Unavailable behind a pooler."""
        if not self.listens:
            raise Unavailable("Behind a pooler this needs DATABASE_DIRECT_URL.")
        return await connect(self._direct or self._target)


def of(settings: Settings) -> Database:
    """Return the database of `settings`, not open yet. Raises ValueError where none is named."""
    if settings.database_url is None:
        raise ValueError("DATABASE_URL is not set and no embedded server has been started")
    return Database(
        settings.database_url.reveal(),
        settings.direct_url.reveal() if settings.direct_url else None,
        pooler=settings.pooler,
        size=settings.pool_size + settings.max_overflow,
        echo=settings.sql_echo,
    )
