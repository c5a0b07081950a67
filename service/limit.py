"""How often things may be asked for: commands by tenant, logins by identifier and address."""

import hmac
import time
import unicodedata
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from math import ceil
from typing import Final, Self
from uuid import UUID

from service.database import Database
from service.rate import Bucket, Rate, Rates
from service.refusal import TooMany
from service.settings import Settings
from service.sql import SQL

TENANTS: Final = 10_000
"""Tenants that a process keeps count of; the one longest silent is forgotten first."""
LONGEST: Final = 900.0
"""Seconds that one identifier is made to wait at most: it is slowed down, never locked."""
SLASH_64: Final = 64
"""Bits of an IPv6 address that name a line; the rest its owner chooses as he likes."""


class Limits:
    """The limits of one process; those of logins are shared by all, through the database."""

    def __init__(
        self,
        rates: Rates | None = None,
        key: bytes = b"",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Count from now on; `key` hides in the database who tries to log in, and from where."""
        self._rates = rates or Rates()
        self._key = key
        self._clock = clock
        self._tenants: OrderedDict[UUID, tuple[Bucket, Bucket]] = OrderedDict()
        self._replayed: OrderedDict[UUID, Bucket] = OrderedDict()

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the limits that `settings` ask for."""
        return cls(settings.rates, settings.secret_key.reveal().encode())

    def __len__(self) -> int:
        """How many tenants are kept count of."""
        return len(self._tenants)

    def of_tenant(
        self, tenant_id: UUID, commands: Rate | None = None, generations: Rate | None = None
    ) -> None:
        """Set a tenant's own limits; None stands for what everybody has."""
        of_commands, of_generations = self._buckets(tenant_id)
        of_commands.become(commands or self._rates.commands)
        of_generations.become(generations or self._rates.generations)

    def command(self, tenant_id: UUID, *, generates: bool) -> None:
        """Count one command of a tenant. Raises `TooMany` with `retry_after` in seconds."""
        commands, generations = self._buckets(tenant_id)
        now = self._clock()
        if wait := commands.take(now):
            raise too_fast("Your tenant sends commands faster than it may", wait)
        if generates and (wait := generations.take(now)):
            raise too_fast("Your tenant asks for generations faster than it may", wait)

    def replay(self, tenant_id: UUID, moment: float) -> None:
        """Count a generation that was asked for at `moment`, in seconds, by today's limit.

        Those must be told in the order in which they came; what is asked for now is counted apart.
        Raises `TooMany`.
        """
        _, today = self._buckets(tenant_id)
        bucket = self._replayed.setdefault(tenant_id, Bucket(self._rates.generations))
        bucket.pause, bucket.tolerance = today.pause, today.tolerance
        if len(self._replayed) > TENANTS:
            self._replayed.popitem(last=False)
        if wait := bucket.take(moment):
            raise too_fast("Your tenant asked for generations faster than it may", wait)

    def _buckets(self, tenant_id: UUID) -> tuple[Bucket, Bucket]:
        tenants = self._tenants
        found = tenants.get(tenant_id)
        if found is None:
            found = Bucket(self._rates.commands), Bucket(self._rates.generations)
            tenants[tenant_id] = found
            if len(tenants) > TENANTS:
                tenants.popitem(last=False)
        else:
            tenants.move_to_end(tenant_id)
        return found

    async def login(
        self, database: Database, tenant_id: UUID, identifier: str, address: str
    ) -> None:
        """Count an attempt to log in as a failure, before any password is hashed.

        So a thousand attempts at once are counted like a thousand in a row; one that succeeds
        is given back. Raises `TooMany`; `Unavailable` while the database is away, for then
        nobody can log in anyway.
        """
        await self._attempt(database, *self._keys(tenant_id, identifier, address))

    async def succeeded(
        self, database: Database, tenant_id: UUID, identifier: str, address: str
    ) -> None:
        """Give back what `login` counted, and forget the identifier's failures.

        The address becomes familiar to it for a month: whoever tries passwords from elsewhere
        cannot keep the owner out.
        """
        if self._rates.logins.count or self._rates.address.count:
            keys = self._keys(tenant_id, identifier, address)
            await database.commands.fetchval(SQL["limit/forgive"], *keys)

    async def registration(self, database: Database, address: str) -> None:
        """Count a registration against its address. Raises `TooMany`."""
        await self._attempt(database, None, None, self._hidden("address", line(address)))

    async def _attempt(
        self, database: Database, identifier: bytes | None, familiar: bytes | None, address: bytes
    ) -> None:
        logins, addresses = self._rates.logins, self._rates.address
        if not (logins.count or addresses.count):
            return
        wait = await database.commands.fetchval(
            SQL["limit/attempt"],
            identifier if logins.count else None,
            familiar if logins.count else None,
            address if addresses.count else None,
            [logins.burst, logins.pause, max(LONGEST, logins.pause)],
            [addresses.burst, addresses.pause, addresses.pause],
        )
        if wait:
            raise too_fast("There were too many attempts", wait)

    def _keys(self, tenant_id: UUID, identifier: str, address: str) -> tuple[bytes, bytes, bytes]:
        who = str(tenant_id), unicodedata.normalize("NFKC", identifier).strip().casefold()
        where = line(address)
        return (
            self._hidden("identifier", *who),
            self._hidden("familiar", *who, where),
            self._hidden("address", where),
        )

    def _hidden(self, *parts: str) -> bytes:
        """Return a keyed hash: nobody can try addresses against what stands in the table."""
        text = "\0".join(("limit", *parts)).encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, text, "sha256")


async def sweep(database: Database) -> None:
    """Drop the counts that no longer count."""
    await database.ops.execute(SQL["limit/sweep"])


def line(address: str) -> str:
    """Return what stands for a client: an IPv4 address, or the first 64 bits of an IPv6 one."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(IPv6Address(int(parsed) >> SLASH_64 << SLASH_64))


def too_fast(sentence: str, wait: float) -> TooMany:
    """Return the refusal that says when to go on."""
    seconds = max(1, ceil(wait))
    plural = "" if seconds == 1 else "s"
    return TooMany(f"{sentence}; go on in {seconds} second{plural}.", retry_after=seconds)
