"""Issuing a service token: whoever asks is shown its text once, and a hash of it is kept."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from service.http.token import HOUSE
from service.log.commit import Receipt
from service.log.handle import Context, Log
from service.service_token.decider import SERVICE_TOKEN, IssueServiceToken
from service.service_token.scope import checked
from service.service_token.text import hashed, written


class Asked(Struct, frozen=True):
    """What a service token is to be called, and what it is to be good for, from when to when."""

    name: str
    role: str
    scopes: Sequence[str]
    now: datetime
    ttl: timedelta


async def issue(log: Log, asked: Asked, context: Context, token: UUID, secret: bytes) -> Receipt:
    """Issue a service token of the context's tenant.

    Where the context's key was used for it before, the receipt is that of then, and `secret` proves
    nothing. Raises `UnknownScope`, `BadServiceToken`, `HouseOnly`, and what appending raises.
    """
    command = IssueServiceToken(
        token=token,
        name=asked.name,
        role=asked.role,
        scopes=checked(asked.scopes, asked.role),
        issued_at=asked.now,
        expires_at=asked.now + asked.ttl,
        secret_hash=hashed(secret),
        house=context.tenant_id == HOUSE,
    )
    return await log.handle(SERVICE_TOKEN, token, command, context)


def shown(receipt: Receipt, token: UUID, secret: bytes) -> str | None:
    """Return the text to show, None where the token was issued by an earlier request."""
    return None if receipt.duplicate else written(token, secret)
