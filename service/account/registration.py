"""Registering: an account and what only it may have, in one commit or not at all."""

from contextlib import suppress
from datetime import date
from typing import Final
from uuid import UUID

from service.account.claim import CLAIM, MakeClaim, What, normalised
from service.account.commands import Register, Role
from service.account.decider import ACCOUNT
from service.account.discreet import Discreet
from service.account.password import Passwords
from service.log.claim import claimed
from service.log.commit import Conflict, Receipt
from service.log.handle import Context, Log, Write
from service.refusal import Refusal

ATTEMPTS: Final = 10
"""How often the claims are looked at again when others have claimed meanwhile."""


class Newcomer(Discreet, frozen=True, kw_only=True):
    """Who wants an account, on which day."""

    account: UUID
    on: date
    email: str
    password: str
    username: str | None = None
    name: str | None = None
    birthdate: date | None = None
    role: Role = "user"


def claim_id(tenant_id: UUID, what: What, value: str) -> UUID:
    """Return the stream that stands for an e-mail address or a username within a tenant."""
    return claimed(tenant_id, what, normalised(value))


async def register(log: Log, passwords: Passwords, context: Context, newcomer: Newcomer) -> Receipt:
    """Open an account for `newcomer`; the receipt's first stream is the account.

    The password is hashed once all that is cheaper was looked at. Raises EmailTaken,
    UsernameTaken, BadEmail, BadUsername, BadBirthdate, PasswordLength, WeakPassword,
    PasswordsBusy, KeyReused, Unavailable.
    """
    try:
        return await _registered(log, passwords, context, newcomer)
    except Refusal:
        if receipt := await log.receipt(context):
            return receipt
        raise


async def _registered(
    log: Log, passwords: Passwords, context: Context, newcomer: Newcomer
) -> Receipt:
    ACCOUNT.decide(_wanted(newcomer, ""), ACCOUNT.initial)
    await claims(log, context.tenant_id, newcomer)
    personal = (newcomer.email, newcomer.username, newcomer.name)
    await passwords.weigh(newcomer.password, *personal)
    wanted = _wanted(newcomer, await passwords.hash(newcomer.password))
    opened = Write(ACCOUNT, newcomer.account, 0, ACCOUNT.decide(wanted, ACCOUNT.initial))
    for _ in range(ATTEMPTS):
        claimed = await claims(log, context.tenant_id, newcomer)
        with suppress(Conflict):
            return await log.append(context, opened, *claimed)
    raise Conflict


async def claims(log: Log, tenant_id: UUID, newcomer: Newcomer) -> list[Write]:
    """Return the claims that an account begins with. Raises EmailTaken, UsernameTaken."""
    wanted: list[tuple[What, str | None]] = [
        ("email", newcomer.email),
        ("username", newcomer.username),
    ]
    writes = []
    for what, value in wanted:
        if value is None:
            continue
        stream_id = claim_id(tenant_id, what, value)
        loaded = await log.load(CLAIM, stream_id, tenant_id)
        events = CLAIM.decide(MakeClaim(newcomer.account, what), loaded.state)
        writes.append(Write(CLAIM, stream_id, loaded.version, events))
    return writes


def _wanted(newcomer: Newcomer, password_hash: str) -> Register:
    return Register(
        account=newcomer.account,
        email=newcomer.email,
        password_hash=password_hash,
        on=newcomer.on,
        username=newcomer.username,
        name=newcomer.name,
        birthdate=newcomer.birthdate,
        role=newcomer.role,
    )
