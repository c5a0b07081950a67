"""Erasing an account: the person is forgotten, the address and the username are anybody's again."""

import re
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct

from service.account.claim import CLAIM, ReleaseClaim, What
from service.account.commands import Erase
from service.account.decider import ACCOUNT, Active, Inactive
from service.account.registration import claim_id
from service.database import Database
from service.log import erase as erasing
from service.log.commit import Conflict, Receipt, StaleVersion
from service.log.erase import Erasure
from service.log.handle import DECISIONS, Context, Loaded, Log, Write
from service.log.needle import Value
from service.log.scan import Person
from service.refusal import Invalid

SHORT: Final = 3
"""Texts of so few characters say nothing about a reason."""


class ReasonTellsTooMuch(Invalid):
    """The reason is kept for good, so it must not say what is to be forgotten of the person."""


class Done(Struct, frozen=True):
    """What a command to erase has done; `erasure` is None where it was done before."""

    receipt: Receipt
    erasure: Erasure | None = None
    values: Sequence[Value] = ()


async def erase(
    database: Database,
    log: Log,
    context: Context,
    account: UUID,
    reason: str,
    *,
    expected_version: int | None = None,
) -> Done:
    """Erase the person of an account of the context's tenant, once.

    `expected_version` is If-Match's. Raises NoSuchAccount, ReasonTellsTooMuch, StaleVersion,
    NotFound, Conflict, KeyReused, Unavailable.
    """
    for _ in range(DECISIONS):
        loaded = await log.load(ACCOUNT, account, context.tenant_id)
        if expected_version not in (None, loaded.version):
            raise StaleVersion(current_version=loaded.version)
        events = ACCOUNT.decide(Erase(), loaded.state)
        if not events:
            same = Receipt(loaded.position, ((account, loaded.version),), changed=False)
            return Done(await log.receipt(context) or same)
        claims = await released(log, context.tenant_id, account, loaded)
        person = Person(account, [account, *claims], context.tenant_id)
        values = await erasing.values_of(database, person.subjects)
        discreet(reason, values)
        writes = [
            Write(ACCOUNT, account, loaded.version, events),
            *(write for write in claims.values() if write.events),
        ]
        try:
            done = await erasing.erase(database, context, person, writes, reason)
        except Conflict:
            continue
        for write in writes:  # so that this process forgets too
            await log.load(write.decider, write.stream_id, context.tenant_id)
        position = done.position + len(writes)
        return Done(Receipt(position, ((account, loaded.version + 1),)), done, values)
    raise Conflict


async def released(log: Log, tenant_id: UUID, account: UUID, loaded: Loaded) -> dict[UUID, Write]:
    """Return how the claims of an account end, by their streams."""
    state = loaded.state
    held: list[tuple[What, str | None]] = []
    if isinstance(state, Active | Inactive):
        held = [("email", state.email), ("username", state.username)]
    writes = {}
    for what, value in held:
        if value:
            stream_id = claim_id(tenant_id, what, value)
            claim = await log.load(CLAIM, stream_id, tenant_id)
            events = CLAIM.decide(ReleaseClaim(account), claim.state)
            writes[stream_id] = Write(CLAIM, stream_id, claim.version, events)
    return writes


def discreet(reason: str, values: Sequence[Value]) -> None:
    """Raise `ReasonTellsTooMuch` where the reason holds something that is to be forgotten."""
    folded = reason.casefold()
    for value in values:
        text = value.text.casefold()
        if len(text) >= SHORT and re.search(rf"(?<!\w){re.escape(text)}(?!\w)", folded):
            raise ReasonTellsTooMuch
