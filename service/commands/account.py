"""``run.py account``: the first administrator, and who may log in as what."""

import os
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar, get_args
from uuid import UUID

import asyncpg
import msgspec
import typer
from msgspec.structs import asdict
from uuid_utils.compat import uuid7

from service.account import views
from service.account.claim import CLAIM, EmailTaken, Held, What, normalised
from service.account.commands import Command, Deactivate, GrantRole, Reactivate, Role
from service.account.decider import ACCOUNT, NoSuchAccount
from service.account.password import Passwords
from service.account.registration import Newcomer, claim_id, register
from service.commands import show
from service.commands.desk.act import Actor, Json, Reason, act, terminal
from service.commands.reach import on_database
from service.database import Database
from service.http.token import HOUSE, tenant
from service.log.append import GroupAppender
from service.log.handle import Context, Log
from service.projection.act import Act
from service.settings import told

app = typer.Typer(no_args_is_help=True, help="Accounts: who may log in, and as what.")

T = TypeVar("T")

PASSWORD: Final = "DAYBOOK_ADMIN_PASSWORD"  # noqa: S105 - the name of a variable
ROLES: Final[tuple[Role, ...]] = get_args(Role)
MOST: Final = 10_000
"""Accounts in one list."""

Account = Annotated[str, typer.Argument(help="Its e-mail address, username or id.")]
Tenant = Annotated[str, typer.Option("--tenant", help="A tenant's name or id.")]


@app.command("create-admin")
def create_admin(
    *,
    email: Annotated[str | None, typer.Option(help="Asked for, if not given.")] = None,
    username: Annotated[str | None, typer.Option(help="To log in by, beside the address.")] = None,
    tenant_name: Tenant = "default",
    actor: Actor = None,
    as_json: Json = False,
) -> None:
    """Create an administrator's account.

    The password is asked for, twice, or read from DAYBOOK_ADMIN_PASSWORD.
    Nothing is changed where the administrator is there already.
    """
    address = email or asked("E-mail address", "Give --email: the address to log in by.")
    why = act(actor, None, doing="it is created", optional=True)
    context = _context(why, tenant_name)

    async def created(log: Log) -> tuple[UUID, bool]:
        found = await known(log, context.tenant_id, address)
        if found is not None:
            return await administrator(log, context.tenant_id, found, address), False
        newcomer = Newcomer(
            account=uuid7(),
            on=datetime.now(UTC).date(),
            email=address,
            password=chosen(os.environ),
            username=username,
            role="admin",
        )
        return (await register(log, Passwords(), context, newcomer)).versions[0][0], True

    account, fresh = on_log(created)
    said = f"{address} is an administrator of {tenant_name}"
    told = f"{said}, with the id {account}." if fresh else f"{said} already; nothing was changed."
    _tell({"id": account, "email": address, "created": fresh}, told, as_json=as_json)


@app.command("list")
def list_all(
    *,
    tenant_name: Tenant = "default",
    role: Annotated[str | None, typer.Option(help="Those of this role alone.")] = None,
    as_json: Json = False,
) -> None:
    """List the accounts of a tenant, newest first; erased ones are left out."""
    wanted = None if role is None else role_of(role)
    try:
        found = on_database(
            lambda database: views.page(database, tenant(tenant_name), role=wanted, limit=MOST)
        )
    except asyncpg.UndefinedTableError:
        raise ValueError(
            "There is no list yet: the first start of run.py serve makes it."
        ) from None
    rows = [asdict(each) for each in found]
    show.rows(rows, as_json=as_json, empty=f"There are no accounts in {tenant_name}.")


@app.command()
def deactivate(
    account: Account,
    *,
    tenant_name: Tenant = "default",
    reason: Reason = None,
    actor: Actor = None,
    as_json: Json = False,
) -> None:
    """Let nobody log in to an account; who is in is out within a minute."""
    why = act(actor, reason, doing="it is deactivated")
    wanted = Deactivate(why.reason, why.actor)
    _do(account, wanted, why, tenant_name, "{} is deactivated.", as_json=as_json)


@app.command()
def reactivate(
    account: Account,
    *,
    tenant_name: Tenant = "default",
    reason: Reason = None,
    actor: Actor = None,
    as_json: Json = False,
) -> None:
    """Let the person log in again."""
    why = act(actor, reason, doing="it is reactivated")
    wanted = Reactivate(why.reason)
    _do(account, wanted, why, tenant_name, "{} may log in again.", as_json=as_json)


@app.command("role")
def grant(
    account: Account,
    role: Annotated[str, typer.Argument(help="user, analyst, operator or admin.")],
    *,
    tenant_name: Tenant = "default",
    reason: Reason = None,
    actor: Actor = None,
    as_json: Json = False,
) -> None:
    """Give an account another role; its person logs in again to have it."""
    wanted = role_of(role)
    why = act(actor, reason, doing="its role is changed")
    granted = GrantRole(wanted, why.actor, tenant(tenant_name) == HOUSE, why.reason)
    _do(account, granted, why, tenant_name, "{} has the role " + role + ".", as_json=as_json)


def role_of(text: str) -> Role:
    """Return a role by its name. Raises ValueError."""
    for role in ROLES:
        if role == text:
            return role
    raise ValueError(f"A role is one of {', '.join(ROLES)}.")


def asked(what: str, otherwise: str) -> str:
    """Return what somebody types at the terminal. Raises ValueError, with `otherwise`."""
    if not terminal():
        raise ValueError(otherwise)
    return str(typer.prompt(what, err=True))


def chosen(environ: Mapping[str, str]) -> str:
    """Return the password: that of the environment, else what is typed twice, unseen."""
    if given := environ.get(PASSWORD) or told({}, Path(".env")).get(PASSWORD):
        return given
    if not terminal():
        raise ValueError(f"Set {PASSWORD}, or run this at a terminal to type the password.")
    return str(typer.prompt("Password", err=True, hide_input=True, confirmation_prompt=True))


async def known(log: Log, tenant_id: UUID, name: str) -> UUID | None:
    """Return the account that has an e-mail address or a username, if any."""
    what: What = "email" if "@" in normalised(name) else "username"
    state = (await log.load(CLAIM, claim_id(tenant_id, what, name), tenant_id)).state
    return state.account if isinstance(state, Held) else None


async def administrator(log: Log, tenant_id: UUID, account: UUID, address: str) -> UUID:
    """Return the account if it is an administrator's. Raises EmailTaken."""
    state = (await log.load(ACCOUNT, account, tenant_id)).state
    role = getattr(state, "role", "")
    if role != "admin":
        raise EmailTaken(
            f"{address} has an account already, with the role {role};"
            f" run.py account role {address} admin makes it an administrator's."
        )
    return account


async def found(log: Log, tenant_id: UUID, name: str) -> UUID:
    """Return the id of an account by address, username or id. Raises NoSuchAccount."""
    account = await known(log, tenant_id, name)
    if account is not None:
        return account
    try:
        return UUID(name)
    except ValueError:
        raise NoSuchAccount(f"There is no account of the name {name} here.") from None


def _do(
    name: str, wanted: Command, why: Act, tenant_name: str, said: str, *, as_json: bool
) -> None:
    context = _context(why, tenant_name)

    async def done(log: Log) -> tuple[UUID, int, bool]:
        account = await found(log, context.tenant_id, name)
        receipt = await log.handle(ACCOUNT, account, wanted, context)
        return account, receipt.versions[0][1], receipt.changed

    account, version, changed = on_log(done)
    told = said.format(name) if changed else f"{said.format(name)} It was so already."
    _tell({"id": account, "version": version, "changed": changed}, told, as_json=as_json)


def on_log(work: Callable[[Log], Awaitable[T]]) -> T:
    """Return what `work` returns when it is given the log."""

    async def worked(database: Database) -> T:
        appender = GroupAppender(database.connect)
        try:
            return await work(Log(database, appender))
        finally:
            await appender.close()

    return on_database(worked)


def _context(why: Act, tenant_name: str) -> Context:
    return Context(tenant(tenant_name), why.actor, why.correlation_id)


def _tell(facts: dict[str, Any], told: str, *, as_json: bool) -> None:
    print(msgspec.json.format(msgspec.json.encode(facts)).decode() if as_json else told)
