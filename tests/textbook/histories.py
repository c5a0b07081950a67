"""Histories of several tenants' textbooks and the jobs that make them."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID, uuid4

from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from service.job.decider import JOB as JOBS
from service.job.decider import Advance, Cancel, Complete, Create, Fail, Retry, Start
from service.log.decider import Decider
from service.log.handle import Log, Write
from service.refusal import Refusal
from service.textbook.commands import (
    ArchiveTextbook,
    PublishChapter,
    RecordPlan,
    ReviseChapter,
    RollBackChapter,
)
from service.textbook.decider import TEXTBOOK
from tests.course.commands import TITLES
from tests.projection.histories import TENANTS, context
from tests.shapes import structs
from tests.textbook.commands import CHANGES, PARTS
from tests.textbook.pieces import ANEW, PLAN, REQUEST, made

TEXTBOOKS: Final = 4

Deed = tuple[int, Decider[Any, Any, Any], Any]
History = tuple[list[str], list[Deed]]


class Shelf(Struct, frozen=True):
    """One textbook, its job, and whose it is."""

    tenant: UUID
    textbook: UUID
    job: UUID


def shelf(tenant: UUID = TENANTS[0]) -> Shelf:
    """Return where a new textbook stands."""
    return Shelf(tenant, uuid4(), uuid4())


WHICH: Final = st.integers(0, TEXTBOOKS - 1)
WORK: Final = st.one_of(
    structs(Start),
    structs(Start),
    structs(Advance),
    structs(Complete),
    structs(Fail, retry_at=st.none() | st.just(datetime(2026, 1, 1, tzinfo=UTC))),
    structs(Cancel),
    structs(Retry),
)
EDITS: Final = st.sampled_from(["## Push\n\nFar away.", "## Push\n\nVery near.", "Too short."])
PERSONAL: Final = st.one_of(
    structs(RollBackChapter, number=st.sampled_from([1, 2]), version=st.sampled_from([1, 1, 2, 3])),
    structs(ReviseChapter, number=st.sampled_from([1, 2]), title=st.none(), markdown=EDITS),
    structs(PublishChapter, number=st.sampled_from([1, 2]), version=st.none()),
)
"""What people do to chapters that are there."""
DEEDS: Final[st.SearchStrategy[Deed]] = st.one_of(
    *[st.tuples(WHICH, st.just(TEXTBOOK), PERSONAL)] * 4,
    *[st.tuples(WHICH, st.just(TEXTBOOK), CHANGES)] * 2,
    *[st.tuples(WHICH, st.just(TEXTBOOK), PARTS)],
    *[st.tuples(WHICH, st.just(JOBS), WORK)] * 2,
)
BEGINNINGS: Final[st.SearchStrategy[list[Any]]] = st.sampled_from(
    [
        [RecordPlan(PLAN), *made(1), *made(2)],
        [RecordPlan(PLAN), *made(1), *made(2), *made(2, 2, ANEW)],
        [RecordPlan(PLAN), *made(2)[:-1], *made(1), *made(1, 2, ANEW)],
        [RecordPlan(PLAN), *made(1)],
        [],
    ]
)
"""Textbooks that have something to change, and such as are just requested."""


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Return titles, and deeds whose beginnings of the textbooks are interleaved."""
    titles = draw(st.lists(TITLES.filter(str.isalnum), min_size=TEXTBOOKS, max_size=TEXTBOOKS))
    begun = [list(draw(BEGINNINGS)) for _ in range(TEXTBOOKS)]
    order = draw(st.permutations([n for n in range(TEXTBOOKS) for _ in begun[n]]))
    first: list[Deed] = [(n, TEXTBOOK, begun[n].pop(0)) for n in order]
    last: list[Deed] = [(draw(WHICH), TEXTBOOK, ArchiveTextbook())]
    return titles, first + draw(st.lists(DEEDS, min_size=30, max_size=70)) + last


async def happen(log: Log, history: History) -> list[Shelf]:
    """Carry out a history on new streams; what is refused does not happen."""
    titles, deeds = history
    shelves = [shelf(TENANTS[n % 2]) for n in range(TEXTBOOKS)]
    for at, title in zip(shelves, titles, strict=True):
        await request(log, at, title)
    for which, decider, command in deeds:
        at = shelves[which]
        stream = at.textbook if decider is TEXTBOOK else at.job
        try:
            await log.handle(decider, stream, command, context(at.tenant))
        except Refusal:
            continue
    return shelves


async def request(log: Log, at: Shelf, title: str = REQUEST.title, slug: str = "") -> None:
    """Request a textbook as the service does: with its job, in one commit."""
    asked = TEXTBOOK.decide(replace(REQUEST, title=title, job_id=at.job), TEXTBOOK.initial)
    created = Create("textbook", at.textbook, "ann")
    await log.append(
        context(at.tenant),
        Write(TEXTBOOK, at.textbook, 0, [replace(event, slug=slug) for event in asked]),
        Write(JOBS, at.job, 0, JOBS.decide(created, JOBS.initial)),
    )
