"""A page: one line of the table of the console, and what its handler is given and gives back."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from aiohttp import web
from msgspec import Struct, field

from service.account.decider import Active
from service.account.login import context_of
from service.http.call import Resources
from service.http.token import Principal
from service.log.decider import Decider

SEEN: Final = 2.0
"""Seconds to wait until the pages show what was done."""


class Visitor(Struct, frozen=True):
    """Who has signed in, by which session."""

    principal: Principal
    person: Active
    session_id: UUID


class Visit(Struct, frozen=True):
    """One request for a page; `visitor` is None on pages that anybody may see."""

    request: web.Request
    resources: Resources
    visitor: Visitor | None
    path: Mapping[str, Any]
    now: datetime

    @property
    def known(self) -> Visitor:
        """Who reads; on pages that ask for a role it is somebody."""
        if self.visitor is None:
            raise LookupError("This page is for anybody, so nobody is known.")
        return self.visitor

    @property
    def tenant_id(self) -> UUID:
        """The tenant whose things this visit may show."""
        return self.known.principal.tenant_id


class Shown(Struct, frozen=True):
    """A page to show: its template and what the template speaks of."""

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def redirect(address: str) -> web.Response:
    """Send the browser on with a GET; `address` is a path of ours."""
    return web.Response(status=303, headers={"Location": address})


async def decided(visit: Visit, decider: Decider[Any, Any, Any], stream: UUID, wanted: Any) -> None:
    """Decide on a command of who visits, and wait a little until the pages show it too."""
    of = visit.resources
    context = context_of(of, visit.request, visit.tenant_id, visit.known.person.account)
    receipt = await of.log.handle(decider, stream, wanted, context)
    await of.tail.reached(receipt.position, SEEN)


Handler = Callable[[Visit], Awaitable[Shown | web.StreamResponse]]


class Page(Struct, frozen=True):
    """One method on one path below /console; `role` None: for anybody."""

    method: str
    path: str
    handler: Handler
    role: str | None = "user"
