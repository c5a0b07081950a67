"""A textbook: asked for, planned, made chapter by chapter, judged, published, kept by people."""

from collections.abc import Sequence
from functools import reduce
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from service.content.title import TitleMissing, is_line
from service.log.decider import Decider
from service.refusal import Invalid, NotFound, StateConflict
from service.textbook.chapter import Chapter, ChapterEvent, NoSuchChapter, evolve_chapter
from service.textbook.commands import (
    ArchiveTextbook,
    Command,
    FailChapter,
    Finish,
    GiveUp,
    GiveUpChapter,
    PublishChapter,
    PublishTextbook,
    RecordBoosters,
    RecordChapter,
    RecordPlan,
    RecordQuiz,
    RecordSummary,
    RequestTextbook,
    ReviseChapter,
    RollBackChapter,
    Validate,
)
from service.textbook.content import Plan
from service.textbook.contradiction import PolicyContradictsItself, contradictions
from service.textbook.events import (
    BoosterGenerated,
    BoosterRefused,
    ChapterFailed,
    ChapterGenerated,
    ChapterPublished,
    ChapterRejected,
    ChapterRevised,
    ChapterRolledBack,
    ChapterValidated,
    Event,
    QuizGenerated,
    SummaryGenerated,
    TextbookArchived,
    TextbookFailed,
    TextbookPlanned,
    TextbookReady,
    TextbookRequested,
)
from service.textbook.keeping import publish, revise, roll_back
from service.textbook.making import (
    fail,
    give_up,
    record_boosters,
    record_chapter,
    record_quiz,
    record_summary,
    validate,
)

MOST_CHAPTERS: Final = 40

ChapterCommand = (
    RecordSummary
    | RecordQuiz
    | RecordBoosters
    | Validate
    | FailChapter
    | PublishChapter
    | ReviseChapter
    | RollBackChapter
)

# State.


class Absent(Struct, frozen=True):
    """Nothing has been asked for."""


class Textbook(Struct, frozen=True):
    """A textbook in the making or done; `chapters` by number, those that have begun.

    `failed` tells that its generation ended without all chapters and has not gone well since.
    """

    request: TextbookRequested
    plan: Plan | None = None
    chapters: dict[int, Chapter] = {}
    ready: bool = False
    failed: bool = False
    archived: bool = False

    def chapter(self, number: int) -> Chapter:
        """Return a chapter of the plan, begun or not. Raises NoSuchChapter."""
        planned = self.plan.chapters if self.plan is not None else ()
        if not 1 <= number <= len(planned):
            raise NoSuchChapter(number=number)
        return self.chapters.get(number, Chapter())

    @property
    def missing(self) -> tuple[int, ...]:
        """The chapters of the plan whose latest version is not validated, or not there."""
        planned = self.plan.chapters if self.plan is not None else ()
        latest = {number: chapter.latest for number, chapter in self.chapters.items()}
        sound = {n for n, last in latest.items() if last and last.standing == "validated"}
        return tuple(number for number in range(1, len(planned) + 1) if number not in sound)


State = Absent | Textbook
INITIAL: Final[State] = Absent()

# Refusals.


class NoSuchTextbook(NotFound):
    """There is no such textbook here, or it belongs to somebody else."""


class TextbookIsArchived(StateConflict):
    """The textbook is archived, so nothing changes it any more."""


class ChaptersMissing(StateConflict):
    """The textbook is not ready: chapters are missing, or have not been validated."""


class NothingToPublish(StateConflict):
    """No chapter of the textbook has been validated yet, so there is nothing to publish."""


class SubjectMissing(Invalid):
    """A subject needs at least one letter or digit and at most 300 characters."""


class ChaptersOutOfRange(Invalid):
    """A textbook has between 1 and 40 chapters."""


def request_textbook(command: RequestTextbook, state: State) -> Sequence[Event]:
    """Take the request, once."""
    if isinstance(state, Textbook):
        return ()
    if not is_line(command.title):
        raise TitleMissing
    if not is_line(command.subject):
        raise SubjectMissing
    if not 1 <= command.chapters_total <= MOST_CHAPTERS:
        raise ChaptersOutOfRange
    if wrong := tuple(contradictions(command.policy)):
        raise PolicyContradictsItself(" ".join(wrong))
    return (
        TextbookRequested(
            command.title.strip(),
            command.subject.strip(),
            command.audience,
            command.chapters_total,
            command.source_filter,
            command.language,
            command.user_id,
            command.job_id,
            command.policy,
        ),
    )


def record_plan(command: RecordPlan, state: Textbook) -> Sequence[Event]:
    """Keep the first plan; a second one of a repeated step changes nothing."""
    if state.plan is not None:
        return ()
    if not 1 <= len(command.plan.chapters) <= MOST_CHAPTERS:
        raise ChaptersOutOfRange
    return (TextbookPlanned(command.plan.chapters),)


def finish(state: Textbook) -> Sequence[Event]:
    """Declare the textbook ready, once, when every chapter of its plan is validated."""
    if state.ready:
        return ()
    if state.plan is None or state.missing:
        raise ChaptersMissing(missing=state.missing)
    return (TextbookReady(),)


def publish_all(state: Textbook) -> Sequence[Event]:
    """Publish every chapter whose latest version is validated and not out yet, by number."""
    events: list[Event] = []
    for number, chapter in sorted(state.chapters.items()):
        if chapter.latest is not None and chapter.latest.standing == "validated":
            events.extend(publish(PublishChapter(number), chapter))
    if not events and not any(chapter.published for chapter in state.chapters.values()):
        raise NothingToPublish
    return events


def decide(command: Command, state: State) -> Sequence[Event]:
    """Return what `command` causes. Raises the refusals above."""
    if isinstance(command, RequestTextbook):
        return request_textbook(command, state)
    if isinstance(state, Absent):
        raise NoSuchTextbook
    if isinstance(command, ArchiveTextbook):
        return () if state.archived else (TextbookArchived(),)
    if isinstance(command, GiveUp):
        return () if state.ready or state.archived else (TextbookFailed(command.error),)
    if isinstance(command, GiveUpChapter):
        chapter = state.chapters.get(command.number, Chapter())
        return () if state.archived else give_up(command, chapter)
    if state.archived:
        raise TextbookIsArchived
    return completed(_decide_open(command, state), state)


def completed(events: Sequence[Event], state: Textbook) -> Sequence[Event]:
    """Return `events`, and that the textbook is ready, where they validate its last chapter."""
    if state.ready or not any(isinstance(event, ChapterValidated) for event in events):
        return events
    after = reduce(evolve_open, events, state)
    return events if after.missing else (*events, TextbookReady())


def _decide_open(
    command: RecordPlan | RecordChapter | Finish | PublishTextbook | ChapterCommand,
    state: Textbook,
) -> Sequence[Event]:
    match command:
        case RecordPlan():
            return record_plan(command, state)
        case Finish():
            return finish(state)
        case PublishTextbook():
            return publish_all(state)
        case RecordChapter():
            chapter = state.chapter(command.draft.number)
            latest = [each.latest for each in state.chapters.values()]
            taken = {version.slug for version in latest if version is not None}
            return record_chapter(command, chapter, state.request.job_id, taken)
        case _:
            return _decide_chapter(command, state)


def _decide_chapter(command: ChapterCommand, state: Textbook) -> Sequence[ChapterEvent]:
    chapter, rules = state.chapter(command.number), state.request.policy
    match command:
        case RecordSummary():
            return record_summary(command, chapter)
        case RecordQuiz():
            return record_quiz(command, chapter, state.request.job_id)
        case RecordBoosters():
            return record_boosters(command, chapter)
        case Validate():
            return validate(command, chapter, rules)
        case FailChapter():
            return fail(command, chapter)
        case PublishChapter():
            return publish(command, chapter)
        case ReviseChapter():
            return revise(command, chapter, rules)
        case RollBackChapter():
            return roll_back(command, chapter, rules)


def evolve(state: State, event: Event) -> State:
    """Return the state after `event`."""
    if isinstance(event, TextbookRequested):
        return Textbook(event)
    return state if isinstance(state, Absent) else evolve_open(state, event)


def evolve_open(state: Textbook, event: Event) -> Textbook:
    """Return the state of a textbook that is there after `event`."""
    match event:
        case TextbookRequested():
            return Textbook(event)
        case TextbookPlanned():
            return replace(state, plan=Plan(event.chapters))
        case TextbookReady():
            return replace(state, ready=True, failed=False)
        case TextbookFailed():
            return replace(state, failed=True)
        case TextbookArchived():
            return replace(state, archived=True)
        case _:
            chapter = evolve_chapter(state.chapters.get(event.number, Chapter()), event)
            return replace(state, chapters={**state.chapters, event.number: chapter})


TEXTBOOK: Final[Decider[Command, State, Event]] = Decider(
    "textbook",
    (
        TextbookRequested,
        TextbookPlanned,
        ChapterGenerated,
        SummaryGenerated,
        QuizGenerated,
        BoosterGenerated,
        BoosterRefused,
        ChapterValidated,
        ChapterRejected,
        ChapterFailed,
        ChapterPublished,
        ChapterRevised,
        ChapterRolledBack,
        TextbookReady,
        TextbookFailed,
        TextbookArchived,
    ),
    INITIAL,
    decide,
    evolve,
)
