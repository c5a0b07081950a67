"""What an old course becomes: whole, in part, again, and beside what happened here meanwhile."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from service.adopt.moving import Moving, Unfit, check, course_id, job_id, missing
from service.adopt.old import OldCourse, OldLesson
from service.course.commands import ArchiveCourse, ReviseLesson
from service.course.decider import COURSE
from service.course.events import (
    CourseFailed,
    CourseOutlined,
    CourseReady,
    CourseRequested,
    LessonGenerated,
)
from service.job.decider import JOB, Retry
from service.job.events import JobCompleted, JobCreated, JobFailed, JobRequeued

AT = datetime(2025, 11, 3, 9, 5, tzinfo=UTC)
TENANT, OF = UUID(int=1), UUID(int=7)
ONE = OldLesson(1, UUID(int=8), "One", "First.", (), (), "# One\n\nThe text of it.", (), (), (), AT)
TWO = replace(ONE, number=2, id=UUID(int=9), title="Two")
OLD = OldCourse(
    "old", OF, "light", "ann", "Light", "Optics", "Grade 8", None, "", "READY", "", "", 2,
    (ONE, TWO), AT, AT,
)  # fmt: skip
HALF = replace(OLD, status="GENERATING", lessons=(ONE, replace(TWO, content_md="")))


def moved(old: OldCourse, *before: Moving) -> Moving:
    course = COURSE.fold(event for each in before for event in each.course)
    job = JOB.fold(event for each in before for event in each.job)
    return missing(old, OF, course, job)


def kinds(events: Any) -> list[type]:
    return [type(event) for event in events]


def test_a_whole_course_is_ready_here_too() -> None:
    moving = moved(OLD)

    assert kinds(moving.course) == [
        CourseRequested, CourseOutlined, LessonGenerated, LessonGenerated, CourseReady,
    ]  # fmt: skip
    requested, outlined, lesson, _, ready = moving.course
    assert isinstance(requested, CourseRequested)
    assert (requested.at, requested.job_id, requested.language) == (AT, job_id(OF), "en")
    assert isinstance(outlined, CourseOutlined)
    assert (outlined.slug, outlined.lesson_ids) == ("light", (UUID(int=8), UUID(int=9)))
    assert isinstance(lesson, LessonGenerated)
    assert (lesson.at, lesson.readability.words) == (AT, 5)
    assert ready == CourseReady(AT)
    assert kinds(moving.job) == [JobCreated, JobCompleted]


def test_a_second_time_there_is_nothing_to_do() -> None:
    for old in (OLD, HALF, replace(OLD, status="FAILED"), replace(HALF, lessons=())):
        assert moved(old, moved(old)) == Moving((), ())


def test_a_course_in_the_making_waits_to_be_retried() -> None:
    moving = moved(HALF)

    assert kinds(moving.course) == [
        CourseRequested, CourseOutlined, LessonGenerated, CourseFailed,
    ]  # fmt: skip
    assert moving.course[-1] == CourseFailed(
        "It had not been finished where it came from: 1 of 2 lessons are there."
        " Retry to have the rest made."
    )
    assert kinds(moving.job) == [JobCreated, JobFailed]
    assert JOB.decide(Retry(), JOB.fold(moving.job))


def test_what_was_made_there_meanwhile_comes_after() -> None:
    later = moved(OLD, moved(HALF))

    assert kinds(later.course) == [LessonGenerated, CourseReady]
    assert kinds(later.job) == [JobRequeued, JobCompleted]
    assert moved(OLD, moved(HALF), later) == Moving((), ())


def test_a_course_that_had_only_been_asked_for_is_outlined_later() -> None:
    asked = moved(replace(OLD, status="QUEUED", lessons=(), total_lessons=0))

    assert kinds(asked.course) == [CourseRequested, CourseFailed]
    assert "nothing of it was made" in str(asked.course[-1])
    later = moved(OLD, asked)
    assert kinds(later.course) == [CourseOutlined, LessonGenerated, LessonGenerated, CourseReady]


def test_a_course_that_had_failed_has_failed_here_too() -> None:
    moving = moved(replace(OLD, status="FAILED", error_message="No answer."))

    assert moving.course[-1] == CourseFailed("No answer.")
    assert kinds(moving.job) == [JobCreated, JobFailed]


def test_what_people_did_here_stays() -> None:
    before = moved(HALF)
    state = COURSE.fold(before.course)
    edited = COURSE.decide(ReviseLesson(1, "Better."), state)
    archived = COURSE.decide(ArchiveCourse(), state)

    later = moved(OLD, before, Moving(edited, ()))
    assert [one.number for one in later.course if isinstance(one, LessonGenerated)] == [2]
    assert moved(OLD, before, Moving(archived, ())) == Moving((), ())


def test_what_is_being_made_here_is_left_alone() -> None:
    before = moved(HALF)
    retried = JOB.decide(Retry(), JOB.fold(before.job))

    assert moved(OLD, before, Moving((), retried)) == Moving((), ())


def test_a_course_of_this_service_is_left_alone() -> None:
    requested = CourseRequested("Optics", "Grade 8", 2, None, "en", "ann", UUID(int=99))

    assert moved(OLD, Moving((requested,), ())) == Moving((), ())


def test_ids_of_lessons_come_along_where_they_tell_them_apart() -> None:
    def ids(*lessons: OldLesson) -> Any:
        _, outlined, *_ = moved(replace(OLD, lessons=lessons, total_lessons=3)).course
        assert isinstance(outlined, CourseOutlined)
        return outlined.lesson_ids

    assert ids(ONE, TWO) == (ONE.id, TWO.id, None)
    assert ids(ONE, replace(TWO, id=ONE.id)) == ()
    assert ids(replace(ONE, id=None)) == ()


def test_ids_follow_from_what_a_course_was_called() -> None:
    nameless = replace(OLD, id=None)

    assert course_id(TENANT, OLD) == OF
    assert course_id(TENANT, nameless) == course_id(TENANT, nameless)
    assert course_id(TENANT, nameless) != course_id(TENANT, replace(nameless, known_as="other"))
    assert course_id(TENANT, nameless) != course_id(UUID(int=2), nameless)


@pytest.mark.parametrize(
    ("old", "says"),
    [
        (replace(OLD, title="?!"), "no title"),
        (replace(OLD, user_id=""), "--user"),
        (replace(OLD, total_lessons=51), "51 lessons"),
        (replace(OLD, lessons=(replace(ONE, number=0),)), "from 1 to 50"),
    ],
)
def test_what_cannot_be_taken_over_says_why(old: OldCourse, says: str) -> None:
    with pytest.raises(Unfit, match=says):
        check(old)
