"""The only write path: load a stream, decide on a command, append what was decided."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, Final, TypeVar
from uuid import UUID

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace
from uuid_utils.compat import uuid7

from service.database import Database
from service.log.append import GroupAppender, stored_receipt
from service.log.codec import Encoded, encode
from service.log.commit import Commit, Conflict, Lease, Receipt, StaleVersion, StreamWrite
from service.log.decider import Decider
from service.log.event import PAGE, Recorded, decoded, read_stream
from service.refusal import NotFound, Refusal

C = TypeVar("C")
S = TypeVar("S")
E = TypeVar("E", bound=Struct)

AHEAD: Final = 64
"""Events of a stream that are remembered without being folded; beyond them it is forgotten."""
HEAVIEST: Final = 64 << 20
"""Characters of JSON that the events of all remembered states have together, at the most."""
DECISIONS: Final = 10
"""How often a command is decided again after a conflict, before the conflict is the answer."""


class Context(Struct, frozen=True):
    """On whose behalf a command runs.

    `key` is scoped to tenant, principal and route already. `origin` names where the caller is, as
    the audit knows it: an address is a person's, so it is not written beside each event.
    `request_id` is what the caller calls the request, where he is told what becomes of it.
    """

    tenant_id: UUID
    actor: str
    correlation_id: UUID
    key: UUID | None = None
    fingerprint: bytes = b""
    traceparent: str = ""
    origin: UUID | None = None
    request_id: str = ""


class Metadata(Struct, frozen=True, omit_defaults=True):
    """What is stored beside an event's data, as JSON."""

    actor: str
    correlation_id: UUID
    causation_position: int | UnsetType = UNSET
    traceparent: str = ""
    origin: UUID | None = None
    request_id: str = ""
    provenance: Struct | UnsetType = UNSET


class Write(Struct, frozen=True):
    """Events for one stream of a decider's category, at the version they were decided at.

    `provenance` says how they were generated, where they were; it is kept in their metadata.
    """

    decider: Decider[Any, Any, Any]
    stream_id: UUID
    expected_version: int
    events: Sequence[Struct]
    provenance: Struct | None = None


class Loaded(Struct, frozen=True):
    """A stream's folded state, its version, and the position of its last event; 0: it has none.

    `ahead` are its latest events, which `state` does not hold yet: most streams that are written
    are not read again soon, and need never be folded here. `weight` is how many characters of JSON
    all its events have: what is remembered of a stream is about as large at the most.
    """

    category: str
    state: Any
    version: int
    tenant_id: UUID | None
    position: int = 0
    ahead: tuple[Any, ...] = ()
    weight: int = 0


class Log:
    """The event log as the slices see it, with the latest folded states at hand."""

    def __init__(
        self,
        database: Database,
        appender: GroupAppender,
        remembered: int = 4_096,
        heaviest: int = HEAVIEST,
    ) -> None:
        """Remember up to `remembered` folded states, which weigh no more than `heaviest` together.

        A forgotten one is read again. The latest is remembered whatever it weighs.
        """
        self._database = database
        self._appender = appender
        self._remembered = remembered
        self._heaviest = heaviest
        self._states: OrderedDict[UUID, Loaded] = OrderedDict()
        self._weight = 0

    @property
    def database(self) -> Database:
        """The database that the log is in."""
        return self._database

    def when_appended(self, call: Callable[[], None]) -> None:
        """Call `call` after each batch that this process has sent to the log."""
        self._appender.appended = call

    def version(self, stream_id: UUID) -> int:
        """Return the version of a stream that this process remembers, 0 where it does not."""
        known = self._states.get(stream_id)
        return 0 if known is None else known.version

    async def load(
        self,
        decider: Decider[C, S, E],
        stream_id: UUID,
        tenant_id: UUID | None,
        *,
        fresh: bool = True,
    ) -> Loaded:
        """Return the state of a stream; with `fresh` off, one this process remembers will do.

        Raises NotFound where the stream is another tenant's; `tenant_id` None takes anybody's,
        which is for finding out whose it is.
        """
        known = self._states.get(stream_id)
        if known is None or known.category != decider.category:
            known = Loaded(decider.category, decider.initial, 0, None)
        if known.ahead:
            known = replace(known, state=decider.fold(known.ahead, known.state), ahead=())
        while fresh or not known.version:
            page = await read_stream(self._database, stream_id, known.version)
            if page and page[0].category != decider.category:
                raise NotFound
            if page:
                state = decider.fold((decoded(decider, event) for event in page), known.state)
                last, weight = page[-1], known.weight + _weight(page)
                known = replace(
                    known,
                    state=state,
                    version=last.version,
                    tenant_id=last.tenant_id,
                    position=last.position,
                    weight=weight,
                )
            if len(page) < PAGE:
                break
        if tenant_id is not None and known.tenant_id not in (None, tenant_id):
            raise NotFound
        if known.version:  # what is not there must not push out what is
            self._remember(stream_id, known)
        return known

    async def handle(
        self,
        decider: Decider[C, S, E],
        stream_id: UUID,
        command: C,
        context: Context,
        *,
        expected_version: int | None = None,
    ) -> Receipt:
        """Decide `command` on the stream's state and append the outcome.

        A conflict is decided again on the newer state, unless `expected_version` (If-Match) was
        given. What this process remembers is good enough to say yes, never to say no: a refusal
        is only given on freshly read state, and only where `context.key` has no receipt yet.
        Raises the decider's refusals, StaleVersion, Conflict, KeyReused, NotFound, Unavailable.
        """
        for attempt in range(DECISIONS):
            fresh = attempt > 0
            loaded = await self.load(decider, stream_id, context.tenant_id, fresh=fresh)
            try:
                if expected_version not in (None, loaded.version):
                    raise StaleVersion(current_version=loaded.version)
                events = decider.decide(command, loaded.state)
            except Refusal:
                if fresh and (receipt := await self.receipt(context)):
                    return receipt
                if fresh:
                    raise
                continue
            if events:
                with suppress(Conflict):
                    write = Write(decider, stream_id, loaded.version, events)
                    return await self.append(context, write)
            elif fresh:
                same = Receipt(loaded.position, ((stream_id, loaded.version),), changed=False)
                return await self.receipt(context) or same
        raise Conflict

    async def append(self, context: Context, *writes: Write, lease: Lease | None = None) -> Receipt:
        """Append the events of one or more streams, all or nothing, each at its version.

        Raises Conflict, KeyReused, Fenced or Unavailable (the outcome is then unknown; the same
        key resolves it).
        """
        metadata = Metadata(
            context.actor,
            context.correlation_id,
            traceparent=context.traceparent,
            origin=context.origin,
            request_id=context.request_id,
        )
        commit = Commit(
            context.key or uuid7(),
            context.fingerprint,
            context.tenant_id,
            _text(metadata),
            tuple(
                StreamWrite(
                    write.stream_id,
                    write.decider.category,
                    write.expected_version,
                    tuple(encode(event) for event in write.events),
                    _text(replace(metadata, provenance=write.provenance))
                    if write.provenance
                    else None,
                )
                for write in writes
            ),
            lease,
        )
        receipt = await self._appender.append(commit)
        if not receipt.duplicate:
            for write, stored in zip(writes, commit.writes, strict=True):
                weight = _weight(stored.events)
                self._advance(write, context.tenant_id, receipt.position, weight)
        return receipt

    async def receipt(self, context: Context) -> Receipt | None:
        """Return what the context's idempotency key was answered with before, if it was.

        Raises KeyReused where that was another request.
        """
        if context.key is None:
            return None
        return await stored_receipt(self._database, context.key, context.fingerprint)

    def _advance(self, write: Write, tenant_id: UUID, position: int, weight: int) -> None:
        known = self._states.get(write.stream_id)
        if known is None or not known.version:
            known = Loaded(write.decider.category, write.decider.initial, 0, tenant_id)
        if known.version != write.expected_version:
            return
        version = write.expected_version + len(write.events)
        ahead = (*known.ahead, *write.events)
        if len(ahead) > AHEAD:
            self._forget(write.stream_id)
            return
        heavier = known.weight + weight
        self._remember(
            write.stream_id,
            Loaded(known.category, known.state, version, tenant_id, position, ahead, heavier),
        )

    def _remember(self, stream_id: UUID, loaded: Loaded) -> None:
        self._forget(stream_id)
        self._states[stream_id] = loaded
        self._weight += loaded.weight
        while len(self._states) > self._remembered or (
            self._weight > self._heaviest and len(self._states) > 1
        ):
            self._forget(next(iter(self._states)))

    def _forget(self, stream_id: UUID) -> None:
        if (known := self._states.pop(stream_id, None)) is not None:
            self._weight -= known.weight


def _weight(events: Iterable[Encoded | Recorded]) -> int:
    return sum(len(event.data) + len(event.private or "") for event in events)


def _text(metadata: Metadata) -> str:
    return msgspec.json.encode(metadata).decode()
