"""A textbook's events. Tags and field names are on disk for good.

A chapter has versions, from 1. One begins with its text (generated, revised by a person, or rolled
back to another version); a summary, a quiz and boosters belong to the version they name. A revised
or rolled-back version has those of its `base`.
"""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from service.course.content import Citation
from service.textbook.content import Booster, ChapterPlan, KnownQuestion, Policy, Refused


class TextbookRequested(
    Struct, frozen=True, omit_defaults=True, tag="textbook.requested", tag_field="type"
):
    """Somebody asked for a textbook; `job_id` generates it.

    `at` is when, and `slug` the one it had, if that was elsewhere: of a textbook that has moved
    here.
    """

    title: str
    subject: str
    audience: str
    chapters_total: int
    source_filter: str | None
    language: str
    user_id: str
    job_id: UUID
    policy: Policy
    slug: str = ""
    at: datetime | None = None


class TextbookPlanned(Struct, frozen=True, tag="textbook.planned", tag_field="type"):
    """The textbook knows its chapters, in teaching order."""

    chapters: tuple[ChapterPlan, ...]


class ChapterGenerated(
    Struct, frozen=True, omit_defaults=True, tag="chapter.generated", tag_field="type"
):
    """A chapter's text was made; it is the chapter's latest version from now on.

    `job_id` made it, and `instructions` are a person's, where it was made anew. `at` is when, if
    that was elsewhere.
    """

    number: int
    version: int
    title: str
    slug: str
    markdown: str
    word_count: int
    reading_time_minutes: int
    key_points: tuple[str, ...]
    sources: tuple[Citation, ...]
    job_id: UUID
    instructions: str = ""
    at: datetime | None = None


class SummaryGenerated(Struct, frozen=True, tag="summary.generated", tag_field="type"):
    """A chapter has its takeaways."""

    number: int
    version: int
    takeaways: tuple[str, ...]
    sources: tuple[Citation, ...] = ()


class QuizGenerated(Struct, frozen=True, tag="quiz.generated", tag_field="type"):
    """A chapter has its questions."""

    number: int
    version: int
    questions: tuple[KnownQuestion, ...]


class BoosterGenerated(
    Booster, frozen=True, kw_only=True, tag="booster.generated", tag_field="type"
):
    """A chapter has one booster more."""

    number: int
    version: int


class BoosterRefused(Refused, frozen=True, kw_only=True, tag="booster.refused", tag_field="type"):
    """The author cannot make such a booster honestly, and says why."""

    number: int
    version: int


class ChapterValidated(Struct, frozen=True, tag="chapter.validated", tag_field="type"):
    """A version is all that the policy asks for."""

    number: int
    version: int


class ChapterRejected(Struct, frozen=True, tag="chapter.rejected", tag_field="type"):
    """A version is not what the policy asks for; each of `errors` is a sentence."""

    number: int
    version: int
    errors: tuple[str, ...]


class ChapterFailed(Struct, frozen=True, tag="chapter.failed", tag_field="type"):
    """A chapter could not be made to its end; `error` says why and what to do.

    `job_id` tried. What was made of the chapter stays.
    """

    number: int
    error: str
    job_id: UUID


class ChapterPublished(
    Struct, frozen=True, omit_defaults=True, tag="chapter.published", tag_field="type"
):
    """A version is out: readers have it until another one is published.

    `path` is its file's below the textbook's folder; `content_hash` the SHA-256 of the version's
    markdown as UTF-8, in hexadecimal.
    """

    number: int
    version: int
    path: str
    content_hash: str
    at: datetime | None = None


class ChapterRevised(Struct, frozen=True, tag="chapter.revised", tag_field="type"):
    """A person edited a chapter: a new version, with the other parts of `base`."""

    number: int
    version: int
    base: int
    title: str
    markdown: str
    word_count: int
    reading_time_minutes: int


class ChapterRolledBack(Struct, frozen=True, tag="chapter.rolled-back", tag_field="type"):
    """A person went back: a new version, the same as `base` in everything."""

    number: int
    version: int
    base: int


class TextbookReady(
    Struct, frozen=True, omit_defaults=True, tag="textbook.ready", tag_field="type"
):
    """Every chapter is there and validated. `at` is since when, if that was elsewhere."""

    at: datetime | None = None


class TextbookFailed(Struct, frozen=True, tag="textbook.failed", tag_field="type"):
    """Generation ended without all chapters; `error` says why and what to do."""

    error: str


class TextbookArchived(Struct, frozen=True, tag="textbook.archived", tag_field="type"):
    """The textbook is put away: it can still be read, and nothing changes it."""


Event = (
    TextbookRequested
    | TextbookPlanned
    | ChapterGenerated
    | SummaryGenerated
    | QuizGenerated
    | BoosterGenerated
    | BoosterRefused
    | ChapterValidated
    | ChapterRejected
    | ChapterFailed
    | ChapterPublished
    | ChapterRevised
    | ChapterRolledBack
    | TextbookReady
    | TextbookFailed
    | TextbookArchived
)
