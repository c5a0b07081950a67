"""What people and recipes ask of a course."""

from uuid import UUID

from msgspec import Struct

from service.course.content import Lesson, Outline


class RequestCourse(Struct, frozen=True):
    """Ask for a course."""

    topic: str
    user_id: str
    job_id: UUID
    grade_level: str = "Grade 8"
    num_lessons: int = 4
    source_filter: str | None = None
    language: str = "en"


class RecordOutline(Struct, frozen=True):
    """Keep an outline that the recipe made."""

    outline: Outline


class RecordLesson(Struct, frozen=True):
    """Keep a lesson that the recipe made."""

    lesson: Lesson


class RecordDraft(Struct, frozen=True):
    """Keep a lesson that was made anew; `since` is its latest revision when that was begun."""

    lesson: Lesson
    instructions: str = ""
    since: int = 0


class Finish(Struct, frozen=True):
    """Declare the course ready, if every lesson is there."""


class GiveUp(Struct, frozen=True):
    """Declare the generation failed."""

    error: str


class PromoteLesson(Struct, frozen=True):
    """Let the latest draft of a lesson serve, if it is still the one that was read, where given."""

    number: int
    revision: int | None = None


class ReviseLesson(Struct, frozen=True):
    """Replace a lesson's text by a person's."""

    number: int
    content_md: str
    title: str | None = None


class RollBackLesson(Struct, frozen=True):
    """Let any revision of a lesson serve."""

    number: int
    revision: int


class PinLesson(Struct, frozen=True):
    """Protect a lesson from being replaced."""

    number: int


class UnpinLesson(Struct, frozen=True):
    """Take the protection away."""

    number: int


class RenameCourse(Struct, frozen=True):
    """Give the course another title."""

    title: str


class ArchiveCourse(Struct, frozen=True):
    """Put the course away."""


Command = (
    RequestCourse
    | RecordOutline
    | RecordLesson
    | RecordDraft
    | Finish
    | GiveUp
    | PromoteLesson
    | ReviseLesson
    | RollBackLesson
    | PinLesson
    | UnpinLesson
    | RenameCourse
    | ArchiveCourse
)
