"""Moving in: the documents of a docs folder become sources and a textbook, once."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, Literal
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict, replace

from service.adopt.docusaurus.book import OldTextbook, job_id, textbook_id
from service.adopt.docusaurus.document import Document
from service.adopt.docusaurus.folder import Left
from service.adopt.docusaurus.moving import Moving, missing
from service.generation.provenance import Provenance
from service.job.decider import JOB
from service.library.decider import SOURCE, AddSource, Content, source_id
from service.library.document import Empty
from service.library.intake import prepare
from service.log.commit import Conflict
from service.log.event import PAGE, decoded, read_stream
from service.log.handle import Context, Log, Write
from service.refusal import Refusal
from service.textbook.decider import TEXTBOOK
from service.textbook.events import Event

Outcome = Literal[
    "adopted", "updated", "unchanged", "kept", "gone", "waiting", "skipped", "refused"
]

PROVIDER: Final = "imported"
ATTEMPTS: Final = 10
"""How often it is decided again when somebody else changes the textbook meanwhile."""


class Row(Struct, frozen=True, omit_defaults=True):
    """What became of one file; `url` is where the old site has it, `slug` what it is called here.

    `remarks` are what could not be read of it, and what the textbook's policy would say if it were
    made here. `waiting` is one that nothing is wrong with, where others keep the textbook from
    coming.
    """

    path: str
    outcome: Outcome
    reason: str = ""
    title: str = ""
    chapter: int = 0
    version: int = 0
    slug: str = ""
    url: str = ""
    remarks: tuple[str, ...] = ()
    sha256: str = ""


class Report(Struct, frozen=True):
    """What became of a folder: of its textbook and of each file."""

    id: UUID
    rows: Sequence[Row]


async def take(
    log: Log, old: OldTextbook, left: Sequence[Left], context: Context, *, dry: bool = False
) -> Report:
    """Take over a textbook, or tell why not; a `dry` one changes nothing.

    All of it comes or nothing: one file that is refused keeps the rest waiting. Raises `Unfit`
    where the textbook itself cannot come, Unavailable where the database cannot be reached.
    """
    of = textbook_id(context.tenant_id, old)
    contents, refused = await asyncio.to_thread(_sources, old)
    left = sorted([*left, *refused], key=lambda one: one.path)
    away = [Row(one.path, one.why, one.reason) for one in left]
    if any(one.why == "refused" for one in left):
        reason = "Others of the folder are refused, and all come together."
        held = {one.path for one in left}
        waiting = [
            _row(one, old, "waiting", reason) for one in old.documents if one.path not in held
        ]
        return Report(of, [*waiting, *away])
    moving = await _moved(
        log, old, of, contents, replace(context, correlation_id=job_id(of)), dry=dry
    )
    return Report(of, [*_rows(moving, old), *away])


async def _moved(
    log: Log,
    old: OldTextbook,
    of: UUID,
    contents: Sequence[Content | None],
    context: Context,
    *,
    dry: bool,
) -> Moving:
    """Append what is missing: the sources first, so that a textbook never lacks one."""
    by_path = {one.path: content for one, content in zip(old.documents, contents, strict=True)}
    for _ in range(ATTEMPTS):
        happened, version = await _happened(log, of)
        moving = missing(old, of, happened, TEXTBOOK.fold(happened))
        if dry or not moving.textbook:
            return moving
        for move in moving.moves:
            content = by_path[move.document.path]
            if content is not None and move.becomes in ("adopted", "updated"):
                at = source_id(context.tenant_id, content.path)
                await log.handle(SOURCE, at, AddSource(**asdict(content)), context)
        came = Provenance(PROVIDER, parameters={"from": "docusaurus", "base_url": old.base_url})
        writes = [Write(TEXTBOOK, of, version, moving.textbook, came)]
        if moving.job:  # comes first, as what ends last says how the textbook stands
            writes.insert(0, Write(JOB, job_id(of), 0, moving.job))
        with suppress(Conflict):
            await log.append(context, *writes)
            return moving
    raise Conflict


async def _happened(log: Log, of: UUID) -> tuple[list[Event], int]:
    """Return the events of a textbook, and its version."""
    events: list[Event] = []
    version = 0
    while page := await read_stream(log.database, of, version):
        events += [decoded(TEXTBOOK, each) for each in page]
        version = page[-1].version
        if len(page) < PAGE:
            break
    return events, version


def _sources(old: OldTextbook) -> tuple[list[Content | None], list[Left]]:
    """Return what the library is to hold of each document, None where it has no text of its own."""
    contents: list[Content | None] = []
    refused: list[Left] = []
    for one in old.documents:
        try:
            contents.append(_source(one, old))
        except Empty:
            contents.append(None)
        except Refusal as refusal:
            refused.append(Left(one.path, "refused", str(refusal)))
    return contents, refused


def _source(one: Document, old: OldTextbook) -> Content:
    text = f"# {one.title}\n\n{one.parts.markdown}\n"
    path = old.prefix + one.path
    content = prepare(text.encode(), path, title=one.title, language=old.language)
    return replace(content, file_sha256=one.sha256)


def _rows(moving: Moving, old: OldTextbook) -> list[Row]:
    rows = [
        replace(
            _row(each.document, old, each.becomes, each.reason),
            chapter=each.number,
            version=each.version,
            slug=each.slug,
            remarks=each.remarks,
        )
        for each in moving.moves
    ]
    for number, path in moving.gone.items():
        reason = "Its file is gone; the chapter stays as it is here."
        rows.append(Row(path, "gone", reason, chapter=number))
    return rows


def _row(one: Document, old: OldTextbook, outcome: Outcome, reason: str) -> Row:
    url = old.base_url.rstrip("/") + one.address
    return Row(one.path, outcome, reason, one.title, url=url, sha256=one.sha256)
