"""``run.py adopt``: moving in from another system."""

import asyncio
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from msgspec import Struct
from uuid_utils.compat import uuid7

from service.adopt.adopt import Adoption, Row, in_files, in_tables
from service.commands import progress
from service.commands.adopt_docusaurus import docusaurus
from service.commands.export import caught_up
from service.commands.reach import opened, reachable
from service.course import views
from service.database import Database
from service.http.token import tenant
from service.log.append import GroupAppender
from service.log.handle import Context, Log
from service.settings import Settings
from service.sql import SQL

app = typer.Typer(no_args_is_help=True, help="Moving in: what another system had made.")
app.command()(docusaurus)

TROUBLE = ("refused", "skipped")


class Wish(Struct, frozen=True):
    """What to take over: the courses of a folder, or of a database; into which tenant."""

    folder: Path | None
    database: str
    context: Context
    user: str
    dry: bool


@app.callback()
def group() -> None:
    """Moving in: what another system had made."""


@app.command()
def courses(
    folder: Annotated[
        Path | None,
        typer.Argument(help="The old courses folder.", exists=True, file_okay=False),
    ] = None,
    *,
    database: Annotated[
        str, typer.Option(envvar="ADOPT_DATABASE_URL", help="The old database instead, as a URL.")
    ] = "",
    user: Annotated[str, typer.Option(help="Whose the courses are that name no user.")] = "",
    tenant_name: Annotated[
        str, typer.Option("--tenant", help="Into this tenant, by name or id.")
    ] = "default",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, a line a course.")] = False,
) -> None:
    """Take over the courses of the old course generator, with their ids, slugs and times.

    What is here already is left alone, so this can be repeated while the old one still runs.
    """
    if (folder is None) == (not database):
        raise ValueError("Name the old courses folder, or the old database by --database.")
    context = Context(tenant(tenant_name), "operator", uuid7())
    wish = Wish(folder, database, context, user.strip(), dry_run)
    with reachable() as settings:
        rows = asyncio.run(_adopted(settings, wish, as_json=as_json))
    counts = Counter(row.outcome for row in rows)
    if not as_json:
        said = ", ".join(f"{n:,} {outcome}" for outcome, n in counts.items())
        print((said or "There are no courses") + (" (nothing was changed)" if dry_run else ""))
    if counts["refused"]:
        raise ValueError(f"{counts['refused']} could not be taken over; all others were.")


async def _adopted(settings: Settings, wish: Wish, *, as_json: bool) -> Sequence[Row]:
    rows: list[Row] = []
    async with opened(settings) as database:
        appender = GroupAppender(database.connect)
        log = Log(database, appender)
        adoption = Adoption(log, database, wish.context, user=wish.user, dry=wish.dry)
        found = in_files(wish.folder) if wish.folder else in_tables(wish.database)
        with progress.bar("moving in") as tell:
            async with aclosing(found):
                async for known_as, of, course in found:
                    rows.append(await adoption.take(known_as, course))
                    tell(len(rows), of)
                    _say(rows[-1], as_json=as_json)
        await appender.close()
        if not as_json and not wish.dry:
            await _slugs(database, wish.context, rows)
    return rows


def _say(row: Row, *, as_json: bool) -> None:
    if as_json:
        print(msgspec.json.encode(row).decode())
        return
    said = f"{row.outcome} {row.slug or row.known_as}"
    if row.outcome in ("adopted", "completed"):
        said += f": {row.lessons} of {row.total_lessons} lessons"
    said += f": {row.reason}" if row.reason else ""
    print(said, file=sys.stderr if row.outcome in TROUBLE else sys.stdout)


async def _slugs(database: Database, context: Context, rows: Sequence[Row]) -> None:
    """Tell of the courses that another had taken the slug of, once they can be read."""
    if not await database.fetchval(SQL["gateway/courses_made"]):
        return
    await caught_up(database)
    for row in rows:
        if row.outcome == "adopted" and row.slug and row.id:
            course = await views.course(database, context.tenant_id, row.id)
            if course is not None and course.slug not in (None, row.slug):
                print(f"{row.slug} is called {course.slug} here.", file=sys.stderr)
