"""A chapter's state: its versions, and which of them is out."""

from typing import Literal, assert_never
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from service.course.content import Citation
from service.refusal import NotFound
from service.textbook.content import Booster, Parts, Refused, Summary
from service.textbook.events import (
    BoosterGenerated,
    BoosterRefused,
    ChapterFailed,
    ChapterGenerated,
    ChapterPublished,
    ChapterRejected,
    ChapterRevised,
    ChapterRolledBack,
    ChapterValidated,
    QuizGenerated,
    SummaryGenerated,
)

Standing = Literal["generated", "validated", "rejected"]

Begun = ChapterGenerated | ChapterRevised | ChapterRolledBack
"""A version begins with one of these."""
Part = SummaryGenerated | QuizGenerated | BoosterGenerated | BoosterRefused
Judged = ChapterValidated | ChapterRejected
ChapterEvent = Begun | Part | Judged | ChapterFailed | ChapterPublished


class Version(Struct, frozen=True):
    """One version; `job_id` is None where a person made it, `base` the one it continues, or 0.

    `errors` say why the policy rejected it. `quizzed` and `boosted` tell whether its questions and
    boosters were recorded, however many there are. Words and minutes are those that were counted
    when its text came.
    """

    version: int
    title: str
    slug: str
    key_points: tuple[str, ...]
    sources: tuple[Citation, ...]
    parts: Parts
    word_count: int = 0
    reading_time_minutes: int = 0
    job_id: UUID | None = None
    instructions: str = ""
    base: int = 0
    standing: Standing = "generated"
    errors: tuple[str, ...] = ()
    quizzed: bool = False
    boosted: bool = False


class Chapter(Struct, frozen=True):
    """A chapter; `versions` from 1 in their order, `published` the one that is out, 0 for none.

    `path` is that of its file when it came out first, which it keeps.

    `error` says why the latest try to make it ended without a validated version, and `failed_by`
    which job tried; both are empty once anything more is made of it.
    """

    versions: tuple[Version, ...] = ()
    published: int = 0
    path: str = ""
    error: str = ""
    failed_by: UUID | None = None

    @property
    def latest(self) -> Version | None:
        """The version that was begun last."""
        return self.versions[-1] if self.versions else None


class NoSuchChapter(NotFound):
    """The textbook has no such chapter, or nothing has been made of it yet."""


class NoSuchVersion(NotFound):
    """The chapter has no version of that number."""


def latest(chapter: Chapter, number: int) -> Version:
    """Return the latest version of chapter `number`. Raises NoSuchChapter where there is none."""
    if chapter.latest is None:
        raise NoSuchChapter(number=number)
    return chapter.latest


def version(chapter: Chapter, number: int) -> Version:
    """Return a version by its number. Raises NoSuchVersion."""
    if not 1 <= number <= len(chapter.versions):
        raise NoSuchVersion(version=number)
    return chapter.versions[number - 1]


def evolve_chapter(chapter: Chapter, event: ChapterEvent) -> Chapter:
    """Return the chapter after `event`."""
    match event:
        case ChapterFailed():
            return replace(chapter, error=event.error, failed_by=event.job_id)
        case ChapterPublished():
            return replace(chapter, published=event.version, path=chapter.path or event.path)
        case ChapterGenerated():
            versions = (*chapter.versions, generated(event))
        case ChapterRevised() | ChapterRolledBack():
            based = (each for each in chapter.versions if each.version == event.base)
            versions = (*chapter.versions, *(continued(base, event) for base in based))
        case _:
            versions = tuple(
                grown(each, event) if each.version == event.version else each
                for each in chapter.versions
            )
    return replace(chapter, versions=versions, error="", failed_by=None)


def generated(event: ChapterGenerated) -> Version:
    """Return the version that a job has begun."""
    return Version(
        event.version,
        event.title,
        event.slug,
        event.key_points,
        event.sources,
        Parts(event.markdown),
        event.word_count,
        event.reading_time_minutes,
        event.job_id,
        event.instructions,
    )


def continued(base: Version, event: ChapterRevised | ChapterRolledBack) -> Version:
    """Return the version that a person has begun, with what it has of its base."""
    begun = replace(
        base,
        version=event.version,
        base=event.base,
        job_id=None,
        instructions="",
        standing="generated",
        errors=(),
    )
    if isinstance(event, ChapterRolledBack):
        return begun
    return replace(
        begun,
        title=event.title,
        parts=replace(base.parts, markdown=event.markdown),
        word_count=event.word_count,
        reading_time_minutes=event.reading_time_minutes,
    )


def grown(of: Version, event: Part | Judged) -> Version:
    """Return a version with what `event` adds to it."""
    parts = of.parts
    match event:
        case SummaryGenerated():
            summary = Summary(event.takeaways, event.sources)
            return replace(of, parts=replace(parts, summary=summary))
        case QuizGenerated():
            return replace(of, parts=replace(parts, questions=event.questions), quizzed=True)
        case BoosterGenerated():
            made = Booster(
                event.kind, event.content, event.section_ref, event.position, event.sources
            )
            return replace(of, parts=replace(parts, boosters=(*parts.boosters, made)), boosted=True)
        case BoosterRefused():
            refused = (*parts.refused, Refused(event.kind, event.reason))
            return replace(of, parts=replace(parts, refused=refused), boosted=True)
        case ChapterValidated():
            return replace(of, standing="validated", errors=())
        case ChapterRejected():
            return replace(of, standing="rejected", errors=event.errors)
        case _:
            assert_never(event)
