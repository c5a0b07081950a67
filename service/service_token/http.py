"""Service tokens over HTTP: issued, listed and revoked by those who administer a tenant."""

import secrets
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal
from uuid import UUID

from msgspec import Meta, Struct

from service.account.discreet import Discreet
from service.http import paging
from service.http.body import Nothing
from service.http.call import Answer, Call, Committed, committed, receipt_headers
from service.http.paging import Page, Paged
from service.service_token import decider, views
from service.service_token.decider import LONGEST, LONGEST_NAME, MOST_SCOPES, SERVICE_TOKEN
from service.service_token.issue import Asked, issue, shown
from service.service_token.scope import UnknownScope
from service.service_token.text import SECRET
from service.service_token.views import ServiceTokenView

ISSUED: Final = (UnknownScope, decider.HouseOnly, decider.BadServiceToken)
REVOKED: Final = (decider.NoSuchServiceToken,)
"""What may stand in the way."""

DAY: Final = 86_400

Scope = Annotated[str, Meta(min_length=1, max_length=100, examples=["courses:read"])]


class NewServiceToken(Struct, frozen=True, forbid_unknown_fields=True):
    """What a machine's token is to be called and good for; `expires_in` is in seconds.

    A scope is what a route is about and `read` or `write`, such as `courses:read`. Wildcards are
    `*`, `*:read` and `courses:*`: they take in what comes later, as far as the role allows it.
    """

    name: Annotated[
        str, Meta(min_length=1, max_length=LONGEST_NAME, pattern=r"\S", examples=["textbook site"])
    ]
    scopes: Annotated[list[Scope], Meta(min_length=1, max_length=MOST_SCOPES)]
    role: Literal["user", "analyst", "operator"] = "user"
    expires_in: Annotated[int, Meta(ge=60, le=LONGEST.days * DAY)] = 90 * DAY


class Shown(Discreet, frozen=True):
    """A service token, this once; `token` is null where an earlier request with this key got it."""

    id: UUID
    version: int
    position: int
    expires_at: datetime | None
    token: str | None


class Revocation(Struct, frozen=True, forbid_unknown_fields=True):
    """Why a token is revoked."""

    reason: Annotated[str, Meta(max_length=500, examples=["It was in a public repository."])] = ""


async def create(call: Call[NewServiceToken, Nothing]) -> Answer[Shown]:
    """Issue a service token, and show it, once: only a hash of it is kept.

    Where the answer is lost, a repeated request with its `Idempotency-Key` issues no second token,
    and cannot show the first: `token` is null. Revoke that one and ask anew, with another key.
    """
    of, log, body = call.resources, call.resources.log, call.body
    token, secret, ttl = (
        of.new_id(),
        secrets.token_bytes(SECRET),
        timedelta(seconds=body.expires_in),
    )
    asked = Asked(body.name, body.role, body.scopes, of.now(), ttl)
    receipt = await issue(log, asked, call.context, token, secret)
    [(issued, version)] = receipt.versions
    text = shown(receipt, token, secret)
    expires_at = None if text is None else asked.now + ttl
    value = Shown(issued, version, receipt.position, expires_at, text)
    location = f"/api/v1/service-tokens/{issued}"
    return Answer(value, receipt_headers(receipt, version, location))


async def browse(call: Call[Nothing, Paged]) -> Answer[Page[ServiceTokenView]]:
    """List service tokens, newest first, those that have ended too; no secret is among it."""
    rows = await views.page(
        call.resources.database,
        call.tenant_id,
        before=paging.after(call, tuple[datetime, UUID]),
        limit=call.query.limit + 1,
    )
    return paging.page(call, rows, lambda row: (row.issued_at, row.id))


async def revoke(call: Call[Revocation, Nothing]) -> Answer[Committed]:
    """Revoke a service token: within seconds it is refused everywhere."""
    command = decider.RevokeServiceToken(call.body.reason.strip())
    receipt = await call.resources.log.handle(
        SERVICE_TOKEN,
        call.path["service_token"],
        command,
        call.context,
        expected_version=call.expected_version,
    )
    return committed(receipt)
