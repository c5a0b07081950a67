"""``run.py service-token``: tokens for machines, kept to scopes, listed and revocable."""

import secrets
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

import typer
from msgspec.structs import asdict
from uuid_utils.compat import uuid7

from service.commands import show
from service.commands.desk.act import Actor, Json, Reason, act
from service.commands.reach import on_database
from service.commands.span import span
from service.database import Database
from service.http.token import tenant
from service.log.append import GroupAppender
from service.log.handle import Context, Log
from service.projection.act import Act
from service.service_token import views
from service.service_token.decider import ROLES, SERVICE_TOKEN, RevokeServiceToken
from service.service_token.issue import Asked, shown
from service.service_token.issue import issue as issued
from service.service_token.text import SECRET
from service.service_token.views import ServiceTokenView
from service.sql import SQL

app = typer.Typer(no_args_is_help=True, help="Service tokens: what machines call with.")

T = TypeVar("T")

ONCE = "It is shown this once: only a hash of it is kept."
MOST = 10_000
"""Service tokens in one list."""

Tenant = Annotated[str, typer.Option("--tenant", help="A tenant's name or id.")]


@app.command()
def issue(
    name: Annotated[str, typer.Argument(help="What it is for, such as “textbook site”.")],
    scopes: Annotated[list[str], typer.Option("--scope", help="Such as courses:read or *:read.")],
    *,
    role: Annotated[str, typer.Option(help=f"One of {', '.join(ROLES)}.")] = "user",
    ttl: Annotated[str, typer.Option(help="How long it lasts, up to 365d.")] = "90d",
    tenant_name: Tenant = "default",
    actor: Actor = None,
) -> None:
    """Issue a service token, and print it, once."""
    if role not in ROLES:
        raise ValueError(f"A service token's role is one of {', '.join(ROLES)}.")
    token, secret = uuid7(), secrets.token_bytes(SECRET)
    asked = Asked(name, role, scopes, datetime.now(UTC), span(ttl))
    why = act(actor, None, doing="it is issued", optional=True)
    receipt = _on_log(lambda log: issued(log, asked, _context(why, tenant_name), token, secret))
    print(shown(receipt, token, secret))
    print(f"Its id is {token}, and it ends on {asked.now + asked.ttl:%Y-%m-%d}.", file=sys.stderr)
    print(ONCE, file=sys.stderr)


@app.command("list")
def list_all(*, tenant_name: Tenant = "default", as_json: Json = False) -> None:
    """List a tenant's service tokens, newest first; no secret is among it."""
    whose = tenant(tenant_name)
    found = on_database(lambda database: _listed(database, whose))
    rows = [asdict(each) if as_json else _row(each) for each in found]
    show.rows(rows, as_json=as_json, empty="There are no service tokens.")


@app.command()
def revoke(
    token: Annotated[UUID, typer.Argument(help="Its id, as service-token list shows it.")],
    *,
    tenant_name: Tenant = "default",
    reason: Reason = None,
    actor: Actor = None,
) -> None:
    """Revoke a service token: within seconds it is refused everywhere."""
    why = act(actor, reason, doing="it is revoked")
    context = _context(why, tenant_name)
    command = RevokeServiceToken(why.reason)
    receipt = _on_log(lambda log: log.handle(SERVICE_TOKEN, token, command, context))
    print(f"{token} is revoked." if receipt.changed else f"{token} was revoked already.")


async def _listed(database: Database, tenant_id: UUID) -> list[ServiceTokenView]:
    """Return a tenant's service tokens; say so where the read models may not hold them all."""
    rows = await database.ops.fetch(SQL["projection/freshness"])
    behind = {row["name"]: row["lag"] for row in rows}.get("service_token")
    if behind is None:
        raise ValueError("The read models have not been built yet: start the service, once.")
    if behind:
        print(f"What the last {behind} events say is not in it yet.", file=sys.stderr)
    return await views.page(database, tenant_id, before=None, limit=MOST)


def _context(why: Act, tenant_name: str) -> Context:
    return Context(tenant(tenant_name), why.actor, why.correlation_id)


def _on_log(work: Callable[[Log], Awaitable[T]]) -> T:
    """Return what `work` returns when it is given the log."""

    async def worked(database: Database) -> T:
        appender = GroupAppender(database.connect)
        try:
            return await work(Log(database, appender))
        finally:
            await appender.close()

    return on_database(worked)


def _row(found: ServiceTokenView) -> dict[str, Any]:
    ended = found.expires_at <= datetime.now(UTC)
    return {
        "id": found.id,
        "name": found.name,
        "role": found.role,
        "scopes": " ".join(found.scopes),
        "state": "revoked" if found.revoked_at else "expired" if ended else "good",
        "until": f"{found.expires_at:%Y-%m-%d}",
        "issued by": found.issued_by,
    }
