"""The pieces of a chapter, one after another, each made of what is recorded of those before it."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from itertools import takewhile
from typing import Final, Literal, assert_never
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from service.generation.author import Author, TextbookBrief
from service.generation.generator import GenerationFailed
from service.generation.provenance import Provenance
from service.library.material import Material
from service.textbook.chapter import Chapter, Version
from service.textbook.commands import (
    Command,
    FailChapter,
    RecordBoosters,
    RecordChapter,
    RecordQuiz,
    RecordSummary,
    Validate,
)
from service.textbook.content import Draft, Plan

Kind = Literal["text", "summary", "quiz", "boosters", "validation"]
PIECES: Final[tuple[Kind, ...]] = ("text", "summary", "quiz", "boosters", "validation")
TRIES: Final = 3
"""How often a piece is asked for that may turn out well another time, before its chapter fails."""


class Making(Struct, frozen=True):
    """What one job makes chapters of one textbook with.

    `look` returns a chapter as it is recorded by now; `anew` tells of one whether it is to have
    another version before anything else; `instructions` are a person's for that version.
    """

    author: Author
    brief: TextbookBrief
    plan: Plan
    material: Sequence[Material]
    job_id: UUID
    look: Callable[[int], Awaitable[Chapter]]
    anew: Callable[[Chapter], bool]
    instructions: str = ""


class Piece(Struct, frozen=True):
    """What was made of chapter `number`, of whose pieces `done` are behind it then."""

    number: int
    name: str
    done: int
    command: Command
    provenance: Provenance | None = None


def lacking(latest: Version | None, *, anew: bool) -> tuple[Kind, ...]:
    """Return what a chapter's latest version lacks, in order; with `anew` that of a new one."""
    if latest is None or anew:
        return PIECES
    if latest.standing != "generated":
        return ()
    there = {
        "text": True,
        "summary": latest.parts.summary is not None,
        "quiz": latest.quizzed,
        "boosters": latest.boosted,
        "validation": False,
    }
    return tuple(kind for kind in PIECES if not there[kind])


async def pieces(making: Making, number: int) -> AsyncGenerator[Piece, None]:
    """Yield what a chapter lacks, each piece once; it has to be recorded before the next.

    A chapter that cannot be made ends in a piece that says so. What concerns others too is raised
    as a `GenerationFailed`, and so is what befalls a chapter that is sound without a new version.
    """
    chapter = await making.look(number)
    anew, recorded = making.anew(chapter), set[Kind]()
    while left := [k for k in lacking(chapter.latest, anew=anew) if k not in recorded]:
        try:
            yield await _insisted(making, number, chapter, left[0])
        except GenerationFailed as failed:
            if failed.general or _sound(chapter):
                raise
            error = FailChapter(number, f"{failed.error} {failed.advice}", making.job_id)
            yield Piece(number, "it cannot be made", len(PIECES), error)
            return
        recorded.add(left[0])
        chapter = await making.look(number)
        if "text" in recorded and (
            chapter.latest is None or chapter.latest.job_id != making.job_id
        ):
            return  # somebody else has begun another version meanwhile


async def _insisted(making: Making, number: int, chapter: Chapter, kind: Kind) -> Piece:
    """Return a piece, asking for it a few times where that may help. Raises GenerationFailed."""
    for _ in range(TRIES - 1):
        try:
            return await _made(making, number, chapter, kind)
        except GenerationFailed as failed:
            if failed.general or not failed.retryable or _sound(chapter):
                raise
    return await _made(making, number, chapter, kind)


async def _made(making: Making, number: int, chapter: Chapter, kind: Kind) -> Piece:
    command: Command
    if kind == "text":
        command, provenance = await _text(making, number, chapter)
    elif kind == "validation":
        command, provenance = Validate(number, len(chapter.versions)), None
    else:
        command, provenance = await _part(making, number, chapter, kind)
    return Piece(number, kind, PIECES.index(kind) + 1, command, provenance)


async def _text(making: Making, number: int, chapter: Chapter) -> tuple[Command, Provenance]:
    before = chapter.versions
    kept = before[-1].instructions if before and before[-1].errors else ""
    brief = _brief(making, before, making.instructions or kept)
    made = await making.author.chapter(brief, making.plan, number, making.material)
    return RecordChapter(made.value, making.job_id, brief.instructions), made.provenance


async def _part(
    making: Making, number: int, chapter: Chapter, kind: Literal["summary", "quiz", "boosters"]
) -> tuple[Command, Provenance]:
    *before, at = chapter.versions
    brief = _brief(making, before, at.instructions)
    draft = Draft(number, at.title, at.parts.markdown, at.key_points, at.sources)
    match kind:
        case "summary":
            summary = await making.author.summary(brief, draft, making.material)
            return RecordSummary(number, at.version, summary.value), summary.provenance
        case "quiz":
            quiz = await making.author.quiz(brief, draft, making.material)
            return RecordQuiz(number, at.version, quiz.value), quiz.provenance
        case "boosters":
            boosters = await making.author.boosters(brief, draft, making.material)
            return RecordBoosters(number, at.version, boosters.value), boosters.provenance
        case _:
            assert_never(kind)


def _brief(making: Making, before: Sequence[Version], instructions: str) -> TextbookBrief:
    """Return the brief of a version; all its pieces have the same, whoever makes them.

    That of a version which comes after several rejected ones says so: an equal one would only get
    the answers again that they were made of.
    """
    rejected = list(takewhile(lambda version: version.errors, reversed(before)))
    faults = rejected[0].errors if rejected else ()
    if len(rejected) > 1:
        faults = (*faults, f"The last {len(rejected)} versions were all rejected.")
    return replace(making.brief, instructions=instructions, faults=faults)


def _sound(chapter: Chapter) -> bool:
    return chapter.latest is not None and chapter.latest.standing == "validated"
