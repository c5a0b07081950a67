"""Whole courses by the real worker, from a server that speaks OpenAI's API, over real HTTP."""

from collections import Counter
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest
from uuid_utils.compat import uuid7

from service.course.commands import RequestCourse
from service.course.decider import COURSE, Course
from service.course.events import LessonDrafted, LessonGenerated
from service.database import Database
from service.generation.gate import quiz, text
from service.generation.provenance import Provenance
from service.generation.till import Till
from service.job.decider import JOB, Create, Ended
from service.library.decider import source_id
from service.log.event import read_stream
from service.log.handle import Context, Log, Write
from tests.generation.openai_server import Server
from tests.generation.shelf import SOURCES
from tests.waiting import until

TENANT = UUID(int=1)
PATHS = ("cells.md", "canal.md")


def context() -> Context:
    return Context(TENANT, "tester", uuid7())


async def ask(log: Log, lessons: int, topic: str = "cells") -> tuple[UUID, UUID]:
    course, job = uuid7(), uuid7()
    wanted = RequestCourse(topic, "u", job, num_lessons=lessons)
    await log.append(
        context(),
        Write(COURSE, course, 0, COURSE.decide(wanted, COURSE.initial)),
        Write(JOB, job, 0, JOB.decide(Create("course", course, "u"), JOB.initial)),
    )
    return course, job


async def ended(log: Log, database: Database, job: UUID) -> Ended:
    async def over() -> bool:
        return isinstance((await log.load(JOB, job, TENANT)).state, Ended)

    await until(database, over)
    state = (await log.load(JOB, job, TENANT)).state
    assert isinstance(state, Ended)
    return state


async def made(log: Log, database: Database, lessons: int, topic: str = "cells") -> UUID:
    """Ask for a course, wait for it, and return it once it is ready."""
    course, job = await ask(log, lessons, topic)
    await ended(log, database, job)
    state = (await log.load(COURSE, course, TENANT)).state
    assert isinstance(state, Course)
    assert state.ready
    return course


async def generated(database: Database, course: UUID, kind: str) -> list[tuple[Any, Provenance]]:
    rows = await database.fetch(
        "SELECT data, metadata -> 'provenance' AS origin FROM log.events"
        " WHERE stream_id = $1 AND type = $2 ORDER BY version",
        course,
        kind,
    )
    shape = LessonDrafted if kind == "lesson.drafted" else LessonGenerated
    return [
        (
            msgspec.json.decode(
                msgspec.json.encode({"type": kind, **msgspec.json.decode(row["data"])}), type=shape
            ),
            msgspec.json.decode(row["origin"], type=Provenance),
        )
        for row in rows
    ]


async def calls(database: Database) -> list[dict[str, Any]]:
    rows = await database.fetch(
        "SELECT data FROM log.events WHERE type = 'llm.called' ORDER BY position"
    )
    return [msgspec.json.decode(row["data"]) for row in rows]


def spent(ledger: list[dict[str, Any]]) -> Decimal:
    return sum((Decimal(str(one["cost"])) for one in ledger), Decimal(0))


@pytest.mark.parametrize("lessons", [4, 10])
async def test_a_whole_course_is_made_and_all_that_it_says_is_checked(
    log: Log, database: Database, models: Server, till: Till, lessons: int
) -> None:
    course = await made(log, database, lessons)

    texts = {str(source_id(TENANT, path)): (SOURCES / path).read_text() for path in PATHS}
    found = await generated(database, course, "lesson.generated")
    ledger = await calls(database)
    assert [one.number for one, _ in found] == list(range(1, lessons + 1))
    for one, origin in found:
        assert one.sources
        assert all(texts[c.source_id][c.start : c.end] == c.quote for c in one.sources)
        assert all(one.content_md.count(f"\n## {part.heading}\n") for part in one.sections)
        assert not text.faults(one.content_md)
        assert len(one.checks) >= 3
        assert not [said for check in one.checks for said in quiz.faults(check)]
        assert one.readability.words >= 60
        assert (origin.provider, origin.model_asked) == ("openai", "test-model")
        assert {str(call) for call in origin.calls} <= {row["call_id"] for row in ledger}
    assert len(models.requests("chat")) == len(ledger) == lessons + 1
    assert spent(ledger) == Decimal(models.log.told()["cost"])


async def test_spoilt_answers_cost_calls_but_no_lesson(
    log: Log, database: Database, models: Server, till: Till
) -> None:
    forms = ["fenced", "trailing-comma", "cut-tail", "prose", "unknown-field", "missing-field"]
    rules = [{"do": "text", "form": form, "skip": 2} for form in [*forms, "junk", "empty"]]
    models.tell(*rules, {"do": "quote", "skip": 2}, {"do": "finish", "reason": "length"})

    await made(log, database, 10)

    ledger = await calls(database)
    outcomes = Counter(one["outcome"] for one in ledger)
    assert outcomes["answered"] == 11
    assert outcomes["truncated"] == 1
    assert outcomes["invalid"] >= 4
    assert set(outcomes) == {"answered", "truncated", "invalid"}
    assert spent(ledger) == Decimal(models.log.told()["cost"])


async def test_an_equal_course_is_served_from_what_was_paid_for(
    log: Log, database: Database, models: Server, till: Till
) -> None:
    one = await made(log, database, 4)
    other = await made(log, database, 4)

    ledger = await calls(database)
    assert len(models.requests("chat")) == 5
    assert [row["outcome"] for row in ledger] == ["answered"] * 5 + ["reused"] * 5
    assert spent(ledger) == Decimal(models.log.told()["cost"])
    pairs = [await generated(database, course, "lesson.generated") for course in (one, other)]
    assert pairs[0] == pairs[1]


async def test_a_lesson_made_anew_is_paid_for_anew(
    log: Log, database: Database, models: Server, till: Till
) -> None:
    course, job = await made(log, database, 4), uuid7()
    again = Create("lesson", course, "u", number=2, instructions="Shorter, please.")
    await log.append(context(), Write(JOB, job, 0, JOB.decide(again, JOB.initial)))
    await ended(log, database, job)

    ((draft, origin),) = await generated(database, course, "lesson.drafted")
    assert (draft.number, draft.revision) == (2, 2)
    assert len(models.requests("chat")) == 6
    assert origin.calls


async def test_a_model_that_talks_at_cross_purposes_fails_the_job_and_its_words_are_kept(
    log: Log, database: Database, models: Server, till: Till
) -> None:
    models.tell({"do": "text", "form": "this", "text": "I would rather not.", "times": None})
    _, job = await ask(log, 4)

    state = await ended(log, database, job)

    failed = (await read_stream(database, job))[-1]
    error = msgspec.json.decode(failed.data)["error"]
    stream = UUID(error.split("log tail --stream ")[1].split("”")[0])
    (kept,) = await read_stream(database, stream)
    assert (state.outcome, failed.type) == ("failed", "job.failed")
    assert msgspec.json.decode(kept.data)["text"] == "I would rather not."
    assert {row["outcome"] for row in await calls(database)} == {"invalid"}


async def test_a_lesson_is_read_again_from_its_answer_and_nothing_is_asked(
    log: Log, database: Database, models: Server, till: Till
) -> None:
    course, job = await made(log, database, 4), uuid7()
    again = Create("reread", course, "u", number=2)
    await log.append(context(), Write(JOB, job, 0, JOB.decide(again, JOB.initial)))
    await ended(log, database, job)

    ((draft, origin),) = await generated(database, course, "lesson.drafted")
    first, before = (await generated(database, course, "lesson.generated"))[1]
    assert (draft.content_md, origin.answer_hash) == (first.content_md, before.answer_hash)
    assert len(models.requests("chat")) == 5
    assert [row["outcome"] for row in await calls(database)] == ["answered"] * 5 + ["reused"]


async def test_what_was_not_answered_is_not_asked_by_reading_again(
    log: Log, database: Database, models: Server, till: Till
) -> None:
    course, job = await made(log, database, 4), uuid7()
    again = Create("reread", course, "u", number=2, instructions="Something else.")
    await log.append(context(), Write(JOB, job, 0, JOB.decide(again, JOB.initial)))

    state = await ended(log, database, job)

    assert state.outcome == "failed"
    assert len(models.requests("chat")) == 5
