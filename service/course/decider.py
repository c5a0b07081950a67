"""A course: asked for, outlined, generated lesson by lesson, then kept by people."""

from collections.abc import Sequence
from typing import Final, assert_never

from msgspec import Struct
from msgspec.structs import asdict, replace

from service.course.commands import (
    ArchiveCourse,
    Command,
    Finish,
    GiveUp,
    PinLesson,
    PromoteLesson,
    RecordDraft,
    RecordLesson,
    RecordOutline,
    RenameCourse,
    RequestCourse,
    ReviseLesson,
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
)
from service.log.decider import Decider
from service.refusal import Invalid, NotFound, StateConflict

MOST_LESSONS: Final = 50

# State.


class Absent(Struct, frozen=True):
    """Nothing has been asked for."""


class Kept(Struct, frozen=True):
    """What matters of a lesson: its title, its revisions, its draft, whether it is pinned."""

    title: str
    revision: int
    latest: int
    draft: str = ""
    pinned: bool = False


NOTHING: Final = Kept("", 0, 0)


class Course(Struct, frozen=True):
    """A course in the making or done; `lessons` by number."""

    request: CourseRequested
    title: str
    outline: tuple[LessonPlan, ...] = ()
    lessons: dict[int, Kept] = {}
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


class NothingDrafted(StateConflict):
    """The lesson has no draft newer than what serves; regenerate it first."""


class LessonsMissing(StateConflict):
    """The course is not ready: lessons are still missing."""


class TitleMissing(Invalid):
    """A title needs at least one letter or digit and at most 300 characters."""


class TopicMissing(Invalid):
    """A topic needs at least one letter or digit and at most 300 characters."""


class LessonsOutOfRange(Invalid):
    """A course has between 1 and 50 lessons."""


def request_course(command: RequestCourse, state: State) -> Sequence[Event]:
    """Take the request, once."""
    if isinstance(state, Course):
        return ()
    if not _is_line(command.topic):
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


def record_draft(command: RecordDraft, state: Course) -> Sequence[Event]:
    """Keep the draft beside the lesson that serves."""
    kept = _lesson(state, command.lesson.number)
    return (
        LessonDrafted(
            **asdict(command.lesson), revision=kept.latest + 1, instructions=command.instructions
        ),
    )


def finish(state: Course) -> Sequence[Event]:
    """Declare the course ready, once, when every lesson of its outline is there."""
    if state.ready:
        return ()
    missing = [n for n in range(1, len(state.outline) + 1) if n not in state.lessons]
    if missing or not state.outline:
        raise LessonsMissing(missing=missing)
    return (CourseReady(),)


def promote_lesson(command: PromoteLesson, state: Course) -> Sequence[Event]:
    """Let the latest draft serve; a person asks for this, so protection does not forbid it."""
    kept = _lesson(state, command.number)
    if kept.latest == kept.revision:
        raise NothingDrafted
    return (LessonPromoted(command.number, kept.latest),)


def revise_lesson(command: ReviseLesson, state: Course) -> Sequence[Event]:
    """Keep a person's text as the newest revision, which serves at once."""
    kept = _lesson(state, command.number)
    title = kept.title if command.title is None else command.title.strip()
    if not _is_line(title):
        raise TitleMissing
    return (LessonRevised(command.number, kept.latest + 1, title, command.content_md),)


def pin_lesson(command: PinLesson, state: Course) -> Sequence[Event]:
    """Protect the lesson, once."""
    if _lesson(state, command.number).pinned:
        return ()
    return (LessonPinned(command.number),)


def rename_course(command: RenameCourse, state: Course) -> Sequence[Event]:
    """Take the new title, unless it is the old one."""
    title = command.title.strip()
    if not _is_line(title):
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
    command: RecordOutline
    | RecordLesson
    | RecordDraft
    | Finish
    | GiveUp
    | PromoteLesson
    | ReviseLesson
    | PinLesson
    | RenameCourse,
    state: Course,
) -> Sequence[Event]:
    match command:
        case RecordOutline():
            return record_outline(command, state)
        case RecordLesson():
            return record_lesson(command, state)
        case RecordDraft():
            return record_draft(command, state)
        case Finish():
            return finish(state)
        case GiveUp():
            return (CourseFailed(command.error),)
        case PromoteLesson():
            return promote_lesson(command, state)
        case ReviseLesson():
            return revise_lesson(command, state)
        case PinLesson():
            return pin_lesson(command, state)
        case RenameCourse():
            return rename_course(command, state)
        case _:
            assert_never(command)


def evolve(  # noqa: C901, PLR0912 - one flat match over a closed union
    state: State, event: Event
) -> State:
    """Return the state after `event`."""
    if isinstance(event, CourseRequested):
        return Course(event, event.topic)
    if isinstance(state, Absent):
        return state
    match event:
        case CourseOutlined():
            return replace(state, title=event.title, outline=event.lessons)
        case LessonGenerated():
            return _with(state, event.number, Kept(event.title, 1, 1))
        case LessonDrafted():
            kept = state.lessons.get(event.number, NOTHING)
            kept = replace(kept, latest=event.revision, draft=event.title)
            return _with(state, event.number, kept)
        case LessonPromoted():
            kept = state.lessons.get(event.number, NOTHING)
            kept = replace(kept, revision=event.revision, title=kept.draft)
            return _with(state, event.number, kept)
        case LessonRevised():
            pinned = state.lessons.get(event.number, NOTHING).pinned
            kept = Kept(event.title, event.revision, event.revision, pinned=pinned)
            return _with(state, event.number, kept)
        case LessonPinned():
            kept = state.lessons.get(event.number, NOTHING)
            return _with(state, event.number, replace(kept, pinned=True))
        case CourseReady():
            return replace(state, ready=True)
        case CourseFailed():
            return replace(state, ready=False)
        case CourseRenamed():
            return replace(state, title=event.title)
        case CourseArchived():
            return replace(state, archived=True)
        case _:
            assert_never(event)


def _with(state: Course, number: int, kept: Kept) -> Course:
    return replace(state, lessons={**state.lessons, number: kept})


def _lesson(state: Course, number: int) -> Kept:
    if number not in state.lessons:
        raise NoSuchLesson(number=number)
    return state.lessons[number]


def _is_line(text: str, most: int = 300) -> bool:
    return len(text) <= most and any(character.isalnum() for character in text)


COURSE: Final[Decider[Command, State, Event]] = Decider(
    "course",
    (
        CourseRequested,
        CourseOutlined,
        LessonGenerated,
        LessonDrafted,
        LessonPromoted,
        LessonRevised,
        LessonPinned,
        CourseReady,
        CourseFailed,
        CourseRenamed,
        CourseArchived,
    ),
    INITIAL,
    decide,
    evolve,
)
