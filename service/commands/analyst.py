"""``run.py analyst``: read-only logins to the views of one tenant."""

import asyncio
import secrets
import sys
from typing import Annotated, Any, Final

import asyncpg
import typer

from service import dsn
from service.analyst.login import checked, url, verifier
from service.commands import show
from service.commands.desk.act import Actor, Json, Reason, act
from service.commands.reach import opened, reachable, url_of
from service.http.token import tenant
from service.settings import Settings, load
from service.sql import SQL

app = typer.Typer(no_args_is_help=True, help="Analysts: logins that read one tenant's views.")

PASSWORD_BYTES: Final = 24
SALT_BYTES: Final = 16
SECONDS: Final = 60.0
ONCE: Final = "The password in this URL is kept nowhere and not shown again."
TRUSTING: Final = (
    "The embedded server asks nobody for a password, and only the user that it runs as can reach"
    " it: this login shows one tenant's rows, but that user could as well log in as the owner. For"
    " analysts that are kept to their login, run Daybook on a server of its own (DATABASE_URL)."
)

Name = Annotated[str, typer.Argument(help="a-z, 0-9 and _, such as ann_reports.")]
Tenant = Annotated[str, typer.Option("--tenant", help="Whose rows it sees: a tenant's name or id.")]


@app.command()
def create(
    name: Name, tenant_name: Tenant = "default", reason: Reason = None, actor: Actor = None
) -> None:
    """Create a read-only login, and print its URL, once."""
    checked(name)
    deed = act(actor, reason, doing="is it created", optional=True)
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    stored = verifier(password, secrets.token_bytes(SALT_BYTES))
    asked = (name, tenant(tenant_name), stored, deed.reason, deed.metadata)
    trusting = load().database_url is None
    with reachable() as settings:
        asyncio.run(_done(settings, SQL["analyst/create"], *asked))
        print(url(dsn.parse(url_of(settings)), name, password))
    print(ONCE, *([TRUSTING] if trusting else []), sep="\n", file=sys.stderr)


@app.command()
def drop(name: Name, reason: Reason = None, actor: Actor = None) -> None:
    """Drop a login; its sessions are ended at once."""
    deed = act(actor, reason, doing="is it dropped", optional=True)
    with reachable() as settings:
        asked = (name, deed.reason, deed.metadata)
        ended = asyncio.run(_done(settings, SQL["analyst/drop"], *asked))
    print(f"{name} can no longer log in; sessions ended: {ended}.")


@app.command("list")
def list_all(as_json: Json = False) -> None:  # noqa: FBT002 - typer's way of an option
    """List the logins: whose rows each sees, how many sessions it has open, and who created it."""
    with reachable() as settings:
        found = asyncio.run(_listed(settings))
    show.rows(found, as_json=as_json, empty="There are no analysts.")


async def _done(settings: Settings, statement: str, *arguments: Any) -> Any:
    """Return what a change of logins returns. Raises ValueError with what the server objects to."""
    async with opened(settings) as database:
        try:
            return await database.commands.fetchval(statement, *arguments, timeout=SECONDS)
        except asyncpg.PostgresError as error:
            raise ValueError(_sentence(error)) from error


async def _listed(settings: Settings) -> list[dict[str, object]]:
    async with opened(settings) as database:
        return [dict(row) for row in await database.ops.fetch(SQL["analyst/list"])]


def _sentence(error: asyncpg.PostgresError) -> str:
    said = [error.message, error.detail]
    return " ".join(f"{part.rstrip('.')}." for part in said if part)
