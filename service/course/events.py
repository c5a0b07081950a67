"""A course's events. Tags and field names are on disk for good."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from service.course.content import Lesson, LessonPlan


class CourseRequested(
    Struct, frozen=True, omit_defaults=True, tag="course.requested", tag_field="type"
):
    """Somebody asked for a course; `job_id` generates it.

    `at` is when, if that was elsewhere: of a course that has moved here.
    """

    topic: str
    grade_level: str
    num_lessons: int
    source_filter: str | None
    language: str
    user_id: str
    job_id: UUID
    at: datetime | None = None


class CourseOutlined(
    Struct, frozen=True, omit_defaults=True, tag="course.outlined", tag_field="type"
):
    """The course has a title and knows its lessons.

    `slug` and `lesson_ids`, one for each of `lessons`, are those it had elsewhere: of a course
    that has moved here. Where there are none, they are made of the course's own title and id.
    """

    title: str
    lessons: tuple[LessonPlan, ...]
    slug: str = ""
    lesson_ids: tuple[UUID | None, ...] = ()


class LessonGenerated(
    Lesson, frozen=True, omit_defaults=True, tag="lesson.generated", tag_field="type"
):
    """A lesson was made; it is revision 1 and serves. `at` is when, if that was elsewhere."""

    at: datetime | None = None


class LessonDrafted(Lesson, frozen=True, kw_only=True, tag="lesson.drafted", tag_field="type"):
    """A lesson was made anew; the one before serves until this is promoted.

    `since` is the latest revision there was when it was begun; 0 where that was not noted.
    """

    revision: int
    instructions: str = ""
    since: int = 0


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


class LessonRolledBack(Struct, frozen=True, tag="lesson.rolled-back", tag_field="type"):
    """A person let a revision serve again; `base` is the one whose sources and checks it has."""

    number: int
    revision: int
    base: int


class LessonPinned(Struct, frozen=True, tag="lesson.pinned", tag_field="type"):
    """A person wants this lesson to stay as it is."""

    number: int


class LessonUnpinned(Struct, frozen=True, tag="lesson.unpinned", tag_field="type"):
    """A person no longer minds what becomes of this lesson."""

    number: int


class CourseReady(Struct, frozen=True, omit_defaults=True, tag="course.ready", tag_field="type"):
    """All lessons are there. `at` is since when, if that was elsewhere."""

    at: datetime | None = None


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
    | LessonRolledBack
    | LessonPinned
    | LessonUnpinned
    | CourseReady
    | CourseFailed
    | CourseRenamed
    | CourseArchived
)
