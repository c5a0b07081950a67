"""``run.py projections``: the operators' desk of the read models, command by command."""

from typing import Final

import typer

from service.commands.desk import listing, parked, part, past, rebuild, steer

app: Final = typer.Typer(
    no_args_is_help=True, help="Projections: how they stand, building and swapping them."
)

app.command("list")(listing.list_all)
app.command()(rebuild.rebuild)
app.command()(rebuild.diff)
app.command()(steer.swap)
app.command()(steer.rollback)
app.command()(steer.pause)
app.command()(steer.resume)
app.command()(steer.drop)
app.command()(steer.reset)
app.add_typer(parked.app, name="parked")
app.command("as-of")(past.as_of)
app.command()(part.replay)
app.command()(part.explain)
app.command()(listing.history)
