"""The audit over HTTP: for administrators, who alone see addresses in full."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from service.audit.events import Kind
from service.database import Database
from service.http import paging
from service.http.body import Nothing
from service.http.call import Answer, Call
from service.http.paging import Page, Paged
from service.http.token import tenant
from service.refusal import Forbidden
from service.sql import SQL
from service.view import rows
from service.view.question import Question

VIEW: Final = "v_audit"
NEWEST_FIRST: Final = ("-position",)
SECONDS: Final = 25.0

Moment = Annotated[datetime, Meta(tz=True)]


class NotOfTheHouse(Forbidden):
    """The audit of another tenant is for those who run the service."""


class Ask(Paged, frozen=True):
    """Which acts: of whom, on what, of which kind and outcome, and when."""

    actor: Annotated[str, Meta(max_length=200)] | None = None
    stream: UUID | None = None
    action: Annotated[str, Meta(max_length=100, examples=["login.failed"])] | None = None
    outcome: Literal["ok", "refused", "failed"] | None = None
    since: Moment | None = None
    until: Moment | None = None
    tenant: (
        Annotated[
            str, Meta(min_length=1, max_length=200, description="Another tenant, by name or id.")
        ]
        | None
    ) = None


class Act(Struct, frozen=True):
    """One act: who did what, when, from where, to which stream, and with which outcome.

    `address` and `agent` are null where nobody knows them, or where their person has been erased.
    """

    position: int
    at: datetime
    actor: str
    actor_kind: Kind | Literal["service"]
    action: str
    category: str | None
    stream_id: UUID | None
    outcome: Literal["ok", "refused", "failed"]
    code: str | None
    route: str | None
    status: int | None
    times: int
    origin: UUID | None
    correlation_id: UUID | None
    detail: str | None
    address: str | None = None
    agent: str | None = None


class Place(Struct, frozen=True):
    """Where an origin is: its address and what its first request called itself."""

    origin: UUID
    address: str | None
    agent: str | None


ASKED: Final = (NotOfTheHouse,)
COLUMNS: Final = tuple(
    name for name in Act.__struct_fields__ if name not in Place.__struct_fields__[1:]
)


async def browse(call: Call[Nothing, Ask]) -> Answer[Page[Act]]:
    """List what was done, refused, and failed in the tenant, newest first.

    `actor` is the id of an account or a service token, or an operator's name. With `stream` an
    account's id also finds the logins that failed for it. `since` is in, `until` is not.
    """
    asked = asked_of(call)
    part = await rows.read(
        call.resources.database,
        asked,
        "json",
        after=paging.after(call, list[str | None]),
        limit=call.query.limit,
        timeout=SECONDS,
    )
    acts = msgspec.json.decode(b"[" + part.page + b"]", type=list[Act])
    shown = await located(call.resources.database, asked.tenant_id, acts)
    if not part.more:
        return Answer(Page(shown))
    address = paging.following(call, part.last)
    return Answer(Page(shown, address), {"Link": f'<{address}>; rel="next"'})


def asked_of(call: Call[Nothing, Ask]) -> Question:
    """Return what is asked of the view. Raises `NotOfTheHouse`."""
    query = call.query
    tenant_id = call.tenant_id if query.tenant is None else tenant(query.tenant)
    if tenant_id != call.tenant_id and not call.principal.house:
        raise NotOfTheHouse
    filters = {
        "actor.eq": query.actor,
        "stream_id.eq": query.stream,
        "action.eq": query.action,
        "outcome.eq": query.outcome,
        "at.gte": query.since,
        "at.lt": query.until,
    }
    given = {name: str(value) for name, value in filters.items() if value is not None}
    return Question(VIEW, tenant_id, given, NEWEST_FIRST, COLUMNS)


async def located(database: Database, tenant_id: UUID, acts: list[Act]) -> list[Act]:
    """Return the acts with the addresses they came from."""
    origins = {act.origin for act in acts if act.origin is not None}
    found = await database.fetch(SQL["audit/addresses"], tenant_id, list(origins))
    places: Mapping[UUID | None, Place] = {row["origin"]: Place(**row) for row in found}
    return [
        replace(act, address=place.address or None, agent=place.agent or None)
        if (place := places.get(act.origin))
        else act
        for act in acts
    ]
