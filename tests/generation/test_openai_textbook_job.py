"""Whole textbooks by the real worker, from a server that speaks OpenAI's API, over real HTTP."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest
from uuid_utils.compat import uuid7

from service.database import Database
from service.generation.provenance import Provenance
from service.generation.till import Till
from service.job.decider import JOB, Create
from service.log.event import read_stream
from service.log.handle import Log, Write
from service.textbook.commands import RequestTextbook
from service.textbook.decider import TEXTBOOK, Textbook
from tests.generation.openai_server import Server
from tests.generation.test_openai_course import TENANT, calls, context, ended, spent

PARTS = {"chapter.generated", "summary.generated", "quiz.generated"}


async def ask(log: Log, budget: str | None = None) -> tuple[UUID, UUID]:
    textbook, job = uuid7(), uuid7()
    wanted = RequestTextbook("The living cell", "cells", "u", job, chapters_total=3)
    create = Create("textbook", textbook, "u", budget=Decimal(budget) if budget else None)
    await log.append(
        context(),
        Write(TEXTBOOK, textbook, 0, TEXTBOOK.decide(wanted, TEXTBOOK.initial)),
        Write(JOB, job, 0, JOB.decide(create, JOB.initial)),
    )
    return textbook, job


async def order(log: Log, textbook: UUID, **asked: Any) -> UUID:
    job = uuid7()
    await log.append(
        context(), Write(JOB, job, 0, JOB.decide(Create(target=textbook, **asked), JOB.initial))
    )
    return job


async def state(log: Log, textbook: UUID) -> Textbook:
    found = (await log.load(TEXTBOOK, textbook, TENANT)).state
    assert isinstance(found, Textbook)
    return found


async def origins(database: Database, textbook: UUID) -> list[tuple[str, int, Provenance]]:
    """Return how the parts of chapters came about, with their types and chapters."""
    rows = await database.fetch(
        "SELECT type, data ->> 'number' AS number, metadata -> 'provenance' AS origin"
        " FROM log.events WHERE stream_id = $1 ORDER BY version",
        textbook,
    )
    return [
        (row["type"], int(row["number"]), msgspec.json.decode(row["origin"], type=Provenance))
        for row in rows
        if row["type"] in PARTS
    ]


def standings(textbook: Textbook) -> list[str]:
    latest = [textbook.chapters[number].latest for number in sorted(textbook.chapters)]
    return [one.standing if one else "" for one in latest]


async def test_a_whole_textbook_is_made_and_validated(
    log: Log, database: Database, models: Server, till: Till
) -> None:
    textbook, job = await ask(log)

    assert (await ended(log, database, job)).outcome == "completed"

    ledger = await calls(database)
    assert standings(await state(log, textbook)) == ["validated"] * 3
    assert len(models.requests("chat")) == len(ledger) == 1 + 3 * 4
    assert {one["outcome"] for one in ledger} == {"answered"}
    assert spent(ledger) == Decimal(models.log.told()["cost"])
    told = [origin.calls for _, _, origin in await origins(database, textbook)]
    assert all(len(one) == 1 for one in told)
    assert len(set(told)) == 3 * 3


async def test_one_chapter_that_cannot_be_made_does_not_hold_back_the_others(
    log: Log, database: Database, models: Server, till: Till
) -> None:
    rule = {"do": "text", "form": "short", "matching": "Write chapter 2,", "times": None}
    models.tell(rule)
    textbook, job = await ask(log)

    assert (await ended(log, database, job)).outcome == "failed"

    made = await state(log, textbook)
    assert sorted(made.chapters) == [1, 2, 3]
    assert standings(made) == ["validated", "", "validated"]
    assert "it must have 800 to 1200: explain more" in made.chapters[2].error
    before = len(models.requests("chat"))

    models.tell(clear=True)
    again = await order(log, textbook, kind="textbook", requested_by="u")
    assert (await ended(log, database, again)).outcome == "completed"
    assert standings(await state(log, textbook)) == ["validated"] * 3
    assert len(models.requests("chat")) == before + 4


async def test_a_chapter_made_anew_is_paid_for_anew(
    log: Log, database: Database, models: Server, till: Till
) -> None:
    textbook, job = await ask(log)
    await ended(log, database, job)

    again = await order(log, textbook, kind="chapter", requested_by="u", number=2)
    assert (await ended(log, database, again)).outcome == "completed"

    made = await state(log, textbook)
    assert [len(made.chapters[number].versions) for number in (1, 2, 3)] == [1, 2, 1]
    assert standings(made) == ["validated"] * 3
    assert len(models.requests("chat")) == 1 + 3 * 4 + 4


async def test_an_equal_textbook_costs_nothing(
    log: Log, database: Database, models: Server, till: Till
) -> None:
    for _ in range(2):
        _, job = await ask(log)
        assert (await ended(log, database, job)).outcome == "completed"

    assert len(models.requests("chat")) == 1 + 3 * 4
    assert [row["outcome"] for row in await calls(database)].count("reused") == 1 + 3 * 4


@pytest.mark.parametrize("budget", ["0.001", "0.006"])
async def test_a_budget_that_is_spent_ends_the_job_and_leaves_what_it_has_made(
    log: Log, database: Database, models: Server, till: Till, budget: str
) -> None:
    textbook, job = await ask(log, budget)

    assert (await ended(log, database, job)).outcome == "failed"

    failed = (await read_stream(database, job))[-1]
    assert "budget" in msgspec.json.decode(failed.data)["error"]
    ledger = await calls(database)
    assert spent(ledger) <= Decimal(budget)
    assert bool((await state(log, textbook)).plan) is bool(ledger)
