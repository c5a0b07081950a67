"""Any commands that a textbook may be given, valid or not, likely enough to get somewhere."""

from typing import Final

from hypothesis import strategies as st

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
from service.textbook.content import ChapterPlan, Draft, Plan
from tests.course.commands import TITLES
from tests.shapes import structs
from tests.textbook.pieces import ANEW, BOOSTERS, JOB, POLICY, QUESTIONS, SUMMARY, TEXT

NUMBERS: Final = st.sampled_from([1, 1, 2, 2, 3, 0])
VERSIONS: Final = st.integers(0, 4)
JOBS: Final = st.sampled_from([JOB, ANEW])
TEXTS: Final = st.sampled_from([TEXT, TEXT, TEXT + "\n\nFar away.", "## Other\n\nToo short.", ""])
DRAFTS: Final = structs(Draft, number=NUMBERS, title=TITLES, markdown=TEXTS)
PLANS: Final = structs(
    Plan, chapters=st.lists(structs(ChapterPlan, title=TITLES), max_size=3).map(tuple)
)

REQUESTS: Final[st.SearchStrategy[Command]] = structs(
    RequestTextbook,
    title=TITLES,
    subject=st.just("Physics"),
    job_id=st.just(JOB),
    chapters_total=st.integers(0, 3),
    policy=st.just(POLICY),
)
PARTS: Final[st.SearchStrategy[Command]] = st.one_of(
    structs(RecordChapter, draft=DRAFTS, job_id=JOBS),
    structs(RecordSummary, number=NUMBERS, version=VERSIONS, summary=st.just(SUMMARY)),
    structs(RecordQuiz, number=NUMBERS, version=VERSIONS, questions=st.just(QUESTIONS)),
    structs(RecordBoosters, number=NUMBERS, version=VERSIONS, boosters=st.just(BOOSTERS)),
    structs(Validate, number=NUMBERS, version=VERSIONS),
    structs(FailChapter, number=NUMBERS, job_id=JOBS),
)
ODD_PARTS: Final[st.SearchStrategy[Command]] = st.one_of(
    structs(RecordSummary, number=NUMBERS, version=VERSIONS),
    structs(RecordQuiz, number=NUMBERS, version=VERSIONS),
    structs(RecordBoosters, number=NUMBERS, version=VERSIONS),
)
KEPT: Final[st.SearchStrategy[Command]] = st.one_of(
    structs(PublishChapter, number=NUMBERS, version=st.none() | VERSIONS),
    structs(PublishTextbook),
    structs(ReviseChapter, number=NUMBERS, title=st.none() | TITLES, markdown=TEXTS),
    structs(RollBackChapter, number=NUMBERS, version=VERSIONS),
)
CHANGES: Final[st.SearchStrategy[Command]] = st.one_of(
    structs(RecordPlan, plan=PLANS), PARTS, PARTS, ODD_PARTS, KEPT, KEPT,
    structs(Finish), structs(GiveUp), structs(GiveUpChapter, number=NUMBERS, job_id=JOBS),
)  # fmt: skip
COMMANDS: Final[st.SearchStrategy[Command]] = st.one_of(
    REQUESTS, CHANGES, CHANGES, CHANGES, structs(ArchiveTextbook)
)
