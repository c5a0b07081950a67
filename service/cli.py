"""The command line; a group of commands is a module of ``service.commands``."""

import asyncio
import logging
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
import uvloop
from msgspec.structs import replace
from typer.core import TyperGroup

from service import embedded, masking, process
from service import settings as variables
from service.commands import (
    account,
    adopt,
    amqp,
    analyst,
    budget,
    db,
    export,
    gateway,
    keys,
    log,
    migrate,
    price,
    projections,
    service_token,
    show,
)
from service.commands import tenant as tenants
from service.commands.ingest import ingest as ingested
from service.commands.reach import reachable
from service.commands.span import span
from service.commands.welcome import welcome
from service.http.token import ROLES, Principal, rank, tenant
from service.refusal import Unavailable
from service.settings import Secret, Settings, load

Tenant = Annotated[str, typer.Option("--tenant", help="A tenant's name or id.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class Sentences(TyperGroup):
    """A group whose failures are one sentence on stderr and a status of 1."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; LOG_LEVEL=debug shows where an error came from."""
        logging.getLogger().addHandler(logging.NullHandler())
        sys.excepthook = masking.excepthook
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort, typer.TyperException, BrokenPipeError):
            raise
        except Exception as error:
            if os.environ.get("LOG_LEVEL", "").lower() == "debug":
                raise
            because = error.__cause__ if isinstance(error, Unavailable) else None
            said = f"{error}" + (f" ({because})" if because else "")
            typer.echo(masking.masked(said), err=True)
            raise typer.Exit(1) from None


app = typer.Typer(
    cls=Sentences,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Daybook: the book of record for AI-generated learning content.",
)
app.add_typer(db.app, name="db")
app.add_typer(migrate.app, name="migrate")
app.add_typer(projections.app, name="projections")
app.add_typer(log.app, name="log")
app.add_typer(analyst.app, name="analyst")
app.add_typer(account.app, name="account")
app.add_typer(keys.app, name="keys")
app.add_typer(export.app, name="export")
app.add_typer(adopt.app, name="adopt")
app.add_typer(tenants.app, name="tenant")
app.add_typer(service_token.app, name="service-token")
app.add_typer(price.app, name="prices")
app.add_typer(budget.app, name="budget")
app.add_typer(gateway.app, name="gateway")
app.add_typer(amqp.app, name="amqp")


@app.command()
def serve(
    roles: Annotated[str, typer.Option(help="Which of them, by commas.")] = ",".join(process.ROLES),
    port: Annotated[
        int | None, typer.Option(help="Instead of DAYBOOK_PORT.", min=0, max=65535)
    ] = None,
    host: Annotated[str | None, typer.Option(help="Instead of DAYBOOK_HOST.")] = None,
) -> None:
    """Run the service until SIGTERM or Ctrl-C; what is in flight is finished first."""
    settings = load()
    wanted = [role.strip() for role in roles.split(",") if role.strip()]
    unknown = set(wanted) - set(process.ROLES)
    if unknown or not wanted:
        raise ValueError(f"A role is one of {', '.join(process.ROLES)}.")
    where = (host or settings.host, settings.port if port is None else port)
    masking.install(settings.log_level.upper())
    if settings.log_level != "debug":
        logging.getLogger("yoyo").setLevel(logging.WARNING)  # it tells of every statement
    if settings.database_url is not None:
        _serve(settings, wanted, *where, own=False)
    else:
        with embedded.serving(settings.home) as server:
            named = replace(settings, database_url=Secret(server.dsn))
            _serve(named, wanted, *where, own=True)


def _serve(settings: Settings, roles: list[str], host: str, port: int, *, own: bool) -> None:
    def announce(bound: int) -> None:
        print(welcome(settings, host, bound, embedded=own), flush=True)

    uvloop.run(process.run(settings, roles, host, port, announce))


@app.command()
def token(
    role: Annotated[str, typer.Option(help=f"One of {', '.join(reversed(ROLES))}.")] = "admin",
    tenant_name: Tenant = "default",
    ttl: Annotated[str, typer.Option(help="How long it lasts, such as 30m, 1h or 7d.")] = "1h",
) -> None:
    """Print a bearer token, and nothing else."""
    house = rank(role) >= rank("operator")
    principal = Principal(tenant(tenant_name), "operator", role, house=house)
    print(keys.minted(principal, span(ttl)))


@app.command()
def ingest(
    paths: Annotated[list[Path], typer.Argument(help="Files, or folders of files.", exists=True)],
    prefix: Annotated[str, typer.Option(help="Put before each path, such as biology/.")] = "",
    tenant_name: Tenant = "default",
) -> None:
    """Add source documents; what is unchanged is skipped, a bad file is reported."""
    with reachable() as settings:
        failed = asyncio.run(ingested(settings, paths, prefix, tenant(tenant_name)))
    if failed:
        raise ValueError(f"{failed} of the files could not be added; the others were.")


@app.command("settings")
def list_settings(
    as_json: Json = False,  # noqa: FBT002 - typer's way of an option
) -> None:
    """List the environment variables: what is set, the default, and the meaning."""
    show.rows(variables.listing(os.environ, Path(".env")), as_json=as_json, empty="")


@app.command()
def bench(
    only: Annotated[str | None, typer.Option(help="Measure this bar alone.")] = None,
    size: Annotated[str, typer.Option(help="How much to measure with.")] = "usual",
) -> None:
    """Measure the bars; this is what make bench runs."""
    from bench.__main__ import run  # noqa: PLC0415 - it needs what only developers install

    raise typer.Exit(run(only, size))
