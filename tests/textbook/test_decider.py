"""What happens to a textbook as it is made, in the words of its domain."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given as for_any
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import asdict, replace

from service.content.title import TitleMissing
from service.refusal import Refusal
from service.textbook.chapter import NoSuchChapter
from service.textbook.commands import (
    ArchiveTextbook,
    Command,
    FailChapter,
    Finish,
    GiveUp,
    GiveUpChapter,
    RecordBoosters,
    RecordChapter,
    RecordPlan,
    RecordQuiz,
    RecordSummary,
    ReviseChapter,
    Validate,
)
from service.textbook.content import Boosters, Plan, Policy, Summary
from service.textbook.contradiction import PolicyContradictsItself
from service.textbook.decider import (
    TEXTBOOK,
    ChaptersMissing,
    ChaptersOutOfRange,
    NoSuchTextbook,
    SubjectMissing,
    TextbookIsArchived,
)
from service.textbook.events import (
    BoosterGenerated,
    BoosterRefused,
    ChapterFailed,
    ChapterGenerated,
    ChapterRejected,
    ChapterValidated,
    SummaryGenerated,
    TextbookArchived,
    TextbookFailed,
    TextbookPlanned,
    TextbookReady,
    TextbookRequested,
)
from tests.given import given
from tests.shapes import history, structs
from tests.textbook.commands import COMMANDS
from tests.textbook.pieces import (
    ANEW,
    BOOSTERS,
    JOB,
    PLAN,
    POLICY,
    QUESTIONS,
    REQUEST,
    SUMMARY,
    TEXT,
    WHOLE,
    draft,
    made,
    textbook,
)

REQUESTED = TextbookRequested("Forces", "Physics", "Grade 8", 2, None, "en", "ann", JOB, POLICY)
PLANNED = TextbookPlanned(PLAN.chapters)
BEGUN = (REQUESTED, PLANNED)
MADE = tuple(history(TEXTBOOK, [REQUEST, RecordPlan(PLAN), *made(1)]))
"""A textbook whose first chapter is validated."""
READY = tuple(history(TEXTBOOK, list(WHOLE)))


def generated(number: int, version: int = 1, **but: Any) -> ChapterGenerated:
    title, slug = (("Push and pull", "push-and-pull"), ("Motion", "motion"))[number - 1]
    points = PLAN.chapters[number - 1].key_points
    event = ChapterGenerated(number, version, title, slug, TEXT, 6, 1, points, (), JOB)
    return replace(event, **but)


def test_a_textbook_is_requested() -> None:
    given(TEXTBOOK).when(replace(REQUEST, title=" Forces ", subject="Physics ")).then(REQUESTED)


def test_a_request_is_taken_once() -> None:
    given(TEXTBOOK, REQUESTED).when(REQUEST).then()


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        ({"title": " ? "}, TitleMissing),
        ({"title": "x" * 301}, TitleMissing),
        ({"subject": ""}, SubjectMissing),
        ({"chapters_total": 0}, ChaptersOutOfRange),
        ({"chapters_total": 41}, ChaptersOutOfRange),
        ({"policy": Policy(takeaways_min=6)}, PolicyContradictsItself),
    ],
)
def test_a_request_that_nothing_can_be_made_of_is_refused(
    wrong: dict[str, Any], refusal: type[Refusal]
) -> None:
    given(TEXTBOOK).when(replace(REQUEST, **wrong)).refused(refusal)


@pytest.mark.parametrize("command", [RecordPlan(PLAN), *made(1), Finish(), GiveUp("x")])
def test_without_a_textbook_nothing_can_be_done(command: Command) -> None:
    given(TEXTBOOK).when(command).refused(NoSuchTextbook)


def test_the_first_plan_is_kept() -> None:
    given(TEXTBOOK, REQUESTED).when(RecordPlan(PLAN)).then(PLANNED)
    given(TEXTBOOK, *BEGUN).when(RecordPlan(Plan(PLAN.chapters[:1]))).then()


@pytest.mark.parametrize("count", [0, 41])
def test_a_plan_has_as_many_chapters_as_a_textbook_may_have(count: int) -> None:
    plan = RecordPlan(Plan(PLAN.chapters[:1] * count))

    given(TEXTBOOK, REQUESTED).when(plan).refused(ChaptersOutOfRange)


def test_a_chapters_text_is_its_first_version() -> None:
    given(TEXTBOOK, *BEGUN).when(RecordChapter(draft(1), JOB)).then(generated(1))


@pytest.mark.parametrize("number", [0, 3])
def test_a_chapter_that_the_plan_does_not_have_is_refused(number: int) -> None:
    recording = RecordChapter(replace(draft(1), number=number), JOB)

    given(TEXTBOOK, *BEGUN).when(recording).refused(NoSuchChapter)
    given(TEXTBOOK, REQUESTED).when(recording).refused(NoSuchChapter)


def test_a_job_that_repeats_itself_begins_no_second_version() -> None:
    again = RecordChapter(draft(1, markdown="Other words."), JOB)

    given(TEXTBOOK, *BEGUN, generated(1)).when(again).then()


def test_another_job_begins_the_next_version_which_keeps_the_chapters_slug() -> None:
    anew = RecordChapter(draft(1, "Shoving"), ANEW, "Simpler.")

    given(TEXTBOOK, *BEGUN, generated(1)).when(anew).then(
        generated(1, 2, title="Shoving", job_id=ANEW, instructions="Simpler.")
    )


def test_a_job_begins_another_version_once_its_own_was_rejected() -> None:
    rejected = ChapterRejected(1, 1, ("Too short.",))

    given(TEXTBOOK, *BEGUN, generated(1), rejected).when(RecordChapter(draft(1), JOB)).then(
        generated(1, 2)
    )


def test_chapters_of_one_title_have_slugs_of_their_own() -> None:
    titled = RecordChapter(draft(2, "Push & pull"), JOB)
    other = RecordChapter(draft(2, "Push pull"), JOB)

    given(TEXTBOOK, *BEGUN, generated(1, slug="push-pull")).when(titled).then(
        generated(2, title="Push & pull", slug="push-pull--2")
    )
    given(TEXTBOOK, *BEGUN, generated(1, slug="push-pull--2")).when(other).then(
        generated(2, title="Push pull", slug="push-pull")
    )


def test_parts_are_kept_once_for_the_version_that_they_name() -> None:
    at = given(TEXTBOOK, *BEGUN, generated(1))
    recording = RecordSummary(1, 1, SUMMARY)

    at.when(recording).then(SummaryGenerated(1, 1, SUMMARY.takeaways))
    at.when(recording, RecordSummary(1, 1, Summary(("Other.",)))).then()
    at.when(RecordQuiz(1, 1, QUESTIONS), RecordQuiz(1, 1, ())).then()
    at.when(RecordQuiz(1, 1, ()), RecordQuiz(1, 1, QUESTIONS)).then()
    at.when(RecordBoosters(1, 1, BOOSTERS), RecordBoosters(1, 1, BOOSTERS)).then()


@pytest.mark.parametrize(
    "command",
    [
        RecordSummary(1, 1, SUMMARY), RecordQuiz(1, 1, QUESTIONS), RecordBoosters(1, 1, BOOSTERS),
        Validate(1, 1), RecordSummary(1, 3, SUMMARY),
    ],
)  # fmt: skip
def test_what_belongs_to_no_version_in_the_making_changes_nothing(command: Command) -> None:
    given(TEXTBOOK, *BEGUN, generated(1), generated(1, 2, job_id=ANEW)).when(command).then()
    given(TEXTBOOK, *BEGUN, generated(1), ChapterRejected(1, 1, ("No.",))).when(command).then()


@pytest.mark.parametrize("command", [RecordSummary(1, 1, SUMMARY), Validate(1, 1)])
def test_a_chapter_without_a_text_has_no_parts(command: Command) -> None:
    given(TEXTBOOK, *BEGUN).when(command).refused(NoSuchChapter)


def test_boosters_are_counted_from_one_and_refusals_say_why() -> None:
    first, second = BOOSTERS.made
    odd = Boosters((replace(first, position=7), replace(second, position=7)), BOOSTERS.refused)

    given(TEXTBOOK, *BEGUN, generated(1)).when(RecordBoosters(1, 1, odd)).then(
        BoosterGenerated(**asdict(first), number=1, version=1),
        BoosterGenerated(**asdict(second), number=1, version=1),
        BoosterRefused(**asdict(BOOSTERS.refused[0]), number=1, version=1),
    )


def test_a_question_that_is_asked_again_in_a_later_version_keeps_its_id() -> None:
    again = tuple(history(TEXTBOOK, [*WHOLE, *made(1, 2, ANEW)]))
    chapter = textbook(again).chapters[1]

    first, second = (version.parts.questions for version in chapter.versions)
    assert [one.id for one in first] == [one.id for one in second]
    other = textbook(READY).chapters[2].versions[0].parts.questions
    assert other[0].id != first[0].id


def test_a_whole_version_is_validated_and_an_incomplete_one_rejected_with_what_it_lacks() -> None:
    assert MADE[-1] == ChapterValidated(1, 1)
    given(TEXTBOOK, *MADE[:-1]).when(Validate(1, 1)).then(ChapterValidated(1, 1))
    given(TEXTBOOK, *BEGUN, generated(1)).when(Validate(1, 1)).then(
        ChapterRejected(
            1,
            1,
            (
                "The summary has no takeaways; it must have 1 to 5.",
                "The quiz has no questions; it must have 1 to 7.",
                "The chapter has no boosters; it must have 2 to 3.",
            ),
        )
    )


def test_the_last_chapter_that_is_validated_makes_the_textbook_ready() -> None:
    given(TEXTBOOK, *READY[:-2]).when(Validate(2, 1)).then(ChapterValidated(2, 1), TextbookReady())
    given(TEXTBOOK, *READY).when(Finish()).then()


def test_a_failed_textbook_is_ready_once_a_person_has_mended_its_last_chapter() -> None:
    rejected = [*READY[:-2], ChapterRejected(2, 1, ("No.",)), TextbookFailed("No.")]

    assert textbook(rejected).failed
    *_, ready = TEXTBOOK.decide(ReviseChapter(2, TEXT + " Far."), TEXTBOOK.fold(rejected))
    assert ready == TextbookReady()
    assert not textbook([*rejected, ready]).failed


def test_a_textbook_of_which_chapters_are_missing_is_not_ready() -> None:
    given(TEXTBOOK, REQUESTED).when(Finish()).refused(ChaptersMissing)
    given(TEXTBOOK, *MADE).when(Finish()).refused(ChaptersMissing)
    with pytest.raises(ChaptersMissing) as raised:
        TEXTBOOK.decide(Finish(), TEXTBOOK.fold(MADE))
    assert raised.value.facts == {"missing": (2,)}


def test_a_chapter_fails_once_by_one_error_of_one_job() -> None:
    failing = FailChapter(2, "No quiz.", JOB)

    given(TEXTBOOK, *MADE).when(failing).then(ChapterFailed(2, "No quiz.", JOB))
    given(TEXTBOOK, *MADE).when(failing, failing).then()
    given(TEXTBOOK, *MADE).when(failing, replace(failing, job_id=ANEW)).then(
        ChapterFailed(2, "No quiz.", ANEW)
    )


def test_a_chapter_that_failed_is_forgiven_once_more_is_made_of_it() -> None:
    events = [*MADE, ChapterFailed(2, "No quiz.", JOB)]
    failed, after = textbook(events), textbook([*events, generated(2)])

    assert (failed.chapters[2].error, failed.chapters[2].failed_by) == ("No quiz.", JOB)
    assert (after.chapters[2].error, after.chapters[2].failed_by) == ("", None)
    assert (failed.missing, after.missing) == ((2,), (2,))


def test_giving_up_says_why_unless_there_is_nothing_to_give_up() -> None:
    given(TEXTBOOK, *MADE).when(GiveUp("No sources.")).then(TextbookFailed("No sources."))
    given(TEXTBOOK, *READY).when(GiveUp("No sources.")).then()
    given(TEXTBOOK, *MADE, TextbookArchived()).when(GiveUp("Archived.")).then()


def test_a_chapter_that_is_given_up_says_so_where_it_was_left_unfinished() -> None:
    begun = generated(2, job_id=ANEW)
    giving_up = GiveUpChapter(2, "No budget.", ANEW)

    given(TEXTBOOK, *MADE, begun).when(giving_up).then(ChapterFailed(2, "No budget.", ANEW))
    given(TEXTBOOK, *MADE, begun).when(giving_up, giving_up).then()
    given(TEXTBOOK, *MADE, begun).when(replace(giving_up, job_id=JOB)).then()
    given(TEXTBOOK, *READY).when(giving_up, replace(giving_up, job_id=JOB)).then()
    given(TEXTBOOK, *MADE, begun, TextbookArchived()).when(giving_up).then()
    given(TEXTBOOK, REQUESTED).when(giving_up).then()


def test_a_textbook_is_archived_once() -> None:
    given(TEXTBOOK, *MADE).when(ArchiveTextbook()).then(TextbookArchived())
    given(TEXTBOOK, *MADE).when(ArchiveTextbook(), ArchiveTextbook()).then()


@pytest.mark.parametrize("command", [RecordChapter(draft(2), JOB), Finish(), Validate(1, 1)])
def test_nothing_changes_an_archived_textbook(command: Command) -> None:
    given(TEXTBOOK, *MADE, TextbookArchived()).when(command).refused(TextbookIsArchived)


EVENTS = st.one_of(*(structs(kind) for kind in TEXTBOOK.events))
HISTORIES = st.builds(
    lambda begun, asked: history(TEXTBOOK, [*begun, *asked]),
    st.sampled_from([(), WHOLE[:2], WHOLE[:7], WHOLE, (*WHOLE, ReviseChapter(1, TEXT + " Far."))]),
    st.lists(COMMANDS, max_size=12),
)
"""What may have happened to a textbook that was begun, half made, or ready."""


@for_any(HISTORIES, COMMANDS)
def test_any_command_in_any_state_is_decided_or_refused(
    events: list[Any], command: Command
) -> None:
    caused: Sequence[Struct] = ()
    with suppress(Refusal):
        caused = TEXTBOOK.decide(command, TEXTBOOK.fold(events))

    assert all(isinstance(event, TEXTBOOK.events) for event in caused)


@for_any(HISTORIES, COMMANDS)
def test_a_command_decided_again_adds_nothing(events: list[Any], command: Command) -> None:
    state = TEXTBOOK.fold(events)
    try:
        after = TEXTBOOK.fold(TEXTBOOK.decide(command, state), state)
        again = TEXTBOOK.decide(command, after)
    except Refusal:
        return

    assert isinstance(command, GiveUp) or not again


@for_any(st.lists(EVENTS, max_size=12))
def test_any_events_fold(events: list[Any]) -> None:
    TEXTBOOK.fold(events)
