"""What an old course becomes: the events that a course and its job still lack. Pure."""

from collections.abc import Iterator, Sequence
from typing import Final
from uuid import UUID, uuid5

from msgspec import Struct

from service.adopt.old import OldCourse, OldLesson
from service.content.title import LONGEST, is_line
from service.course import events as course
from service.course.content import LessonPlan
from service.course.decider import COURSE, MOST_LESSONS, Absent, Course
from service.course.decider import State as CourseState
from service.generation.offline.reading.readability import measure
from service.job import decider as jobs
from service.job.decider import JOB
from service.job.decider import State as JobState
from service.job.events import Event as JobEvent
from service.library.language import detect
from service.refusal import Invalid

SAID: Final = "Retry to have the rest made."


class Unfit(Invalid):
    """This course cannot be taken over."""


class Moving(Struct, frozen=True):
    """The events that are missing: of the course, and of the job that would have made it."""

    course: Sequence[course.Event]
    job: Sequence[JobEvent]


def course_id(tenant_id: UUID, old: OldCourse) -> UUID:
    """Return the id a course has here: its own, or one that follows from how it was known."""
    return old.id or uuid5(tenant_id, f"adopted:{old.known_as}")


def job_id(of: UUID) -> UUID:
    """Return the id of the job that stands for the making of a course elsewhere."""
    return uuid5(of, "adopted")


def check(old: OldCourse) -> None:
    """Raise `Unfit`, saying why, where a course cannot be taken over."""
    if not is_line(old.title[:LONGEST]):
        raise Unfit("It has no title with a letter or digit in it.")
    if not old.user_id:
        raise Unfit("It does not say whose it is; say it for all such courses with --user.")
    if old.total_lessons > MOST_LESSONS:
        raise Unfit(f"It has {old.total_lessons} lessons; a course has at most {MOST_LESSONS}.")
    if not all(1 <= lesson.number <= MOST_LESSONS for lesson in old.lessons):
        raise Unfit(f"A lesson's number is none from 1 to {MOST_LESSONS}.")


def missing(old: OldCourse, of: UUID, now: CourseState, job: JobState) -> Moving:
    """Return what has still to happen, so that all that was made there is here too.

    Lessons that are here stay as they are. A course that did not come this way, or that is being
    made here, is left alone.
    """
    if isinstance(now, Course) and (now.request.job_id != job_id(of) or now.archived):
        return Moving((), ())
    if isinstance(job, jobs.Queued | jobs.Running):
        return Moving((), ())
    happened = tuple(_course(old, of, now))
    after = COURSE.fold(happened, now)
    return Moving(happened, tuple(_job(old, of, after, job)) if happened else ())


def _course(old: OldCourse, of: UUID, now: CourseState) -> Iterator[course.Event]:
    if isinstance(now, Absent):
        yield _requested(old, of)
    outlined = isinstance(now, Course) and bool(now.outline)
    if not outlined and old.lessons:
        yield _outlined(old)
    total = len(now.outline) if isinstance(now, Course) and outlined else old.total_lessons
    there = set(now.lessons) if isinstance(now, Course) else set()
    made = [one for one in old.lessons if one.content_md and one.number <= total]
    fresh = [one for one in made if one.number not in there]
    for lesson in fresh:
        yield _generated(old, lesson)
    ready = isinstance(now, Course) and now.ready
    whole = total > 0 and len(there | {one.number for one in made}) == total
    if whole and not ready and old.status != "FAILED":
        yield course.CourseReady(old.generated_at)
    elif not whole and (fresh or isinstance(now, Absent)):
        yield course.CourseFailed(_why(old, len(made), total))
    elif whole and isinstance(now, Absent):
        yield course.CourseFailed(old.error_message or "It had failed where it came from.")


def _requested(old: OldCourse, of: UUID) -> course.CourseRequested:
    text = "\n".join(lesson.content_md for lesson in old.lessons)
    return course.CourseRequested(
        old.topic[:LONGEST],
        old.grade_level[:100],
        max(old.total_lessons, 1),
        old.source_filter,
        old.language or detect(text, "en"),
        old.user_id,
        job_id(of),
        old.created_at,
    )


def _outlined(old: OldCourse) -> course.CourseOutlined:
    by_number = {lesson.number: lesson for lesson in old.lessons}
    plans = tuple(
        _plan(number, by_number.get(number)) for number in range(1, old.total_lessons + 1)
    )
    ids = {number: lesson.id for number, lesson in by_number.items() if lesson.id}
    listed = tuple(ids.get(number) for number in range(1, len(plans) + 1))
    distinct = ids and len(set(ids.values())) == len(ids)
    return course.CourseOutlined(old.title[:LONGEST], plans, old.slug, listed if distinct else ())


def _plan(number: int, lesson: OldLesson | None) -> LessonPlan:
    if lesson is None:
        return LessonPlan(f"Lesson {number}", "", (), ())
    return LessonPlan(
        lesson.title, lesson.description, lesson.key_concepts, lesson.learning_objectives
    )


def _generated(old: OldCourse, lesson: OldLesson) -> course.LessonGenerated:
    language = old.language or detect(lesson.content_md, "en")
    return course.LessonGenerated(
        lesson.number,
        lesson.title,
        lesson.description,
        lesson.content_md,
        lesson.sections,
        lesson.key_concepts,
        lesson.learning_objectives,
        lesson.sources,
        lesson.checks,
        measure(lesson.content_md, language),
        lesson.generated_at or old.generated_at,
    )


def _why(old: OldCourse, made: int, total: int) -> str:
    because = f" ({old.error_message})" if old.error_message else ""
    there = f"{made} of {total} lessons are there" if total else "nothing of it was made"
    return f"It had not been finished where it came from{because}: {there}. {SAID}"


def _job(old: OldCourse, of: UUID, after: CourseState, job: JobState) -> Iterator[JobEvent]:
    """Yield how the job has ended that stands for what was made elsewhere."""
    ready = isinstance(after, Course) and after.ready
    state = job
    wanted: list[jobs.Command] = []
    if isinstance(job, jobs.Absent):
        wanted = [jobs.Create("course", of, old.user_id)]
    elif ready:
        wanted = [jobs.Retry()]
    if wanted:
        error = old.error_message or "It had not been finished where it came from."
        wanted.append(jobs.Complete() if ready else jobs.Fail(error, SAID, retryable=False))
    for command in wanted:
        happened = JOB.decide(command, state)
        yield from happened
        state = JOB.fold(happened, state)
