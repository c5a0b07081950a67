"""``run.py export``: courses and textbooks as files, out of the database that is reachable."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

import typer

from service.commands import progress
from service.commands.reach import opened, reachable
from service.database import Database
from service.gateway import files
from service.gateway.files import CourseFiles
from service.gateway.zipped import zipped
from service.http.parameter import uuid_or_slug
from service.http.token import tenant
from service.projection.projector import advance
from service.projection.tail import Tail
from service.settings import Settings
from service.sql import SQL
from service.textbook.export import Exported, Name, exported
from service.textbook.out import out as out_of

app = typer.Typer(no_args_is_help=True, help="Courses and textbooks as files.")

PAGE = 500
CATCH_UP_SECONDS = 60.0
AGAIN = 0.05
Tenant = Annotated[str, typer.Option("--tenant", help="A tenant's name or id.")]
Out = Annotated[Path, typer.Option("--out", help="The folder to write into; made if missing.")]


@app.command()
def course(
    key: Annotated[str, typer.Argument(metavar="COURSE", help="Its id or its slug.")],
    out: Out,
    to: Annotated[Literal["folder", "zip"], typer.Option("--to", help="What to write.")] = "folder",
    tenant_name: Tenant = "default",
) -> None:
    """Write one course: into a folder called by its slug, or an archive of that folder."""
    wanted = uuid_or_slug(key)
    with reachable() as settings:
        found = asyncio.run(_course(settings, wanted, tenant(tenant_name)))
        written = asyncio.run(_stored(found, out.resolve(), to))
    print(f"{out / written}: version {found.version} of the course.")


@app.command()
def textbook(
    key: Annotated[str, typer.Argument(metavar="TEXTBOOK", help="Its id or its slug.")],
    form: Annotated[Name, typer.Option("--format", help="What to write.")],
    to: Annotated[Path, typer.Option("--to", help="The file, or a folder to put it into.")],
    tenant_name: Tenant = "default",
) -> None:
    """Write what is published of a textbook: docusaurus is a whole site, html a page to print."""
    wanted = uuid_or_slug(key)
    with reachable() as settings:
        made = asyncio.run(_textbook(settings, wanted, tenant(tenant_name), form))
        path = to / made.name if to.is_dir() else to
        asyncio.run(_kept(path.resolve(), made.data))
    print(f"{path}: {len(made.data):,} bytes.")


@app.command()
def courses(
    out: Out,
    tenant_name: Annotated[
        str | None, typer.Option("--tenant", help="Of this tenant only, by name or id.")
    ] = None,
) -> None:
    """Write every course that has an outline, as the service keeps them in COURSE_FILES.

    What is there and the same is left alone, so this also remakes what was deleted there.
    """
    of = tenant(tenant_name) if tenant_name else None
    with reachable() as settings, progress.bar("exporting") as tell:
        done, changed = asyncio.run(_courses(settings, out.resolve(), of, tell))
    print(f"{out}: {done:,} courses, {changed:,} of them written, the others were the same.")


async def _textbook(settings: Settings, key: UUID | str, tenant_id: UUID, form: Name) -> Exported:
    async with opened(settings) as database:
        await caught_up(database)
        book = await out_of(database, tenant_id, key)
    return await exported(book, form, settings.chromium)


async def _kept(path: Path, data: bytes) -> None:
    async with files.opened(path.parent) as folder:
        await files.ended(asyncio.to_thread(folder.store, (), {path.name: data}))


async def _course(settings: Settings, key: UUID | str, tenant_id: UUID) -> CourseFiles:
    async with opened(settings) as database:
        await caught_up(database)
        found = await files.read(database, tenant_id, key)
    if found is None:
        raise ValueError(f"There is no course {key} in this tenant.")
    return found


async def _stored(found: CourseFiles, out: Path, to: str) -> str:
    parts, held, name = [found.name], dict(found.files), found.name
    if to == "zip":
        name = f"{found.name}.zip"
        parts, held = [], {name: zipped({f"{found.name}/{k}": v for k, v in held.items()})}
    async with files.opened(out) as folder:
        await files.ended(asyncio.to_thread(folder.store, parts, held))
    return name


async def _courses(
    settings: Settings, out: Path, tenant_id: UUID | None, tell: progress.Tell
) -> tuple[int, int]:
    done = changed = 0
    async with opened(settings) as database:
        await caught_up(database)
        async for course_id in _ids(database, tenant_id):
            changed += await files.write(database, out, course_id)
            done += 1
            tell(done, 0)
    return done, changed


async def _ids(database: Database, tenant_id: UUID | None) -> AsyncIterator[UUID]:
    after: UUID | None = None
    while rows := await database.fetch(SQL["gateway/course_ids"], tenant_id, after, PAGE):
        for row in rows:
            yield row["id"]
        after = rows[-1]["id"]


async def caught_up(database: Database) -> None:
    """Fold what the log has and the read models have not, as when no service runs.

    Raises ValueError where there are no read models, or they are not brought to the head in time.
    """
    if not await database.fetchval(SQL["gateway/courses_made"]):
        raise ValueError("This database has no courses yet; start the service once: run.py serve.")
    tail = Tail(database)
    try:
        async with asyncio.timeout(CATCH_UP_SECONDS):
            while True:
                if await advance(database, tail):
                    return
                await asyncio.sleep(AGAIN)
    except TimeoutError:
        said = "The read models are far behind the log; see run.py projections list."
        raise ValueError(said) from None
