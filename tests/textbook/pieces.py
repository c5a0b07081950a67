"""What a textbook of two chapters is made of, so that its policy finds nothing wrong."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from service.textbook.commands import (
    Command,
    RecordBoosters,
    RecordChapter,
    RecordPlan,
    RecordQuiz,
    RecordSummary,
    RequestTextbook,
    Validate,
)
from service.textbook.content import (
    Booster,
    Boosters,
    ChapterPlan,
    Draft,
    Plan,
    Policy,
    Question,
    Refused,
    Summary,
)
from service.textbook.decider import TEXTBOOK, Textbook
from service.textbook.events import Event

JOB: Final = UUID("70b00000-0000-4000-8000-000000000001")
ANEW: Final = UUID("70b00000-0000-4000-8000-000000000002")
POLICY: Final = Policy(
    words_min=3, words_max=50, reading_minutes_min=1, questions_min=1, takeaways_min=1
)
"""What a short text can keep; the rest are the defaults."""

REQUEST: Final = RequestTextbook("Forces", "Physics", "ann", JOB, chapters_total=2, policy=POLICY)
PLAN: Final = Plan(
    (
        ChapterPlan("Push and pull", "What forces do.", ("A force has a direction.",)),
        ChapterPlan("Motion", "What follows.", ()),
    )
)
TEXT: Final = "## Push\n\nWhat is pushed moves away."
SUMMARY: Final = Summary(("A force is a push or a pull.",))
QUESTIONS: Final = (
    Question(
        "What does a spring do when it is let go?",
        ("It pushes back", "It melts away", "It turns green", "It falls over"),
        0,
        "easy",
        "Springs",
        "It was pressed.",
    ),
)
BOOSTERS: Final = Boosters(
    (
        Booster("example", "A door opens.", "Push", 1),
        Booster("explanation", "A pull is a push the other way.", "", 2),
    ),
    (Refused("analogy", "The sources make no comparison."),),
)


def draft(number: int, title: str = "", markdown: str = TEXT) -> Draft:
    planned = PLAN.chapters[number - 1]
    return Draft(number, title or planned.title, markdown, planned.key_points, ())


def made(
    number: int, version: int = 1, job: UUID = JOB, markdown: str = TEXT
) -> tuple[Command, ...]:
    """Return what a job says of a version of a chapter, to its verdict."""
    return (
        RecordChapter(draft(number, markdown=markdown), job),
        RecordSummary(number, version, SUMMARY),
        RecordQuiz(number, version, QUESTIONS),
        RecordBoosters(number, version, BOOSTERS),
        Validate(number, version),
    )


WHOLE: Final[tuple[Command, ...]] = (REQUEST, RecordPlan(PLAN), *made(1), *made(2))
"""All that makes a textbook, so that it is ready."""


def textbook(events: Iterable[Event]) -> Textbook:
    """Return the textbook to which this has happened."""
    state = TEXTBOOK.fold(events)
    assert isinstance(state, Textbook)
    return state
