"""Files into the library: what is new or changed is added, what is the same is left alone."""

import asyncio
import hashlib
import os
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal

from msgspec import Struct
from msgspec.structs import asdict

from service.library.decider import SOURCE, AddSource, Present, check_path, source_id
from service.library.document import FileTooLarge, UnknownType
from service.library.extract import LIMIT, media_type_of
from service.library.intake import prepare
from service.log.handle import Context, Log
from service.refusal import Refusal, Unavailable

Outcome = Literal["added", "replaced", "unchanged", "skipped", "refused"]


class File(Struct, frozen=True):
    """A file to read; `name` is its path below the folder it was `found` in, or its own name."""

    place: Path
    name: str
    found: bool = False


class Row(Struct, frozen=True):
    """What became of one file, and why where it was not added."""

    path: str
    outcome: Outcome
    reason: str = ""


class Report(Struct, frozen=True):
    """What became of every file, in the order they were read."""

    rows: tuple[Row, ...]

    @property
    def counts(self) -> Counter[str]:
        """How many files came to each outcome."""
        return Counter(row.outcome for row in self.rows)


def files(paths: Sequence[Path]) -> list[File]:
    """Return the files at and below `paths`, in order; in folders, hidden ones are left out.

    A folder that is reached twice, as through a link that leads back, is read once.
    """
    seen: set[tuple[int, int]] = set()
    listed: list[File] = []
    for path in paths:
        if path.is_dir():
            listed.extend(_below(path, path, seen))
        else:
            listed.append(File(path, path.name))
    return listed


def _below(folder: Path, root: Path, seen: set[tuple[int, int]]) -> Iterator[File]:
    stat = folder.stat()
    if (stat.st_dev, stat.st_ino) in seen:
        return
    seen.add((stat.st_dev, stat.st_ino))
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:  # to be reported like a file that cannot be read
        yield File(folder, folder.relative_to(root).as_posix(), found=True)
        return
    for entry in entries:
        place = Path(entry.path)
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _below(place, root, seen)
        else:
            yield File(place, place.relative_to(root).as_posix(), found=True)


async def ingest(
    log: Log,
    listed: Sequence[File],
    context: Context,
    *,
    prefix: str = "",
    tell: Callable[[Row], None] = lambda _: None,
) -> Report:
    """Add `listed` files under `prefix` + name, and `tell` what became of each as it is done.

    A file that cannot be read is a row of the report and the rest goes on. Raises Unavailable
    where the database cannot be reached; what was added until then stays, and is skipped when
    this is done again.
    """
    rows: list[Row] = []
    taken: dict[str, Path] = {}
    for file in listed:
        path = unicodedata.normalize("NFC", prefix + file.name)
        if path in taken:
            reason = f"{taken[path]} was read for the same path; give each a --prefix of its own."
            row = Row(shown(path), "refused", reason)
        else:
            taken[path] = file.place
            row = await _row(log, file, path, context)
        rows.append(row)
        tell(row)
    return Report(tuple(rows))


async def _row(log: Log, file: File, path: str, context: Context) -> Row:
    try:
        return Row(shown(path), await _outcome(log, file, path, context))
    except Unavailable:
        raise
    except UnknownType as refusal:
        return Row(shown(path), "skipped" if file.found else "refused", str(refusal))
    except Refusal as refusal:
        return Row(shown(path), "refused", str(refusal))
    except OSError as error:
        return Row(shown(path), "refused", f"{error.strerror or error}. Check the file.")


async def _outcome(log: Log, file: File, path: str, context: Context) -> Outcome:
    check_path(path)
    if file.place.is_dir():
        os.scandir(file.place).close()  # says why it could not be listed
    media_type_of(path)
    if (size := file.place.stat().st_size) > LIMIT:
        raise FileTooLarge(f"It has {size:,} bytes; a source may have {LIMIT:,}. Split it.")
    data = await asyncio.to_thread(file.place.read_bytes)
    at = source_id(context.tenant_id, path)
    state = (await log.load(SOURCE, at, context.tenant_id)).state
    if isinstance(state, Present) and state.file_sha256 == hashlib.sha256(data).hexdigest():
        return "unchanged"
    content = await asyncio.to_thread(prepare, data, path)
    receipt = await log.handle(SOURCE, at, AddSource(**asdict(content)), context)
    if not receipt.changed:
        return "unchanged"
    return "replaced" if isinstance(state, Present) else "added"


def shown(path: str) -> str:
    """Return `path` as it can be printed, whatever bytes a file system had for it."""
    return path.encode("utf-8", "backslashreplace").decode()
