"""What a handler is given, and what it gives back."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Generic, TypeVar
from uuid import UUID

from aiohttp import web
from msgspec import Meta, Struct, field

from service.account.password import Passwords
from service.audit.audit import Audit
from service.database import Database
from service.embedding.meaning import Meaning
from service.generation.till import Till
from service.http.follow import Follow
from service.http.intake import Intake, Later
from service.http.keyring import KeyRing
from service.http.sse import Streams
from service.http.standing import Standing
from service.http.state import State
from service.http.token import Principal
from service.limit import Limits
from service.log.commit import Receipt
from service.log.handle import Context, Log
from service.log.proving import Proofs
from service.projection.builds import Builds
from service.projection.tail import Tail
from service.settings import Settings
from service.view.hub import Hubs

B_co = TypeVar("B_co", covariant=True)
Q_co = TypeVar("Q_co", covariant=True)
T = TypeVar("T")

Position = Annotated[int, Meta(ge=0, le=2**63 - 1, description="A position in the log.")]


class Resources(Struct, frozen=True):
    """What the service runs on; `now` and `new_id` are the only clock and the only dice."""

    settings: Settings
    database: Database
    log: Log
    tail: Tail
    follow: Follow
    streams: Streams
    state: State
    now: Callable[[], datetime]
    new_id: Callable[[], UUID]
    keys: KeyRing
    standing: Standing
    limits: Limits = field(default_factory=Limits)
    audit: Audit = field(default_factory=Audit)
    intake: Intake = field(default_factory=Intake)
    passwords: Passwords = field(default_factory=Passwords)
    builds: Builds = field(default_factory=Builds)
    proofs: Proofs = field(default_factory=Proofs)
    till: Till | None = None
    meaning: Meaning | None = None
    hubs: Hubs = field(default_factory=Hubs)


RESOURCES: Final = web.AppKey("resources", Resources)


class Read(Struct, frozen=True, forbid_unknown_fields=True):
    """The query of a read: it may wait for the position that a command has returned."""

    min_position: Position = 0


class Call(Struct, Generic[B_co, Q_co], frozen=True):
    """One authorised request with everything in it decoded.

    `path` holds the typed path parameters; `expected_version` is If-Match's, None if not given.
    """

    request: web.Request
    principal: Principal
    context: Context
    path: Mapping[str, Any]
    body: B_co
    query: Q_co
    expected_version: int | None
    resources: Resources

    @property
    def tenant_id(self) -> UUID:
        """The tenant whose things this call may see and change."""
        return self.principal.tenant_id


class Answer(Struct, Generic[T], frozen=True):
    """A handler's answer: a value to encode, its headers, and a status unless the route's own."""

    value: T
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int | None = None


class Committed(Struct, frozen=True):
    """What a command has done: the stream's id and version, and the log's position after it."""

    id: UUID
    version: int
    position: int


def committed(receipt: Receipt, location: str | None = None) -> Answer[Committed]:
    """Answer a command from its receipt alone, so that a repeated request gets the same ids."""
    stream_id, version = receipt.versions[0]
    value = Committed(stream_id, version, receipt.position)
    return Answer(value, receipt_headers(receipt, version, location))


def receipt_headers(receipt: Receipt, version: int, location: str | None = None) -> dict[str, str]:
    """Return the headers of a command's answer; a replayed one says so, and one that waits."""
    headers = {"ETag": f'"{version}"'}
    if isinstance(receipt, Later):
        headers["X-Spooled"] = "true"
    if location is not None:
        headers["Location"] = location
    if receipt.duplicate:
        headers["Idempotency-Replayed"] = "true"
    return headers
