"""A course's events. Tags and field names are on disk for good."""

from uuid import UUID

from msgspec import Struct

from service.course.content import Lesson, LessonPlan


class CourseRequested(Struct, frozen=True, tag="course.requested", tag_field="type"):
    """Somebody asked for a course; `job_id` generates it."""

    topic: str
    grade_level: str
    num_lessons: int
    source_filter: str | None
    language: str
    user_id: str
    job_id: UUID


class CourseOutlined(Struct, frozen=True, tag="course.outlined", tag_field="type"):
    """The course has a title and knows its lessons."""

    title: str
    lessons: tuple[LessonPlan, ...]


class LessonGenerated(Lesson, frozen=True, tag="lesson.generated", tag_field="type"):
    """A lesson was made; it is revision 1 and serves."""


class LessonDrafted(Lesson, frozen=True, kw_only=True, tag="lesson.drafted", tag_field="type"):
    """A lesson was made anew; the one before serves until this is promoted."""

    revision: int
    instructions: str = ""


class LessonPromoted(Struct, frozen=True, tag="lesson.promoted", tag_field="type"):
    """A drafted revision serves from now on."""

    number: int
    revision: int


class LessonRevised(Struct, frozen=True, tag="lesson.revised", tag_field="type"):
    """A person edited a lesson; it is never replaced unasked after that."""

    number: int
    revision: int
    title: str
    content_md: str


class LessonPinned(Struct, frozen=True, tag="lesson.pinned", tag_field="type"):
    """A person wants this lesson to stay as it is."""

    number: int


class CourseReady(Struct, frozen=True, tag="course.ready", tag_field="type"):
    """All lessons are there."""


class CourseFailed(Struct, frozen=True, tag="course.failed", tag_field="type"):
    """Generation ended without all lessons; `error` says why and what to do."""

    error: str


class CourseRenamed(Struct, frozen=True, tag="course.renamed", tag_field="type"):
    """A person gave the course another title."""

    title: str


class CourseArchived(Struct, frozen=True, tag="course.archived", tag_field="type"):
    """The course is put away: it can still be read, and nothing changes it."""


Event = (
    CourseRequested
    | CourseOutlined
    | LessonGenerated
    | LessonDrafted
    | LessonPromoted
    | LessonRevised
    | LessonPinned
    | CourseReady
    | CourseFailed
    | CourseRenamed
    | CourseArchived
)
