"""Histories as they happen: commands of several tenants at several courses and their jobs."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID, uuid4, uuid5

from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from service.budget.book import job_account
from service.budget.decider import BUDGET, Reserve, SetBudget, Settle
from service.course.commands import (
    ArchiveCourse,
    PromoteLesson,
    RecordDraft,
    RecordLesson,
    RecordOutline,
    RequestCourse,
)
from service.course.content import Lesson, LessonPlan, Outline
from service.course.decider import COURSE
from service.job.decider import JOB, Advance, Cancel, Complete, Create, Fail, Retry, Start
from service.ledger.decider import LEDGER, RecordCall, ledger_id
from service.library.decider import SOURCE, RemoveSource, source_id
from service.log.claim import claimed
from service.log.decider import Decider
from service.log.handle import Context, Log, Write
from service.price.decider import PRICE, Publish
from service.refusal import Refusal
from tests.course.commands import CHANGES, TITLES
from tests.library.content import add
from tests.shapes import structs

TENANTS: Final = (UUID(int=1), UUID(int=2))
COURSES: Final = 4

Deed = tuple[int, Decider[Any, Any, Any], Any]
History = tuple[list[str], list[Deed]]


class Place(Struct, frozen=True):
    """One course, its job, and whose it is."""

    tenant: UUID
    course: UUID
    job: UUID

    def stream(self, category: str, path: str) -> UUID:
        """Return its stream of a category; `path` is that of a source."""
        return {
            "course": self.course,
            "job": self.job,
            "ledger": ledger_id(self.tenant, self.job),
            "source": source_id(self.tenant, path),
            "budget": job_account(self.tenant, self.job),
            "price": claimed(self.tenant, "price", "m"),
        }[category]


JOBS: Final = st.one_of(
    structs(Start),
    structs(Start),
    structs(Advance),
    structs(Complete),
    structs(Fail, retry_at=st.none() | st.just(datetime(2026, 1, 1, tzinfo=UTC))),
    structs(Cancel),
    structs(Retry),
)
WHICH: Final = st.integers(0, COURSES - 1)


def called(which: int, number: int | None) -> UUID | None:
    """Return the id of a call for a course's job; calls of different jobs never share one."""
    return None if number is None else uuid5(UUID(int=which), str(number))


PROMOTIONS: Final = structs(PromoteLesson, number=st.sampled_from([1, 1, 2]))
NUMBERED: Final = {"call_id": st.integers(1, 4).map(lambda number: UUID(int=number))}
DAYS: Final = st.sampled_from([date(2026, 11, 30), date(2026, 12, 1), date(2026, 12, 2)])
MONEY: Final = st.one_of(
    st.tuples(WHICH, st.just(BUDGET), structs(SetBudget, limit=st.just(Decimal(200)))),
    st.tuples(WHICH, st.just(BUDGET), structs(SetBudget)),
    st.tuples(WHICH, st.just(BUDGET), structs(Reserve, **NUMBERED, day=DAYS)),
    st.tuples(WHICH, st.just(BUDGET), structs(Reserve, **NUMBERED, day=DAYS)),
    st.tuples(WHICH, st.just(BUDGET), structs(Settle, **NUMBERED)),
    st.tuples(WHICH, st.just(PRICE), structs(Publish, model=st.just("m"))),
)
OFTEN: Final = st.one_of(
    MONEY,
    st.tuples(WHICH, st.just(COURSE), CHANGES),
    st.tuples(WHICH, st.just(COURSE), CHANGES),
    st.tuples(WHICH, st.just(COURSE), PROMOTIONS),
    st.tuples(WHICH, st.just(JOB), JOBS),
    st.tuples(WHICH, st.just(LEDGER), structs(RecordCall), st.none() | st.integers(0, 3)).map(
        lambda deed: (*deed[:2], replace(deed[2], call_id=called(deed[0], deed[3])))
    ),
)
TEXTS: Final = st.lists(
    st.sampled_from(
        ["# Light", "Light falls on leaves.", "## Leaf", "A leaf is green.", "Überall ist Licht."]
    ),
    min_size=1,
    max_size=6,
).map(lambda lines: "\n\n".join(["Life needs light.", *lines]))
SOURCES: Final = st.one_of(TEXTS, TEXTS, st.none())
"""A source's new text, or none where it is removed."""
SELDOM: Final = st.tuples(WHICH, st.just(COURSE), st.just(ArchiveCourse()))


@st.composite
def deeds(draw: st.DrawFn) -> Deed:
    """Return any deed; a course is seldom archived, since nothing happens to it after that."""
    kind = draw(st.integers(0, 30))
    if kind > 25:
        which, text = draw(WHICH), draw(SOURCES)
        return which, SOURCE, RemoveSource() if text is None else add(path_of(which), text)
    deed: Deed = draw(OFTEN if kind else SELDOM)
    return deed


def path_of(which: int) -> str:
    return f"notes/{which}.md"


PLANS: Final = st.lists(structs(LessonPlan), min_size=3, max_size=3).map(tuple)
BEGINNINGS: Final[st.SearchStrategy[list[Any]]] = st.one_of(
    st.just([]),
    st.tuples(
        structs(RecordOutline, outline=structs(Outline, title=TITLES, lessons=PLANS)),
        *(structs(RecordLesson, lesson=structs(Lesson, number=st.just(n))) for n in (1, 2)),
        structs(RecordDraft, lesson=structs(Lesson, number=st.just(1))),
    ).map(list),
)
"""Courses that are just requested, and such as have something to change."""


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Return topics, and deeds whose beginnings of the courses are interleaved."""
    topics = draw(st.lists(TITLES.filter(str.isalnum), min_size=COURSES, max_size=COURSES))
    begun = [draw(BEGINNINGS) for _ in range(COURSES)]
    order = draw(st.permutations([n for n in range(COURSES) for _ in begun[n]]))
    first: list[Deed] = [(n, COURSE, begun[n].pop(0)) for n in order]
    return topics, first + draw(st.lists(deeds(), min_size=40, max_size=80))


async def happen(log: Log, history: History) -> list[Place]:
    """Carry out a history on new streams; what is refused does not happen."""
    topics, deeds = history
    places = [Place(TENANTS[n % 2], uuid4(), uuid4()) for n in range(COURSES)]
    for place, topic in zip(places, topics, strict=True):
        await request(log, place, topic)
    for which, decider, command in deeds:
        place = places[which]
        if isinstance(command, RecordCall):
            command = replace(command, target=place.course, job_id=place.job)  # noqa: PLW2901
        stream = place.stream(decider.category, path_of(which))
        try:
            await log.handle(decider, stream, command, context(place.tenant))
        except Refusal:
            continue
    return places


async def request(log: Log, place: Place, topic: str) -> None:
    """Request a course as the service does: with its job, in one commit."""
    asked = RequestCourse(topic, "ann", place.job, num_lessons=3)
    created = Create("course", place.course, "ann")
    await log.append(
        context(place.tenant),
        Write(COURSE, place.course, 0, COURSE.decide(asked, COURSE.initial)),
        Write(JOB, place.job, 0, JOB.decide(created, JOB.initial)),
    )


def context(tenant: UUID) -> Context:
    return Context(tenant, "ann", uuid4())
