"""``run.py migrate``: the schema of the log and of the queue."""

from typing import Annotated

import typer
from msgspec.structs import asdict

from service import migrate
from service.commands import show
from service.commands.reach import reachable, url_of

app = typer.Typer(no_args_is_help=True, help="Migrations: plain SQL, locked, checksummed.")

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
To = Annotated[str | None, typer.Option(help="The last migration to leave applied, by its number.")]


@app.command()
def up(to: To = None) -> None:
    """Apply what is pending."""
    with reachable(migrated=False) as settings:
        applied = migrate.up(url_of(settings), to=to)
    print("\n".join(applied) or "Nothing was pending.")


@app.command()
def down(
    to: To = None,
    every: Annotated[bool, typer.Option("--all", help="Roll back all of them.")] = False,  # noqa: FBT002
) -> None:
    """Roll back the latest migration, or those after --to; a log with events stays."""
    with reachable(migrated=False) as settings:
        undone = migrate.down(url_of(settings), to="" if every else to)
    print("\n".join(undone) or "Nothing was applied.")


@app.command()
def status(as_json: Json = False) -> None:  # noqa: FBT002 - typer's way of an option
    """List each migration with its state: applied, pending, changed or unknown."""
    with reachable(migrated=False) as settings:
        found = [asdict(migration) for migration in migrate.status(url_of(settings))]
    show.rows(found, as_json=as_json, empty="There are no migrations.")


@app.command()
def history(as_json: Json = False) -> None:  # noqa: FBT002 - typer's way of an option
    """List what was done to the schema, when, by whom and where, oldest first."""
    with reachable(migrated=False) as settings:
        found = migrate.history(url_of(settings))
    show.rows(found, as_json=as_json, empty="Nothing has been done yet.")
