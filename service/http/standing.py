"""Whether those who call may still: what a token cannot know, since it was signed earlier."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from msgspec import Struct

from service.account.decider import ACCOUNT, Active
from service.account.session import SESSION, Open
from service.database import Database
from service.http.token import Principal
from service.limit import Limits
from service.log.handle import Loaded, Log
from service.rate import Rate
from service.refusal import Unauthenticated
from service.service_token import bearer
from service.tenant import tenants
from service.tenant.tenants import Tenant, TenantSuspended

FRESH: Final = timedelta(seconds=15)
"""How long what was looked up is good: somebody who is shut out may go on for so long at most."""
ASIDE: Final = timedelta(seconds=2)
"""How long others go on with what is old while one of them looks it up anew."""
MOST: Final = 10_000
"""How many accounts, tenants and service tokens a process remembers, each."""

K = TypeVar("K")
V = TypeVar("V")


class Found(Struct, Generic[V]):
    """What was looked up, and until when it is good."""

    value: V
    until: datetime


class Memory(Generic[K, V]):
    """What was looked up lately, oldest first; it is looked up by one caller at a time."""

    def __init__(self, look: Callable[[K], Awaitable[V]]) -> None:
        """Ask `look` for what is not remembered, or too old."""
        self._look = look
        self._found: dict[K, Found[V]] = {}

    def near(self, key: K, now: datetime) -> V | None:
        """Return what is good still, without looking anything up."""
        found = self._found.get(key)
        return found.value if found is not None and now < found.until else None

    def forget(self, key: K) -> None:
        """Look `key` up anew when it is asked for again."""
        self._found.pop(key, None)

    async def get(self, key: K, now: datetime) -> V:
        """Return what is known of `key`, at most `FRESH` old. Raises what looking up raises."""
        found = self._found.get(key)
        if found is not None:
            found.until = now + ASIDE
        try:
            value = await self._look(key)
        except BaseException:
            self._found.pop(key, None)
            raise
        self._found.pop(key, None)
        self._found[key] = Found(value, now + FRESH)
        if len(self._found) > MOST:
            del self._found[next(iter(self._found))]
        return value


class Standing:
    """What this process knows of the accounts, service tokens and tenants that call it."""

    def __init__(
        self, log: Log, database: Database, limits: Limits, now: Callable[[], datetime]
    ) -> None:
        """Look accounts, sessions and service tokens up in `log`, tenants in `database`."""
        self._now = now
        self._log = log
        self._limits = limits
        self._accounts: Memory[UUID, Loaded] = Memory(partial(log.load, ACCOUNT, tenant_id=None))
        self._sessions: Memory[UUID, Loaded] = Memory(partial(log.load, SESSION, tenant_id=None))
        self._tenants: Memory[UUID, Tenant] = Memory(partial(tenants.of, database))
        self._bearers: dict[bytes, Found[Principal]] = {}

    def changed(self, tenant_id: UUID) -> None:
        """Look a tenant up anew, since this process has just changed it."""
        self._tenants.forget(tenant_id)

    async def bearer(self, text: str, now: datetime) -> Principal:
        """Return whom a service token stands for. Raises `Unauthenticated`."""
        digest = hashlib.sha256(text.encode()).digest()
        found = self._bearers.get(digest)
        if found is None or now >= found.until:
            self._bearers.pop(digest, None)
            found = Found(await bearer.principal_of(self._log, text, now), now + FRESH)
            self._bearers[digest] = found
            if len(self._bearers) > MOST:
                del self._bearers[next(iter(self._bearers))]
        return found.value

    async def admit(self, principal: Principal, now: datetime) -> None:
        """Let `principal` in.

        Raises `Unauthenticated` where its account or session has ended this token,
        `TenantSuspended` where its tenant may do nothing now, `Unavailable` where that cannot be
        found out.
        """
        tenant = self._tenants.near(principal.tenant_id, now)
        if tenant is None:
            tenant = await self._tenant(principal.tenant_id, now)
        if tenant.suspended and not principal.house:
            raise TenantSuspended
        if principal.session_id is not None:
            await self._still(principal, UUID(principal.subject), principal.session_id, now)

    async def still(self, principal: Principal) -> None:
        """Let `principal` go on following; raises as `admit` does, and where a token is revoked."""
        now = self._now()
        await self.admit(principal, now)
        if principal.kind == "service-token":
            await bearer.still(self._log, UUID(principal.subject), now)

    async def _tenant(self, tenant_id: UUID, now: datetime) -> Tenant:
        tenant = await self._tenants.get(tenant_id, now)
        commands, generations = tenant.commands_per_second, tenant.generations_per_minute
        self._limits.of_tenant(
            tenant_id,
            None if commands is None else Rate(commands, 1, commands),
            None if generations is None else Rate(generations, 60, generations),
        )
        return tenant

    async def _still(
        self, principal: Principal, account_id: UUID, session_id: UUID, now: datetime
    ) -> None:
        account = await self._newest(self._accounts, account_id, now)
        if isinstance(account, Active) and account.token_version < principal.version:
            account = (await self._accounts.get(account_id, now)).state  # the token is newer
        if not isinstance(account, Active) or account.token_version != principal.version:
            raise Unauthenticated("This token was ended; log in again.")
        if not isinstance(await self._newest(self._sessions, session_id, now), Open):
            raise Unauthenticated("This session was ended; log in again.")

    async def _newest(self, memory: Memory[UUID, Loaded], stream_id: UUID, now: datetime) -> Any:
        """Return a stream's state: what this process has written itself counts at once."""
        loaded = memory.near(stream_id, now)
        if loaded is None or loaded.version < self._log.version(stream_id):
            loaded = await memory.get(stream_id, now)
        return loaded.state
