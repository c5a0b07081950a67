"""``run.py log verify|export|import``: the log as something to keep, check and move."""

import asyncio
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from service.commands import progress
from service.commands.reach import opened, reachable
from service.log import export as exporting
from service.log import restore, seal
from service.log.export import Exported
from service.log.restore import Restored
from service.log.seal import Divergence, Verified
from service.settings import Settings

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Noted = Annotated[
    str | None,
    typer.Option("--seal", help="A seal's hash noted earlier; it must be one of this log."),
]
File = Annotated[Path, typer.Argument(help="An NDJSON file; zstd where it ends in .zst.")]


def export(file: File) -> None:
    """Write the whole log to a file; one that was interrupted is gone on with."""
    with reachable() as settings, progress.bar("exporting") as tell:
        done = asyncio.run(_exported(settings, file, tell))
    print(
        f"{file} holds log {done.log_id} up to position {done.head}:"
        f" {done.events:,} events, {done.receipts:,} receipts{_resumed(done.resumed)}."
    )


def import_(file: File) -> None:
    """Read an exported log into a new database; an interrupted import is gone on with."""
    steps = ("checking the file", "importing", "sealing")
    with reachable() as settings, progress.bars(*steps) as tells:
        done = asyncio.run(_restored(settings, file, tells))
    print(
        f"Imported log {done.log_id} up to position {done.head}: {done.lines:,} lines,"
        f" {done.seals:,} seals as they were{_resumed(done.resumed)}."
    )


def verify(noted: Noted = None, as_json: Json = False) -> None:  # noqa: FBT002 - typer's way
    """Recompute the log's seals; name the first event that is not as it was, and exit 1."""
    try:
        noted_hash = None if noted is None else bytes.fromhex(noted)
    except ValueError:
        raise ValueError("--seal takes the hash that log verify printed, 64 hex digits.") from None
    with reachable() as settings, progress.bar("verifying") as tell:
        verified = asyncio.run(_verified(settings, tell, noted_hash))
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(verified)).decode())
    else:
        print(told(verified))
    if verified.divergence:
        raise typer.Exit(1)


def told(verified: Verified) -> str:
    """Return what was verified, for people."""
    lines = [
        f"Log {verified.log_id}, {verified.head:,} events.",
        f"Verified: {verified.events:,} events, {verified.seals:,} seals.",
    ]
    if verified.unsealed and not verified.divergence:
        rest = "not sealed yet: they are known to stand in their places, and no more"
        lines.append(f"The last {verified.unsealed:,} events are {rest}.")
    if verified.last_seal:
        lines.append(f"Last seal: {verified.last_seal}")
    lines.append(diverged(verified.divergence) if verified.divergence else "No divergence.")
    return "\n".join(lines)


def diverged(found: Divergence) -> str:
    """Return the sentence that names a divergence."""
    of = f", version {found.version} of stream {found.stream_id} ({found.type})"
    return f"DIVERGENCE at position {found.position}{of if found.stream_id else ''}: {found.what}."


async def _verified(settings: Settings, tell: progress.Tell, noted: bytes | None) -> Verified:
    async with opened(settings) as database:
        return await seal.verify(database, tell, noted)


async def _exported(settings: Settings, file: Path, tell: progress.Tell) -> Exported:
    async with opened(settings) as database:
        while await seal.seal(database):
            pass
        return await exporting.export(database, file, tell)


async def _restored(settings: Settings, file: Path, tells: list[progress.Tell]) -> Restored:
    async with opened(settings) as database:
        return await restore.restore(database, file, *tells)


def _resumed(line: int) -> str:
    return f"; gone on with after line {line:,}" if line else ""
