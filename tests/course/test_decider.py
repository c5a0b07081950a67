"""What happens to a course, in the words of its domain."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given as for_any
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import asdict

from service.content.title import TitleMissing
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
    RollBackLesson,
    UnpinLesson,
)
from service.course.content import Lesson, LessonPlan, Outline, Readability
from service.course.decider import (
    COURSE,
    CourseIsArchived,
    LessonsMissing,
    LessonsOutOfRange,
    NoSuchCourse,
    NoSuchLesson,
    State,
    TopicMissing,
)
from service.course.events import (
    CourseArchived,
    CourseFailed,
    CourseOutlined,
    CourseReady,
    CourseRenamed,
    CourseRequested,
    LessonDrafted,
    LessonGenerated,
    LessonPinned,
    LessonPromoted,
    LessonRevised,
    LessonRolledBack,
    LessonUnpinned,
)
from service.course.lesson import EditedSince, NoSuchRevision, NothingDrafted
from service.refusal import Refusal
from tests.course.commands import COMMANDS
from tests.given import given
from tests.shapes import reachable, structs

JOB = UUID("70b00000-0000-4000-8000-000000000001")
PLANS = (
    LessonPlan("Light", "What light does.", ("photon",), ("Name it.",)),
    LessonPlan("Leaf", "Where it lands.", (), ()),
)


def lesson(number: int, title: str = "Light") -> Lesson:
    return Lesson(number, title, "About.", "Text.", (), (), (), (), (), Readability(7.5, 1))


def generated(number: int, title: str = "Light") -> LessonGenerated:
    return LessonGenerated(**asdict(lesson(number, title)))


def drafted(number: int, revision: int, title: str = "Light", since: int = 0) -> LessonDrafted:
    return LessonDrafted(**asdict(lesson(number, title)), revision=revision, since=since)


REQUESTED = CourseRequested("Photosynthesis", "Grade 8", 2, None, "en", "ann", JOB)
OUTLINED = CourseOutlined("How plants eat", PLANS)
READY = (REQUESTED, OUTLINED, generated(1), generated(2, "Leaf"), CourseReady())


def test_a_course_is_requested() -> None:
    asking = RequestCourse(" Photosynthesis ", "ann", JOB, num_lessons=2)

    given(COURSE).when(asking).then(REQUESTED)


def test_a_course_is_requested_once() -> None:
    given(COURSE, REQUESTED).when(RequestCourse("Something else", "bob", JOB)).then()


@pytest.mark.parametrize("topic", ["", "  ", "?!", "x" * 301])
def test_a_course_needs_a_topic_of_letters(topic: str) -> None:
    given(COURSE).when(RequestCourse(topic, "ann", JOB)).refused(TopicMissing)


@pytest.mark.parametrize("number", [-1, 0, 51])
def test_a_course_has_at_least_one_lesson_and_at_most_fifty(number: int) -> None:
    asking = RequestCourse("Light", "ann", JOB, num_lessons=number)

    given(COURSE).when(asking).refused(LessonsOutOfRange)


@pytest.mark.parametrize(
    "command",
    [Finish(), GiveUp("x"), PinLesson(1), PromoteLesson(1), RenameCourse("x"), ArchiveCourse()],
)
def test_nothing_can_be_done_to_a_course_that_was_never_requested(command: Command) -> None:
    given(COURSE).when(command).refused(NoSuchCourse)


def test_an_outline_is_kept() -> None:
    outline = Outline("How plants eat", PLANS)

    given(COURSE, REQUESTED).when(RecordOutline(outline)).then(OUTLINED)


def test_a_second_outline_changes_nothing() -> None:
    outline = Outline("Another", PLANS[:1])

    given(COURSE, REQUESTED, OUTLINED).when(RecordOutline(outline)).then()


@pytest.mark.parametrize("number", [0, 51])
def test_an_outline_without_lessons_or_with_too_many_is_refused(number: int) -> None:
    outline = Outline("How plants eat", PLANS[:1] * number)

    given(COURSE, REQUESTED).when(RecordOutline(outline)).refused(LessonsOutOfRange)


def test_a_lesson_of_the_outline_is_kept() -> None:
    given(COURSE, REQUESTED, OUTLINED).when(RecordLesson(lesson(1))).then(generated(1))


def test_a_lesson_is_kept_once() -> None:
    kept = (REQUESTED, OUTLINED, generated(1))

    given(COURSE, *kept).when(RecordLesson(lesson(1, "Other"))).then()


def test_a_lesson_before_its_outline_is_refused() -> None:
    given(COURSE, REQUESTED).when(RecordLesson(lesson(1))).refused(NoSuchLesson)


@pytest.mark.parametrize("number", [0, 3])
def test_a_lesson_that_the_outline_does_not_have_is_refused(number: int) -> None:
    recording = RecordLesson(lesson(number))

    given(COURSE, REQUESTED, OUTLINED).when(recording).refused(NoSuchLesson)


def test_a_course_with_all_its_lessons_is_ready() -> None:
    given(COURSE, *READY[:-1]).when(Finish()).then(CourseReady())


def test_a_course_is_ready_once() -> None:
    given(COURSE, *READY).when(Finish()).then()


@pytest.mark.parametrize("events", [(REQUESTED,), (REQUESTED, OUTLINED, generated(2))])
def test_a_course_without_all_its_lessons_is_not_ready(events: tuple[Struct, ...]) -> None:
    given(COURSE, *events).when(Finish()).refused(LessonsMissing)


def test_a_failed_course_can_still_become_ready() -> None:
    events = (*READY[:-1], CourseFailed("The key has expired."))

    given(COURSE, *events).when(Finish()).then(CourseReady())


def test_giving_up_says_why() -> None:
    given(COURSE, REQUESTED).when(GiveUp("No sources.")).then(CourseFailed("No sources."))


def test_a_draft_is_the_next_revision_and_does_not_serve() -> None:
    drafting = RecordDraft(lesson(1, "Anew"), "Simpler, please.")

    given(COURSE, *READY).when(drafting).then(
        LessonDrafted(
            **asdict(lesson(1, "Anew")), revision=2, instructions="Simpler, please.", since=1
        )
    )


def test_a_lesson_that_does_not_exist_cannot_be_drafted_anew() -> None:
    given(COURSE, REQUESTED, OUTLINED).when(RecordDraft(lesson(1))).refused(NoSuchLesson)


def test_the_latest_draft_is_promoted() -> None:
    events = (*READY, drafted(1, 2), drafted(1, 3))

    given(COURSE, *events).when(PromoteLesson(1)).then(LessonPromoted(1, 3))


def test_without_a_newer_draft_there_is_nothing_to_promote() -> None:
    events = (*READY, drafted(1, 2), LessonPromoted(1, 2))

    given(COURSE, *events).when(PromoteLesson(1)).refused(NothingDrafted)


def test_the_draft_that_was_read_is_promoted_and_no_newer_one() -> None:
    events = (*READY, drafted(1, 2), drafted(1, 3))

    given(COURSE, *events).when(PromoteLesson(1, 3)).then(LessonPromoted(1, 3))
    given(COURSE, *events).when(PromoteLesson(1, 2)).refused(NothingDrafted)


@pytest.mark.parametrize(
    "events",
    [
        (drafted(1, 2), LessonRevised(1, 3, "Light", "Mine.")),
        (LessonRevised(1, 2, "Light", "Mine."), drafted(1, 3, since=1)),
        (
            drafted(1, 2),
            LessonRevised(1, 3, "Light", "Mine."),
            LessonRolledBack(1, 1, 1),
            LessonRolledBack(1, 3, 1),
        ),
    ],
)
def test_a_draft_begun_before_a_persons_edit_is_not_promoted_over_it(
    events: tuple[Struct, ...],
) -> None:
    given(COURSE, *READY, *events).when(PromoteLesson(1)).refused(EditedSince)


@pytest.mark.parametrize(
    "events",
    [
        (LessonRevised(1, 2, "Light", "Mine."), drafted(1, 3, since=2)),
        (LessonRevised(1, 2, "Light", "Mine."), drafted(1, 3, since=0)),
        (
            LessonRevised(1, 2, "Light", "Mine."),
            drafted(1, 3, since=1),
            LessonRolledBack(1, 1, 1),
        ),
    ],
)
def test_a_draft_that_replaces_no_later_edit_is_promoted(events: tuple[Struct, ...]) -> None:
    given(COURSE, *READY, *events).when(PromoteLesson(1)).then(LessonPromoted(1, 3))


def test_a_lesson_is_rolled_back_to_any_revision() -> None:
    edited = (*READY, LessonRevised(1, 2, "Mine", "Mine."), drafted(1, 3), LessonPromoted(1, 3))

    given(COURSE, *edited).when(RollBackLesson(1, 1)).then(LessonRolledBack(1, 1, 1))
    given(COURSE, *edited).when(RollBackLesson(1, 2)).then(LessonRolledBack(1, 2, 1))


def test_an_edit_keeps_the_base_of_the_text_that_it_changed() -> None:
    edits = (drafted(1, 2), LessonPromoted(1, 2), LessonRevised(1, 3, "Mine", "Mine."))
    again = (LessonRolledBack(1, 1, 1), LessonRevised(1, 4, "Mine", "Again."))

    given(COURSE, *READY, *edits, LessonRolledBack(1, 1, 1)).when(RollBackLesson(1, 3)).then(
        LessonRolledBack(1, 3, 2)
    )
    given(COURSE, *READY, *edits, *again, LessonRolledBack(1, 2, 2)).when(
        RollBackLesson(1, 4)
    ).then(LessonRolledBack(1, 4, 1))


def test_a_lesson_that_serves_already_is_not_rolled_back() -> None:
    given(COURSE, *READY).when(RollBackLesson(1, 1)).then()


@pytest.mark.parametrize("revision", [0, 2, -1])
def test_a_revision_that_there_is_not_cannot_serve(revision: int) -> None:
    given(COURSE, *READY).when(RollBackLesson(1, revision)).refused(NoSuchRevision)


def test_a_draft_that_was_rolled_back_to_needs_no_promotion() -> None:
    events = (*READY, drafted(1, 2), LessonRolledBack(1, 2, 2))

    given(COURSE, *events).when(PromoteLesson(1)).refused(NothingDrafted)


def test_a_draft_still_waits_after_a_rollback_to_another_revision() -> None:
    edited = LessonRevised(1, 2, "Light", "Mine.")
    events = (*READY, edited, drafted(1, 3), LessonRolledBack(1, 1, 1))

    given(COURSE, *events).when(PromoteLesson(1)).then(LessonPromoted(1, 3))


def test_an_edit_after_a_rollback_is_numbered_after_all_others() -> None:
    events = (*READY, drafted(1, 2, "Anew"), LessonPromoted(1, 2), LessonRolledBack(1, 1, 1))

    given(COURSE, *events).when(ReviseLesson(1, "Mine.")).then(
        LessonRevised(1, 3, "Light", "Mine.")
    )


def test_a_lesson_is_unpinned_once() -> None:
    given(COURSE, *READY, LessonPinned(1)).when(UnpinLesson(1)).then(LessonUnpinned(1))
    given(COURSE, *READY, LessonPinned(1), LessonUnpinned(1)).when(PinLesson(1)).then(
        LessonPinned(1)
    )
    given(COURSE, *READY).when(UnpinLesson(1)).then()


def test_a_persons_edit_is_the_newest_revision() -> None:
    events = (*READY, drafted(1, 2))

    given(COURSE, *events).when(ReviseLesson(1, "Mine.", " Lights ")).then(
        LessonRevised(1, 3, "Lights", "Mine.")
    )


def test_an_edit_without_a_title_keeps_the_title_that_serves() -> None:
    given(COURSE, *READY).when(ReviseLesson(2, "Mine.")).then(LessonRevised(2, 2, "Leaf", "Mine."))


def test_a_draft_does_not_lend_its_title_to_an_edit() -> None:
    events = (*READY, drafted(1, 2, "Anew"))

    given(COURSE, *events).when(ReviseLesson(1, "Mine.")).then(
        LessonRevised(1, 3, "Light", "Mine.")
    )


def test_a_promoted_draft_lends_its_title_to_an_edit() -> None:
    events = (*READY, drafted(1, 2, "Anew"), LessonPromoted(1, 2))

    given(COURSE, *events).when(ReviseLesson(1, "Mine.")).then(LessonRevised(1, 3, "Anew", "Mine."))


def test_an_edit_cannot_take_the_title_away() -> None:
    given(COURSE, *READY).when(ReviseLesson(1, "Mine.", " ")).refused(TitleMissing)


def test_a_lesson_is_pinned_once() -> None:
    given(COURSE, *READY).when(PinLesson(1)).then(LessonPinned(1))
    given(COURSE, *READY).when(PinLesson(1), PinLesson(1)).then()


def test_a_lesson_that_was_edited_can_be_pinned_too_and_stays_pinned() -> None:
    edited = LessonRevised(1, 2, "Light", "Mine.")

    given(COURSE, *READY, edited).when(PinLesson(1)).then(LessonPinned(1))
    given(COURSE, *READY, LessonPinned(1), edited).when(PinLesson(1)).then()


@pytest.mark.parametrize(
    "command",
    [
        PromoteLesson(9), ReviseLesson(9, "x"), PinLesson(9), UnpinLesson(9), RollBackLesson(9, 1),
    ],
)  # fmt: skip
def test_a_lesson_that_the_course_does_not_have_cannot_be_changed(command: Command) -> None:
    given(COURSE, *READY).when(command).refused(NoSuchLesson)


def test_a_course_is_renamed() -> None:
    given(COURSE, *READY).when(RenameCourse(" Green ")).then(CourseRenamed("Green"))


def test_the_same_name_again_changes_nothing() -> None:
    given(COURSE, *READY).when(RenameCourse("How plants eat")).then()


def test_a_course_needs_a_name() -> None:
    given(COURSE, *READY).when(RenameCourse(" - ")).refused(TitleMissing)


def test_a_course_is_archived_once() -> None:
    given(COURSE, *READY).when(ArchiveCourse()).then(CourseArchived())
    given(COURSE, *READY).when(ArchiveCourse(), ArchiveCourse()).then()


@pytest.mark.parametrize(
    "command", [RenameCourse("x"), PinLesson(1), RecordDraft(lesson(1)), GiveUp("x"), Finish()]
)
def test_nothing_changes_an_archived_course(command: Command) -> None:
    given(COURSE, *READY, CourseArchived()).when(command).refused(CourseIsArchived)


EVENTS = st.one_of(*(structs(kind) for kind in COURSE.events))
IDEMPOTENT = (
    RequestCourse, RecordOutline, RecordLesson, Finish, PinLesson, UnpinLesson, RollBackLesson,
    RenameCourse, ArchiveCourse,
)  # fmt: skip


@for_any(reachable(COURSE, COMMANDS), COMMANDS)
def test_any_command_in_any_state_is_decided_or_refused(
    events: list[Any], command: Command
) -> None:
    caused: Sequence[Struct] = ()
    with suppress(Refusal):
        caused = COURSE.decide(command, COURSE.fold(events))

    assert all(isinstance(event, COURSE.events) for event in caused)


@for_any(reachable(COURSE, COMMANDS), COMMANDS)
def test_an_idempotent_command_decided_again_adds_nothing(
    events: list[Any], command: Command
) -> None:
    state = COURSE.fold(events)
    try:
        after = COURSE.fold(COURSE.decide(command, state), state)
    except Refusal:
        return

    if isinstance(command, IDEMPOTENT):
        assert COURSE.decide(command, after) == ()


@for_any(st.lists(EVENTS, max_size=8))
def test_events_fold_into_a_state_in_any_order(events: list[Any]) -> None:
    assert isinstance(COURSE.fold(events), State)


@for_any(reachable(COURSE, COMMANDS, most=25))
def test_revisions_of_a_lesson_are_numbered_without_a_hole(events: list[Any]) -> None:
    revisions: dict[int, list[int]] = {}
    for event in events:
        if isinstance(event, LessonGenerated):
            revisions.setdefault(event.number, []).append(1)
        if isinstance(event, LessonDrafted | LessonRevised):
            revisions[event.number].append(event.revision)

    for numbers in revisions.values():
        assert numbers == list(range(1, len(numbers) + 1))
