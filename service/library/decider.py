"""A source document: added under a path, replaced when it changes, removed."""

import unicodedata
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, assert_never
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict

from service.library.material import Chunk
from service.log.claim import claimed
from service.log.decider import Decider
from service.refusal import Invalid, NotFound

LONGEST_PATH: Final = 512  # characters
LONGEST_TEXT: Final = 10_000_000  # characters; folding one takes some seconds, which all wait for
LONGEST_CHUNK: Final = 16_384  # code points; the fold cuts texts by windows of that size
MOST_CHUNKS: Final = 20_000


class Content(Struct, frozen=True):
    """What a source holds.

    `sha256` is that of `text` in UTF-8, `file_sha256` that of the file as it was received; both
    in hexadecimal. `media_type` is the file's; `text` is normalised Markdown whatever it was.
    """

    path: str
    title: str
    media_type: str
    language: str
    text: str
    sha256: str
    file_sha256: str
    chunks: tuple[Chunk, ...]


# Events. Tags and field names are on disk for good.


class SourceAdded(Content, frozen=True, tag="source.added", tag_field="type"):
    """There is a source under this path, for the first time or again."""


class SourceReplaced(Content, frozen=True, tag="source.replaced", tag_field="type"):
    """The source under this path holds something else from now on."""


class SourceRemoved(Struct, frozen=True, tag="source.removed", tag_field="type"):
    """There is no source under this path any more."""

    path: str


Event = SourceAdded | SourceReplaced | SourceRemoved

# Commands.


class AddSource(Content, frozen=True):
    """Let the path hold this content, whatever it held before."""


class ReplaceSource(Content, frozen=True):
    """Let a source that is there hold this content."""


class RemoveSource(Struct, frozen=True):
    """Take the source away."""


Command = AddSource | ReplaceSource | RemoveSource

# State: what it takes to tell whether something changes; the text itself is not kept.


class Absent(Struct, frozen=True):
    """Nothing is under this path."""


class Present(Struct, frozen=True):
    """A source is under this path."""

    path: str
    title: str
    media_type: str
    language: str
    sha256: str
    file_sha256: str


State = Absent | Present
INITIAL: Final[State] = Absent()

# Refusals.


class NoSuchSource(NotFound):
    """There is no such source here, or it has been removed, or it belongs to somebody else."""


class BadPath(Invalid):
    """A path is relative, like biology/cell.md, of at most 512 characters."""


class BadText(Invalid):
    """The text has a NUL character, which cannot be stored."""


class TextTooLong(Invalid):
    """The document has more than 10,000,000 characters; split it and add the parts."""


class TooManyChunks(Invalid):
    """The document falls into more than 20,000 chunks; split it and add the parts."""


class BadChunks(Invalid):
    """The chunks are not ordered spans of the text, each at most 16,384 characters long."""


def source_id(tenant_id: UUID, path: str) -> UUID:
    """Return the stream of a tenant's path: one path, one stream."""
    return claimed(tenant_id, "source", unicodedata.normalize("NFC", path))


def add_source(command: AddSource, state: State) -> Sequence[Event]:
    """Add what is not there, replace what differs, and leave alone what is the same."""
    _check(command)
    if isinstance(state, Absent):
        return (SourceAdded(**asdict(command)),)
    return () if _same(command, state) else (SourceReplaced(**asdict(command)),)


def replace_source(command: ReplaceSource, state: State) -> Sequence[Event]:
    """Replace a source that is there, unless nothing would change."""
    if isinstance(state, Absent):
        raise NoSuchSource
    if command.path != state.path:
        raise BadPath(f"This source is {state.path}; add {command.path} as a source of its own.")
    _check(command)
    return () if _same(command, state) else (SourceReplaced(**asdict(command)),)


def remove_source(state: State) -> Sequence[Event]:
    """Remove a source that is there."""
    if isinstance(state, Absent):
        raise NoSuchSource
    return (SourceRemoved(state.path),)


def decide(command: Command, state: State) -> Sequence[Event]:
    """Return what `command` causes. Raises the refusals above."""
    match command:
        case AddSource():
            return add_source(command, state)
        case ReplaceSource():
            return replace_source(command, state)
        case RemoveSource():
            return remove_source(state)
        case _:
            assert_never(command)


def evolve(state: State, event: Event) -> State:
    """Return the state after `event`."""
    del state  # each event says all there is to know
    match event:
        case SourceAdded() | SourceReplaced():
            return Present(
                event.path,
                event.title,
                event.media_type,
                event.language,
                event.sha256,
                event.file_sha256,
            )
        case SourceRemoved():
            return Absent()
        case _:
            assert_never(event)


def _same(content: Content, state: Present) -> bool:
    return (content.title, content.media_type, content.language, content.sha256) == (
        state.title,
        state.media_type,
        state.language,
        state.sha256,
    )


def check_path(path: str) -> None:
    """Raise `BadPath`, saying what is wrong with `path`, unless a source may stand there."""
    if problem := _path_problem(path):
        raise BadPath(f"{path[:LONGEST_PATH]!r} is not a path for a source: {problem}.")


def _check(content: Content) -> None:
    check_path(content.path)
    if "\0" in content.text:
        raise BadText
    if len(content.text) > LONGEST_TEXT:
        raise TextTooLong
    if len(content.chunks) > MOST_CHUNKS:
        raise TooManyChunks
    ends = [0, *(edge for chunk in content.chunks for edge in (chunk.start, chunk.end))]
    longest = max((chunk.end - chunk.start for chunk in content.chunks), default=0)
    ordered = all(one <= other for one, other in pairwise([*ends, len(content.text)]))
    if not ordered or longest > LONGEST_CHUNK:
        raise BadChunks


def _path_problem(path: str) -> str:
    """Return what is wrong with `path`, or nothing."""
    if not 0 < len(path) <= LONGEST_PATH:
        return f"it must have 1 to {LONGEST_PATH} characters"
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in path):
        return "it has a control character"
    if "\\" in path:
        return "its parts are divided by / and not by \\"
    if path.startswith("/"):
        return "it must not start with /"
    if any(part in ("", ".", "..") for part in path.split("/")):
        return "no part of it may be empty, . or .."
    if path != unicodedata.normalize("NFC", path):
        return "its characters must be in Unicode normal form C"
    return ""


SOURCE: Final[Decider[Command, State, Event]] = Decider(
    "source", (SourceAdded, SourceReplaced, SourceRemoved), INITIAL, decide, evolve
)
