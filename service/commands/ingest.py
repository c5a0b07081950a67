"""``run.py ingest``: source documents from files."""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from uuid import UUID

from msgspec.structs import asdict
from rich.progress import track
from uuid_utils.compat import uuid7

from service.commands.reach import opened
from service.library.decider import SOURCE, AddSource, source_id
from service.library.intake import prepare
from service.log.append import GroupAppender
from service.log.handle import Context, Log
from service.refusal import Refusal
from service.settings import Settings


async def ingest(settings: Settings, paths: Sequence[Path], prefix: str, tenant_id: UUID) -> int:
    """Add the files at and below `paths`, tell what became of each, and return how many failed."""
    failed = 0
    async with opened(settings) as database:
        appender = GroupAppender(database.connect)
        log = Log(database, appender)
        for file, name in track(list(found(paths)), "reading", transient=True):
            try:
                outcome = await _add(log, file, prefix + name, tenant_id)
            except (Refusal, OSError) as error:
                failed += 1
                print(f"{file}: {error}", file=sys.stderr)
            else:
                print(f"{outcome} {prefix}{name}")
        await appender.close()
    return failed


def found(paths: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """Yield each file with the path it gets as a source: below a folder, relative to it."""
    for path in paths:
        if path.is_dir():
            for file in sorted(p for p in path.rglob("*") if p.is_file()):
                parts = file.relative_to(path).parts
                if not any(part.startswith(".") for part in parts):
                    yield file, PurePosixPath(*parts).as_posix()
        else:
            yield path, path.name


async def _add(log: Log, file: Path, name: str, tenant_id: UUID) -> str:
    data = await asyncio.to_thread(file.read_bytes)
    content = await asyncio.to_thread(prepare, data, name, filename=file.name)
    context = Context(tenant_id, "operator", uuid7())
    command = AddSource(**asdict(content))
    receipt = await log.handle(SOURCE, source_id(tenant_id, name), command, context)
    if not receipt.position:
        return "unchanged"
    return "added" if receipt.versions[0][1] == 1 else "replaced"
