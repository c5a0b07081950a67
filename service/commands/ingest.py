"""``run.py ingest``: source documents from files."""

import sys
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from rich.console import Console
from rich.progress import Progress
from uuid_utils.compat import uuid7

from service.commands.reach import opened
from service.library.ingest import Row, files
from service.library.ingest import ingest as ingested
from service.log.append import GroupAppender
from service.log.handle import Context, Log
from service.settings import Settings

TROUBLE = ("refused", "skipped")


async def ingest(settings: Settings, paths: Sequence[Path], prefix: str, tenant_id: UUID) -> int:
    """Add the files at and below `paths`, tell what became of each, and return how many failed."""
    listed = files(paths)
    context = Context(tenant_id, "operator", uuid7())
    async with opened(settings) as database:
        appender = GroupAppender(database.connect)
        with Progress(transient=True, console=Console(stderr=True)) as bar:
            task = bar.add_task("reading", total=len(listed))

            def tell(row: Row) -> None:
                told = f"{row.outcome} {row.path}" + (f": {row.reason}" if row.reason else "")
                print(told, file=sys.stderr if row.outcome in TROUBLE else sys.stdout)
                bar.advance(task)

            report = await ingested(
                Log(database, appender), listed, context, prefix=prefix, tell=tell
            )
        await appender.close()
    if len(listed) > 1:
        print(", ".join(f"{n} {outcome}" for outcome, n in sorted(report.counts.items())))
    return report.counts["refused"]
