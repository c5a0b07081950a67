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
from service.refusal import Unauthenticated, Unavailable
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

    def last(self, key: K) -> V | None:
        """Return what was known last, however old."""
        found = self._found.get(key)
        return None if found is None else found.value

    def forget(self, key: K | None = None) -> None:
        """Look `key` up anew when it is asked for again; without one, whatever there is."""
        if key is None:
            self._found.clear()
        else:
            self._found.pop(key, None)

    async def get(self, key: K, now: datetime) -> V:
        """Return what is known of `key`, at most `FRESH` old. Raises what looking up raises."""
        found = self._found.get(key)
        if found is not None:
            found.until = now + ASIDE
        try:
            value = await self._look(key)
        except Unavailable:
            if found is not None:
                found.until = now  # too old to go by, but the last that is known
            raise
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
        self._database = database
        self._limits = limits
        self._accounts: Memory[UUID, Loaded] = Memory(partial(log.load, ACCOUNT, tenant_id=None))
        self._sessions: Memory[UUID, Loaded] = Memory(partial(log.load, SESSION, tenant_id=None))
        self._tenants: Memory[UUID, Tenant] = Memory(partial(tenants.of, database))
        self._bearers: dict[bytes, Found[Principal]] = {}

    @property
    def away(self) -> bool:
        """Tell whether the database is known to be away, and nobody can be asked about."""
        return self._database.away

    def changed(self, tenant_id: UUID) -> None:
        """Look a tenant up anew, since this process has just changed it."""
        self._tenants.forget(tenant_id)

    def forget(self) -> None:
        """Look everything up anew: it may have changed while the database was away."""
        for memory in (self._accounts, self._sessions, self._tenants):
            memory.forget()
        self._bearers.clear()

    async def bearer(self, text: str, now: datetime) -> Principal:
        """Return whom a service token stands for.

        Raises `Unauthenticated`, and `Unavailable` where that cannot be found out.
        """
        digest = hashlib.sha256(text.encode()).digest()
        found = self._bearers.get(digest)
        if found is None or now >= found.until:
            try:
                fresh = Found(await bearer.principal_of(self._log, text, now), now + FRESH)
            except Unavailable:
                raise
            except BaseException:
                self._bearers.pop(digest, None)
                raise
            self._bearers.pop(digest, None)
            self._bearers[digest] = found = fresh
            if len(self._bearers) > MOST:
                del self._bearers[next(iter(self._bearers))]
        return found.value

    def known(self, text: str) -> Principal | None:
        """Return whom a service token stood for when that was found out last, however long ago."""
        found = self._bearers.get(hashlib.sha256(text.encode()).digest())
        return None if found is None else found.value

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

    def recall(self, principal: Principal) -> None:
        """Let `principal` in unless the last that is known, however old, speaks against it.

        For what is asked again before it has any effect. Raises as `admit`, but never
        `Unavailable`.
        """
        tenant = self._tenants.last(principal.tenant_id)
        if tenant is not None and tenant.suspended and not principal.house:
            raise TenantSuspended
        if principal.session_id is None:
            return
        account = self._accounts.last(UUID(principal.subject))
        newer = isinstance(account, Loaded) and isinstance(account.state, Active)
        if account is not None and not (newer and account.state.token_version <= principal.version):
            raise Unauthenticated("This token was ended; log in again.")
        session = self._sessions.last(principal.session_id)
        if session is not None and not isinstance(session.state, Open):
            raise Unauthenticated("This session was ended; log in again.")

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
