"""``run.py db``: the database itself."""

import os
import shutil
import subprocess

import typer
from msgspec.structs import replace

from service import dsn, embedded
from service.cluster import BIN
from service.commands.reach import reachable, url_of
from service.settings import load

app = typer.Typer(no_args_is_help=True, help="The database: its URL, a psql on it, its end.")


@app.command()
def url() -> None:
    """Print the connection URL, and nothing else; the embedded server is started and stays."""
    settings = load()
    if settings.database_url is None:
        print(embedded.start(settings.home).dsn)
    else:
        print(dsn.parse(settings.database_url.reveal()).libpq)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def psql(context: typer.Context) -> None:
    """Open psql on the database; arguments go on to psql, such as -c 'TABLE read.courses'."""
    own = BIN / "psql"
    program = str(own) if own.exists() else shutil.which("psql")
    if program is None:
        raise FileNotFoundError("There is no psql on this machine; use the URL of run.py db url.")
    with reachable() as settings:
        target = dsn.parse(url_of(settings))
        said = dict(target.parameters)
        password = said.pop("password", None)  # everybody may read a process's arguments
        environ = os.environ | ({"PGPASSWORD": password} if password else {})
        command = [program, replace(target, parameters=said).libpq, *context.args]
        done = subprocess.run(command, check=False, env=environ)  # noqa: S603 - psql
    raise typer.Exit(done.returncode)


@app.command()
def stop() -> None:
    """Stop the embedded server, unless a service is running on it."""
    settings = load()
    if settings.database_url is not None:
        raise ValueError("DATABASE_URL names a server that is not ours to stop.")
    service = embedded.holder(settings.home)
    if service is not None:
        raise ValueError(f"The service with process id {service} runs on it: stop that instead.")
    embedded.stop(settings.home)
