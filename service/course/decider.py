"""A course: asked for, outlined, generated lesson by lesson, then kept by people."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict, replace

from service.content.title import TitleMissing, is_line
from service.course.commands import (
    ArchiveCourse,
    Command,
    Finish,
    GiveUp,
    RecordDraft,
    RecordLesson,
    RecordOutline,
    RenameCourse,
    RequestCourse,
)
from service.course.content import LessonPlan
from service.course.events import (
    CourseArchived,
    CourseFailed,
    CourseOutlined,
    CourseReady,
    CourseRenamed,
    CourseRequested,
    Event,
    LessonDrafted,
    LessonGenerated,
    LessonPinned,
    LessonPromoted,
    LessonRevised,
    LessonRolledBack,
    LessonUnpinned,
)
from service.course.lesson import NOTHING, Kept, LessonCommand, decide_lesson, evolve_lesson
from service.log.decider import Decider
from service.refusal import Invalid, NotFound, StateConflict

MOST_LESSONS: Final = 50

# State.


class Absent(Struct, frozen=True):
    """Nothing has been asked for."""


class Course(Struct, frozen=True):
    """A course in the making or done; `lessons` by number.

    `lesson_ids` are those that its lessons have brought along from elsewhere, in their order.
    """

    request: CourseRequested
    title: str
    outline: tuple[LessonPlan, ...] = ()
    lessons: dict[int, Kept] = {}
    lesson_ids: tuple[UUID | None, ...] = ()
    ready: bool = False
    archived: bool = False


State = Absent | Course
INITIAL: Final[State] = Absent()

# Refusals.


class NoSuchCourse(NotFound):
    """There is no such course here, or it belongs to somebody else."""


class NoSuchLesson(NotFound):
    """The course has no such lesson, or it has not been generated yet."""


class CourseIsArchived(StateConflict):
    """The course is archived, so nothing changes it any more."""


class LessonsMissing(StateConflict):
    """The course is not ready: lessons are still missing."""


class TopicMissing(Invalid):
    """A topic needs at least one letter or digit and at most 300 characters."""


class LessonsOutOfRange(Invalid):
    """A course has between 1 and 50 lessons."""


def request_course(command: RequestCourse, state: State) -> Sequence[Event]:
    """Take the request, once."""
    if isinstance(state, Course):
        return ()
    if not is_line(command.topic):
        raise TopicMissing
    if not 1 <= command.num_lessons <= MOST_LESSONS:
        raise LessonsOutOfRange
    return (
        CourseRequested(
            command.topic.strip(),
            command.grade_level,
            command.num_lessons,
            command.source_filter,
            command.language,
            command.user_id,
            command.job_id,
        ),
    )


def record_outline(command: RecordOutline, state: Course) -> Sequence[Event]:
    """Keep the first outline; a second one of a repeated step changes nothing."""
    if state.outline:
        return ()
    if not 1 <= len(command.outline.lessons) <= MOST_LESSONS:
        raise LessonsOutOfRange
    return (CourseOutlined(command.outline.title, command.outline.lessons),)


def record_lesson(command: RecordLesson, state: Course) -> Sequence[Event]:
    """Keep each lesson of the outline once."""
    number = command.lesson.number
    if number in state.lessons:
        return ()
    if not 1 <= number <= len(state.outline):
        raise NoSuchLesson(number=number)
    return (LessonGenerated(**asdict(command.lesson)),)


def finish(state: Course) -> Sequence[Event]:
    """Declare the course ready, once, when every lesson of its outline is there."""
    if state.ready:
        return ()
    missing = [n for n in range(1, len(state.outline) + 1) if n not in state.lessons]
    if missing or not state.outline:
        raise LessonsMissing(missing=missing)
    return (CourseReady(),)


def rename_course(command: RenameCourse, state: Course) -> Sequence[Event]:
    """Take the new title, unless it is the old one."""
    title = command.title.strip()
    if not is_line(title):
        raise TitleMissing
    return () if title == state.title else (CourseRenamed(title),)


def decide(command: Command, state: State) -> Sequence[Event]:
    """Return what `command` causes. Raises the refusals above."""
    if isinstance(command, RequestCourse):
        return request_course(command, state)
    if isinstance(state, Absent):
        raise NoSuchCourse
    if isinstance(command, ArchiveCourse):
        return () if state.archived else (CourseArchived(),)
    if state.archived:
        raise CourseIsArchived
    return _decide_open(command, state)


def _decide_open(
    command: RecordOutline | RecordLesson | Finish | GiveUp | RenameCourse | LessonCommand,
    state: Course,
) -> Sequence[Event]:
    match command:
        case RecordOutline():
            return record_outline(command, state)
        case RecordLesson():
            return record_lesson(command, state)
        case Finish():
            return finish(state)
        case GiveUp():
            return (CourseFailed(command.error),)
        case RenameCourse():
            return rename_course(command, state)
        case RecordDraft():
            return decide_lesson(command, _lesson(state, command.lesson.number))
        case _:
            return decide_lesson(command, _lesson(state, command.number))


def evolve(state: State, event: Event) -> State:
    """Return the state after `event`."""
    if isinstance(event, CourseRequested):
        return Course(event, event.topic)
    if isinstance(state, Absent):
        return state
    match event:
        case CourseOutlined():
            brought = event.lesson_ids
            return replace(state, title=event.title, outline=event.lessons, lesson_ids=brought)
        case CourseReady():
            return replace(state, ready=True)
        case CourseFailed():
            return replace(state, ready=False)
        case CourseRenamed():
            return replace(state, title=event.title)
        case CourseArchived():
            return replace(state, archived=True)
        case _:
            kept = evolve_lesson(state.lessons.get(event.number, NOTHING), event)
            return replace(state, lessons={**state.lessons, event.number: kept})


def _lesson(state: Course, number: int) -> Kept:
    if number not in state.lessons:
        raise NoSuchLesson(number=number)
    return state.lessons[number]


COURSE: Final[Decider[Command, State, Event]] = Decider(
    "course",
    (
        CourseRequested,
        CourseOutlined,
        LessonGenerated,
        LessonDrafted,
        LessonPromoted,
        LessonRevised,
        LessonRolledBack,
        LessonPinned,
        LessonUnpinned,
        CourseReady,
        CourseFailed,
        CourseRenamed,
        CourseArchived,
    ),
    INITIAL,
    decide,
    evolve,
)
