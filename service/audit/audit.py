"""What of a request the audit keeps beside the events it causes: its origin, and its refusal."""

import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid5

from aiohttp import web
from msgspec.structs import replace
from uuid_utils.compat import uuid7

from service.audit.events import CommandRefused, Kind, LoginFailed, OriginSeen
from service.audit.gathered import Gathered, Met
from service.audit.writer import Writer
from service.database import Database
from service.http.address import address_of
from service.http.problem import code_of, status_for
from service.http.token import Principal
from service.log.handle import Log
from service.refusal import Refusal, TooMany, Unavailable
from service.settings import Secret

ROOM: Final = 10_000
"""Origins, and notes, that wait to be stored at most; what comes then is counted and dropped."""
REMEMBERED: Final = 4_096
"""Callers whose origins need not be worked out again."""
AGENT_MAX: Final = 200


class Audit:
    """Gathers what is to be noted; `run` writes it to the log, in batches.

    Nothing here waits: a request is answered whether or not its note is stored yet.
    """

    def __init__(
        self,
        secret: Secret | None = None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        new_id: Callable[[], UUID] = uuid7,
        room: int = ROOM,
    ) -> None:
        """Derive the key of origins from `secret`, on which all processes of a service agree."""
        text = secret.reveal() if secret else secrets.token_hex(32)
        self._key = hmac.digest(text.encode(), b"daybook: origins of the audit", "sha256")
        self._now = now
        self._met: OrderedDict[tuple[UUID, str, str, str], UUID] = OrderedDict()
        self._gathered = Gathered(room)
        self._writer = Writer(self._gathered, new_id)

    @property
    def dropped(self) -> int:
        """How many notes this process had no room for."""
        return self._gathered.dropped

    @property
    def waiting(self) -> int:
        """How many notes are not stored yet."""
        return self._writer.waiting

    def origin(self, principal: Principal, request: web.Request) -> UUID | None:
        """Return the id of the place that `principal` calls from; the address stays private.

        None for whoever has no token: what he typed says whom the address belongs to.
        """
        if not principal.role:
            return None
        return self._at(principal.tenant_id, principal.kind, principal.subject, request)

    def visitor(
        self, tenant_id: UUID, request: web.Request, *, account: UUID | None, claim: UUID
    ) -> UUID:
        """Return the id of the place that somebody tries to get in from.

        The address belongs to the account he tries, else to the claim on what he typed.
        """
        if account is None:
            return self._at(tenant_id, "visitor", str(claim), request)
        return self._at(tenant_id, "account", str(account), request)

    def refused(
        self,
        principal: Principal,
        origin: UUID | None,
        *,
        method: str,
        path: str,
        target: UUID | None,
        refusal: Refusal,
        correlation_id: UUID | None = None,
    ) -> None:
        """Note that a command was refused; `path` is the route's template.

        What the service could not do just then is no refusal.
        """
        if isinstance(refusal, Unavailable):
            return
        event = CommandRefused(
            actor=principal.subject,
            kind=principal.kind,
            method=method,
            path=path,
            target=None if isinstance(refusal, TooMany) else target,
            code=code_of(type(refusal)),
            status=int(status_for(type(refusal))),
            origin=origin,
        )
        self._gathered.note(principal.tenant_id, event, self._now(), correlation_id)
        self._writer.wake()

    def note(
        self,
        tenant_id: UUID,
        event: LoginFailed,
        origin: UUID | None,
        correlation_id: UUID | None = None,
    ) -> None:
        """Note that somebody did not get in; `origin` is what `visitor` returned."""
        event = replace(event, origin=origin)
        self._gathered.note(tenant_id, event, self._now(), correlation_id)
        self._writer.wake()

    async def run(self, log: Log, database: Database) -> None:
        """Write to the log for ever; once cancelled, write the rest and end."""
        await self._writer.run(log, database)

    async def flush(self, log: Log, database: Database) -> None:
        """Write all there is now, such as before a person is erased. Raises Unavailable."""
        await self._writer.flush(log, database)

    def _at(self, tenant_id: UUID, kind: Kind, name: str, request: web.Request) -> UUID:
        address = address_of(request)
        key = (tenant_id, kind, name, address)
        known = self._met.get(key)
        if known is not None:
            self._met.move_to_end(key)
            return known
        subject = person(tenant_id, kind, name)
        origin = self._id(tenant_id, subject, address)
        event = OriginSeen(subject, kind, address, storable(request.headers.get("User-Agent", "")))
        if self._gathered.meet(origin, Met(tenant_id, event)):
            self._remember(key, origin)
        self._writer.wake()
        return origin

    def _id(self, tenant_id: UUID, subject: UUID, address: str) -> UUID:
        """Return the same id wherever the same key is: nobody else can try addresses."""
        scope = tenant_id.bytes + subject.bytes + address.encode()
        return version_8(hmac.digest(self._key, scope, "sha256")[:16])

    def _remember(self, key: tuple[UUID, str, str, str], origin: UUID) -> None:
        self._met[key] = origin
        if len(self._met) > REMEMBERED:
            self._met.popitem(last=False)


def person(tenant_id: UUID, kind: Kind, name: str) -> UUID:
    """Return whom an address belongs to: an id stands for itself, an operator's name for a UUID."""
    return uuid5(tenant_id, name) if kind == "operator" else UUID(name)


def storable(agent: str) -> str:
    """Return what a client calls itself, no longer than it need be; any bytes may have come."""
    return agent[:AGENT_MAX].encode(errors="replace").decode()


def version_8(octets: bytes) -> UUID:
    """Return 16 bytes as a UUID of our own making (RFC 9562, section 5.8)."""
    number = int.from_bytes(octets) & ~(0xF << 76) & ~(0x3 << 62)
    return UUID(int=number | 0x8 << 76 | 0x2 << 62)
