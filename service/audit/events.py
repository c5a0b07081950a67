"""What the audit itself writes to the log. Tags and field names are on disk for good."""

from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from msgspec import Struct

from service.log.codec import PRIVATE, SUBJECT
from service.log.decider import Decider

Kind = Literal["operator", "account", "service-token", "visitor"]
"""Who calls: the bearer of a token, or somebody who has none yet."""

Reason = Literal["wrong-password", "unknown", "inactive", "throttled"]
"""Why a login failed: `unknown` where nobody has that name, `throttled` where too many failed."""


class OriginSeen(Struct, frozen=True, tag="origin.seen", tag_field="type"):
    """A caller was met at an address for the first time; the stream is the origin.

    `subject` is the person the address belongs to: an account's id; uuid5 of tenant and name for
    another principal; for a visitor the claim on what he typed. `agent` is what the first request
    from there called itself.
    """

    subject: Annotated[UUID, SUBJECT]
    kind: Kind
    address: Annotated[str, PRIVATE] = ""
    agent: Annotated[str, PRIVATE] = ""


class CommandRefused(Struct, frozen=True, tag="command.refused", tag_field="type"):
    """A command was refused: `times` times within a moment, first at `at`.

    `path` is the template of the route and `code` the kind of the problem; `target` is the first
    id of the path.
    """

    actor: str
    kind: Kind
    method: str
    path: str
    target: UUID | None
    code: str
    status: int
    origin: UUID | None = None
    correlation_id: UUID | None = None
    at: datetime | None = None
    times: int = 1


class LoginFailed(Struct, frozen=True, tag="login.failed", tag_field="type"):
    """Somebody did not get in: `times` times within a moment, first at `at`.

    `account` is whom he would have been, None where nobody has that name. The rest is the audit's
    to fill in.
    """

    account: UUID | None
    reason: Reason
    origin: UUID | None = None
    correlation_id: UUID | None = None
    at: datetime | None = None
    times: int = 1


class AuditDropped(Struct, frozen=True, tag="audit.dropped", tag_field="type"):
    """More happened than the audit could hold: `count` refusals of this tenant are not in it."""

    count: int


Noted = CommandRefused | LoginFailed
Written = CommandRefused | LoginFailed | AuditDropped


def _nothing(_command: None, _state: None) -> tuple[()]:
    return ()


def _same(state: None, _event: Struct) -> None:
    return state


AUDIT: Final[Decider[None, None, Written]] = Decider(
    "audit", (CommandRefused, LoginFailed, AuditDropped), None, _nothing, _same
)
"""What a process has noted: nobody decides anything by it, so there is no state."""

ORIGIN: Final[Decider[None, None, OriginSeen]] = Decider(
    "origin", (OriginSeen,), None, _nothing, _same
)
"""One stream for each caller at each address."""
