"""What people and recipes ask of a textbook."""

from uuid import UUID

from msgspec import Struct

from service.textbook.content import Boosters, Draft, Plan, Policy, Question, Summary


class RequestTextbook(Struct, frozen=True):
    """Ask for a textbook."""

    title: str
    subject: str
    user_id: str
    job_id: UUID
    audience: str = "Grade 8"
    chapters_total: int = 8
    source_filter: str | None = None
    language: str = "en"
    policy: Policy = Policy()


class RecordPlan(Struct, frozen=True):
    """Keep a plan that the recipe made."""

    plan: Plan


class RecordChapter(Struct, frozen=True):
    """Keep a chapter's text that a job made: the chapter's next version."""

    draft: Draft
    job_id: UUID
    instructions: str = ""


class RecordSummary(Struct, frozen=True):
    """Keep the summary of a version of a chapter."""

    number: int
    version: int
    summary: Summary


class RecordQuiz(Struct, frozen=True):
    """Keep the questions of a version of a chapter; questions that ask the same keep their ids."""

    number: int
    version: int
    questions: tuple[Question, ...]


class RecordBoosters(Struct, frozen=True):
    """Keep the boosters of a version of a chapter, and what was refused."""

    number: int
    version: int
    boosters: Boosters


class Validate(Struct, frozen=True):
    """Hold a version of a chapter, with all its parts, against the textbook's policy."""

    number: int
    version: int


class FailChapter(Struct, frozen=True):
    """Declare that a chapter could not be made to its end."""

    number: int
    error: str
    job_id: UUID


class Finish(Struct, frozen=True):
    """Declare the textbook ready, if every chapter is validated."""


class GiveUp(Struct, frozen=True):
    """Declare the generation failed."""

    error: str


class GiveUpChapter(Struct, frozen=True):
    """Declare that a job will not go on with a chapter, of which it may have begun a version."""

    number: int
    error: str
    job_id: UUID


class PublishChapter(Struct, frozen=True):
    """Publish the latest version of a chapter, if it is still `version`, where given."""

    number: int
    version: int | None = None


class PublishTextbook(Struct, frozen=True):
    """Publish every chapter whose latest version is validated and not out yet."""


class ReviseChapter(Struct, frozen=True):
    """Replace a chapter's text by a person's; the policy is held against it at once."""

    number: int
    markdown: str
    title: str | None = None


class RollBackChapter(Struct, frozen=True):
    """Make any version of a chapter the latest again."""

    number: int
    version: int


class ArchiveTextbook(Struct, frozen=True):
    """Put the textbook away."""


Command = (
    RequestTextbook
    | RecordPlan
    | RecordChapter
    | RecordSummary
    | RecordQuiz
    | RecordBoosters
    | Validate
    | FailChapter
    | Finish
    | GiveUp
    | GiveUpChapter
    | PublishChapter
    | PublishTextbook
    | ReviseChapter
    | RollBackChapter
    | ArchiveTextbook
)
