"""One lesson of a course: its revisions, which of them serves, and what protects it.

A revision is numbered when it comes into being and stays. Made ones (generated, drafted) bring
sources and checks; one that a person wrote keeps those of its base, the made one that it changed.
"""

from collections.abc import Sequence
from typing import Final, assert_never

from msgspec import Struct
from msgspec.structs import asdict, replace

from service.content.title import TitleMissing, is_line
from service.course.commands import (
    PinLesson,
    PromoteLesson,
    RecordDraft,
    ReviseLesson,
    RollBackLesson,
    UnpinLesson,
)
from service.course.events import (
    LessonDrafted,
    LessonGenerated,
    LessonPinned,
    LessonPromoted,
    LessonRevised,
    LessonRolledBack,
    LessonUnpinned,
)
from service.refusal import NotFound, StateConflict

# State.


class Revision(Struct, frozen=True):
    """What matters of a revision; a made one is its own base."""

    title: str
    base: int


NO_REVISION: Final = Revision("", 0)


class Kept(Struct, frozen=True):
    """A lesson: the number that serves, all revisions by number, and the draft that waits, if any.

    `since` is the latest revision that there was when the draft was begun.
    """

    revision: int = 0
    revisions: dict[int, Revision] = {}
    draft: int = 0
    since: int = 0
    pinned: bool = False

    @property
    def latest(self) -> int:
        """The number of the newest revision."""
        return max(self.revisions, default=0)

    @property
    def serving(self) -> Revision:
        """The revision that serves."""
        return self.revisions.get(self.revision, NO_REVISION)


NOTHING: Final = Kept()

LessonCommand = (
    RecordDraft | PromoteLesson | ReviseLesson | RollBackLesson | PinLesson | UnpinLesson
)
LessonEvent = (
    LessonGenerated
    | LessonDrafted
    | LessonPromoted
    | LessonRevised
    | LessonRolledBack
    | LessonPinned
    | LessonUnpinned
)

# Refusals.


class NoSuchRevision(NotFound):
    """The lesson has no revision of that number."""


class NothingDrafted(StateConflict):
    """The lesson has no draft that could be promoted; regenerate it first."""


class EditedSince(StateConflict):
    """A person's text would be replaced: it was written after the draft was begun."""


def record_draft(command: RecordDraft, kept: Kept) -> Sequence[LessonEvent]:
    """Keep the draft beside the revision that serves."""
    since = command.since or kept.latest
    return (
        LessonDrafted(
            **asdict(command.lesson),
            revision=kept.latest + 1,
            instructions=command.instructions,
            since=since,
        ),
    )


def promote(command: PromoteLesson, kept: Kept) -> Sequence[LessonEvent]:
    """Let the draft serve; a person asks for this, so a pin does not forbid it."""
    if not kept.draft:
        raise NothingDrafted
    if command.revision not in (None, kept.draft):
        newest = f"The draft that could be promoted is revision {kept.draft}; compare it first."
        raise NothingDrafted(newest, draft=kept.draft)
    if kept.serving.base != kept.revision > kept.since:
        raise EditedSince(
            f"Revision {kept.revision} is a person's text, written after the draft was begun."
            f" Compare the two; to let the draft serve all the same, roll back to {kept.draft}.",
            revision=kept.revision,
            draft=kept.draft,
        )
    return (LessonPromoted(command.number, kept.draft),)


def revise(command: ReviseLesson, kept: Kept) -> Sequence[LessonEvent]:
    """Keep a person's text as the newest revision, which serves at once."""
    title = kept.serving.title if command.title is None else command.title.strip()
    if not is_line(title):
        raise TitleMissing
    return (LessonRevised(command.number, kept.latest + 1, title, command.content_md),)


def roll_back(command: RollBackLesson, kept: Kept) -> Sequence[LessonEvent]:
    """Let the revision serve, unless it does; a draft that never served is one too."""
    found = kept.revisions.get(command.revision)
    if found is None:
        raise NoSuchRevision(revision=command.revision)
    if command.revision == kept.revision:
        return ()
    return (LessonRolledBack(command.number, command.revision, found.base),)


def decide_lesson(command: LessonCommand, kept: Kept) -> Sequence[LessonEvent]:
    """Return what `command` causes to a lesson that is there. Raises the refusals above."""
    match command:
        case RecordDraft():
            return record_draft(command, kept)
        case PromoteLesson():
            return promote(command, kept)
        case ReviseLesson():
            return revise(command, kept)
        case RollBackLesson():
            return roll_back(command, kept)
        case PinLesson():
            return () if kept.pinned else (LessonPinned(command.number),)
        case UnpinLesson():
            return (LessonUnpinned(command.number),) if kept.pinned else ()
        case _:
            assert_never(command)


def evolve_lesson(kept: Kept, event: LessonEvent) -> Kept:
    """Return the lesson after `event`."""
    match event:
        case LessonGenerated():
            return Kept(1, {1: Revision(event.title, 1)})
        case LessonDrafted():
            drafted = _with(kept, event.revision, Revision(event.title, event.revision))
            since = event.since or event.revision - 1
            return replace(drafted, draft=event.revision, since=since)
        case LessonPromoted():
            return _serving(kept, event.revision)
        case LessonRevised():
            revised = _with(kept, event.revision, Revision(event.title, kept.serving.base))
            return replace(revised, revision=event.revision)
        case LessonRolledBack():
            return _serving(kept, event.revision)
        case LessonPinned():
            return replace(kept, pinned=True)
        case LessonUnpinned():
            return replace(kept, pinned=False)
        case _:
            assert_never(event)


def _with(kept: Kept, number: int, revision: Revision) -> Kept:
    return replace(kept, revisions={**kept.revisions, number: revision})


def _serving(kept: Kept, number: int) -> Kept:
    draft = 0 if number == kept.draft else kept.draft
    return replace(kept, revision=number, draft=draft)
