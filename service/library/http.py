"""The library over HTTP: source documents added, read, replaced and removed, and searched."""

import asyncio
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Annotated, Any, Final
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import asdict

from service.embedding import search as searching
from service.http import paging
from service.http.body import Nothing
from service.http.call import Answer, Call, Committed, Read, committed
from service.http.form import Form, Upload
from service.http.paging import Page, Paged
from service.library import views
from service.library.decider import (
    LONGEST_PATH,
    SOURCE,
    AddSource,
    BadPath,
    Command,
    Content,
    NoSuchSource,
    Present,
    RemoveSource,
    ReplaceSource,
    TextTooLong,
    TooManyChunks,
    source_id,
)
from service.library.document import Empty, FileTooLarge, UnknownType, Unreadable
from service.library.extract import LIMIT, SUFFIXES
from service.library.intake import prepare
from service.library.views import Hit, SourceLine, SourceView
from service.log.commit import Receipt

SECONDS: Final = 20.0
"""For reading one file, which leaves the request time to answer."""

READ: Final = (Empty, Unreadable, UnknownType, FileTooLarge, TextTooLong, TooManyChunks)
ADDED: Final = (BadPath, *READ)
FOUND: Final = (NoSuchSource,)
REPLACED: Final = (NoSuchSource, *READ)
"""What may stand in the way of a command on a source."""

Path = Annotated[str, Meta(max_length=LONGEST_PATH, examples=["biology/cell.md"])]
Start = Annotated[str, Meta(max_length=LONGEST_PATH, examples=["biology/"])]
Title = Annotated[str, Meta(max_length=300, examples=["The cell"])]
MediaType = Annotated[str, Meta(max_length=100, examples=["text/markdown"])]
Language = Annotated[str, Meta(max_length=35, examples=["en"])]
Text = Annotated[
    str,
    Meta(max_length=LIMIT, examples=["# The cell\n\nThe cell is the smallest unit of life."]),
]


class Revision(Struct, frozen=True, forbid_unknown_fields=True):
    """What a source is to say; what is left out is found in the text."""

    text: Text
    title: Title = ""
    media_type: MediaType = ""
    language: Language = ""


class NewSource(Revision, frozen=True, kw_only=True):
    """A text to add, and the path to add it under."""

    path: Path


class SourceFile(Form, frozen=True):
    """A file to add; `path` is its name unless given, one that ends in / is put before it."""

    file: Upload
    path: Path = ""
    title: Title = ""
    language: Language = ""


class Sources(Paged, frozen=True):
    """Which sources to list: those whose path starts with `prefix`."""

    prefix: Start = ""


class Question(Read, frozen=True, kw_only=True):
    """What to look for, in sources whose path starts with `source_filter`."""

    q: Annotated[str, Meta(min_length=1, max_length=500, examples=["cell membrane"])]
    source_filter: Start = ""
    limit: Annotated[int, Meta(ge=1, le=100)] = 10


class Found(Struct, frozen=True):
    """The chunks that were found, best first."""

    items: Sequence[Hit]


async def add(call: Call[NewSource | SourceFile, Nothing]) -> Answer[Committed]:
    """Add a source.

    Markdown, plain text or HTML in JSON, or one of these or a PDF as a multipart upload, up to
    20 MB. What the path held before is replaced; adding the same again changes nothing.
    """
    content = await prepared(call.body, path_of(call.body))
    at = source_id(call.tenant_id, content.path)
    receipt = await call.resources.log.handle(
        SOURCE,
        at,
        AddSource(**asdict(content)),
        call.context,
        expected_version=call.expected_version,
    )
    answer, fresh = committed(receipt, f"/api/v1/sources/{at}"), receipt.versions[0][1] == 1
    return Answer(answer.value, answer.headers, 201 if fresh and receipt.changed else 200)


async def replace(call: Call[Revision | SourceFile, Nothing]) -> Answer[Committed]:
    """Replace what a source says; its path and id stay."""
    log, at = call.resources.log, call.path["source"]
    state = (await log.load(SOURCE, at, call.tenant_id)).state
    if not isinstance(state, Present):
        raise NoSuchSource
    content = await prepared(call.body, state.path)
    receipt = await log.handle(
        SOURCE,
        at,
        ReplaceSource(**asdict(content)),
        call.context,
        expected_version=call.expected_version,
    )
    return committed(receipt, f"/api/v1/sources/{at}")


async def remove(call: Call[Nothing, Nothing]) -> Answer[Committed]:
    """Remove a source from search and from new courses; what was made of it stays."""
    return committed(await decided(call, call.path["source"], RemoveSource()))


async def browse(call: Call[Nothing, Sources]) -> Answer[Page[SourceLine]]:
    """List sources by path."""
    rows = await views.sources(
        call.resources.database,
        call.tenant_id,
        prefix=call.query.prefix,
        after=paging.after(call, str),
        limit=call.query.limit + 1,
    )
    return paging.page(call, rows, lambda row: row.path)


async def show(call: Call[Nothing, Read]) -> Answer[SourceView]:
    """Show a source with its text."""
    found = await views.source(call.resources.database, call.tenant_id, call.path["source"])
    if found is None:
        raise NoSuchSource
    return Answer(found, {"ETag": f'"{found.version}"'})


async def search(call: Call[Nothing, Question]) -> Answer[Found]:
    """Search the sources.

    Quotes keep words together, OR gives a choice, - leaves out. Where no chunk has all the words,
    those with some of them, or with words like them, are found. Where embeddings are configured,
    chunks that mean the same in other words are found too; `X-Search-By` says by what it went.
    """
    asked, of = call.query, call.resources
    found = await searching.search(
        of.database,
        of.meaning,
        call.tenant_id,
        asked.q,
        source_filter=asked.source_filter,
        limit=asked.limit,
    )
    return Answer(Found(found.hits), {"X-Search-By": found.by})


async def decided(call: Call[Any, Any], at: UUID, command: Command) -> Receipt:
    """Decide a command on the source at `at`, at the version the caller expects."""
    return await call.resources.log.handle(
        SOURCE, at, command, call.context, expected_version=call.expected_version
    )


def path_of(given: NewSource | SourceFile) -> str:
    """Return the path to add `given` under."""
    if isinstance(given, NewSource) or (given.path and not given.path.endswith("/")):
        return given.path
    return given.path + PurePosixPath(given.file.filename.replace("\\", "/")).name


async def prepared(given: Revision | SourceFile, path: str) -> Content:
    """Return what a source at `path` will hold. Raises the refusals of `READ` and BadPath."""
    found: dict[str, Any] = {"title": given.title, "language": given.language, "seconds": SECONDS}
    if isinstance(given, SourceFile):
        data, found["media_type"] = given.file.data, given.file.media_type
        found["filename"] = given.file.filename
    else:
        data, found["media_type"] = given.text.encode(), given.media_type or text_type(path)
    return await asyncio.to_thread(prepare, data, path, **found)


def text_type(path: str) -> str:
    """Return the media type of a text that is given as such: what its path says, or Markdown."""
    said = SUFFIXES.get(PurePosixPath(path).suffix.lower(), "")
    return said if said.startswith("text/") else "text/markdown"
