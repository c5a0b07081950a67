"""``run.py gateway``: the subscribers, which pass what happens on to other systems."""

from typing import Annotated

import typer
from msgspec.structs import asdict

from service.commands import show
from service.commands.desk.act import Json
from service.commands.reach import on_database
from service.gateway import subscriber

app = typer.Typer(
    no_args_is_help=True, help="The gateway: what is passed on to files, RabbitMQ and the like."
)


@app.command("list")
def list_all(*, as_json: Json = False) -> None:
    """List the subscribers that have ever run: how far each has come, and why one fails."""
    found = on_database(subscriber.listed)
    rows = [asdict(line) for line in found]
    show.rows(rows, as_json=as_json, empty="No subscriber has run yet.", width=120)


@app.command()
def replay(
    name: Annotated[str, typer.Argument(help="The subscriber.")],
    after: Annotated[
        int, typer.Option("--from", min=0, help="The position after which it goes on; 0: all.")
    ],
) -> None:
    """Let a subscriber go on after a position: what came then is handled again."""
    on_database(lambda database: subscriber.replay(database, name, after))
    print(f"{name} goes on after position {after}.")
