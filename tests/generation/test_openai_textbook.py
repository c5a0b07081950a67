"""Textbooks by a server that speaks OpenAI's API, over real HTTP, piece by piece."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from msgspec.structs import replace
from uuid_utils.compat import uuid7

from service.budget.book import tenant_account
from service.budget.decider import BUDGET, SetBudget
from service.budget.exhausted import BudgetExhausted
from service.generation.gate import text
from service.generation.generator import NoSources, Throttled
from service.log.handle import Context, Log
from service.textbook import policy, section
from service.textbook.content import Boosters, Policy, Summary
from tests.generation.desk import BRIEF, TENANT, Desk, Whole, opened, sources, whole
from tests.generation.shelf import material

NOTHING = Policy(
    takeaways_min=0,
    takeaways_max=0,
    questions_min=0,
    questions_max=0,
    boosters_min=0,
    boosters_max=0,
)


@pytest.fixture
async def desk(log: Log, tmp_path: Path) -> AsyncIterator[Desk]:
    async with opened(log, tmp_path) as running:
        yield running


def check(made: Whole) -> None:
    """Check all that a chapter says by itself."""
    draft, texts = made.draft, {one.source_id: one.text for one in sources()}
    headings = section.headings(draft.markdown)
    assert policy.faults(BRIEF.policy, made.parts) == ()
    assert draft.markdown.startswith(f"## {headings[0]}\n")
    assert not text.faults(draft.markdown)
    assert draft.sources
    cited = [*made.summary.sources, *(one for each in made.boosters.made for one in each.sources)]
    assert all(texts[c.source_id][c.start : c.end] == c.quote for c in (*draft.sources, *cited))
    assert set(made.summary.sources) <= set(draft.sources)
    for one in made.questions:
        key = one.options[one.correct_index]
        sentence = one.text.split("“")[1].split("”")[0]
        assert sentence.replace("_____", key).casefold() in draft.markdown.casefold()
    assert [one.position for one in made.boosters.made] == [1, 2]
    assert all(one.section_ref in headings for one in made.boosters.made)
    assert made.boosters.refused == ()


async def test_a_textbook_is_made_piece_by_piece_and_all_that_it_says_is_checked(
    desk: Desk,
) -> None:
    job = uuid7()
    author = desk.author(job)

    plan = (await author.plan(BRIEF, sources())).value
    made = [await whole(author, BRIEF, plan, number) for number in (1, 2, 3)]

    assert [one.draft.title for one in made] == [one.title for one in plan.chapters]
    assert [one.draft.number for one in made] == [1, 2, 3]
    for one in made:
        check(one)
    ledger = await desk.ledger(job)
    pieces = ["chapter", "summary", "quiz", "boosters"]
    assert [one.purpose for one in ledger] == ["plan", *pieces * 3]
    assert {one.outcome for one in ledger} == {"answered"}
    assert sum(one.cost or 0 for one in ledger) == Decimal(desk.server.log.told()["cost"])


async def test_each_piece_tells_where_it_came_from(desk: Desk) -> None:
    job = uuid7()
    author = desk.author(job)
    plan = await author.plan(BRIEF, sources())
    made = await whole(author, BRIEF, plan.value, 1)

    ledger = await desk.ledger(job)
    origins = (plan.provenance, *made.origins)
    names = ["plan", "chapter", "summary", "quiz", "boosters"]
    assert [one.prompt_id for one in origins] == [f"textbook.{name}/1" for name in names]
    assert [one.calls for one in origins] == [(one.call_id,) for one in ledger]
    assert [one.answer_hash for one in origins] == [one.answer_hash for one in ledger]
    assert {one.model_returned for one in origins} == {"test-model-2026-11-01"}
    assert [bool(one.chunks) for one in origins] == [True, True, True, False, True]


async def test_what_readers_speak_and_know_is_part_of_every_request(desk: Desk) -> None:
    asked = replace(BRIEF, title="Die Zelle", subject="Zellen", audience="Klasse 8", language="de")
    for number, told in enumerate(("“de”", "Klasse 8")):
        seen = {"do": "model", "name": f"seen-{number}", "matching": told, "times": None}
        desk.server.tell(seen, clear=True)
        author = desk.author(kind="chapter")
        shelf = [material("zelle.md", "de")]

        plan = await author.plan(asked, shelf)
        made = await whole(author, asked, plan.value, 1, shelf)

        origins = (plan.provenance, *made.origins)
        assert {one.model_returned for one in origins} == {f"seen-{number}"}
        assert policy.faults(asked.policy, made.parts) == ()


async def test_an_equal_textbook_is_served_from_what_was_paid_for(desk: Desk) -> None:
    first, second = uuid7(), uuid7()
    plan = (await desk.author(first).plan(BRIEF, sources())).value
    one = await whole(desk.author(first), BRIEF, plan, 1)
    again = (await desk.author(second).plan(BRIEF, sources())).value
    other = await whole(desk.author(second), BRIEF, again, 1)

    assert one == other
    assert desk.asked == 5
    assert [(call.outcome, call.cost) for call in await desk.ledger(second)] == [
        ("reused", Decimal(0))
    ] * 5


async def test_wishes_and_what_was_wrong_before_make_another_request(desk: Desk) -> None:
    author = desk.author()
    plan = (await author.plan(BRIEF, sources())).value
    await whole(author, BRIEF, plan, 1)
    wishing = replace(BRIEF, instructions="More on mitosis {please}.")
    faulty = replace(BRIEF, faults=("The text has 512 words; it must have 800 to 1200.",))

    await whole(author, wishing, plan, 1)
    await whole(author, faulty, plan, 1)

    assert desk.asked == 1 + 4 + 4 + 4


async def test_a_chapter_made_anew_is_paid_for_anew_but_once(desk: Desk) -> None:
    plan = (await desk.author().plan(BRIEF, sources())).value
    await whole(desk.author(), BRIEF, plan, 2)
    job = uuid7()

    await whole(desk.author(job, "chapter"), BRIEF, plan, 2)
    assert desk.asked == 1 + 4 + 4

    await whole(desk.author(job, "chapter"), BRIEF, plan, 2)
    assert desk.asked == 1 + 4 + 4


async def test_chapters_side_by_side_know_their_own_calls(desk: Desk) -> None:
    job = uuid7()
    author = desk.author(job)
    plan = (await author.plan(BRIEF, sources())).value
    desk.server.tell({"do": "stall", "times": 3})
    making = [asyncio.create_task(whole(author, BRIEF, plan, number)) for number in (1, 2, 3)]
    await desk.server.until(lambda seen: [one["outcome"] for one in seen].count("running") == 3)
    desk.server.tell({"do": "text", "form": "few", "matching": "Sum up chapter 2,"}, clear=True)

    made = await asyncio.gather(*making)

    for one in made:
        check(one)
    calls = [[call for origin in one.origins for call in origin.calls] for one in made]
    assert [len(one) for one in calls] == [4, 5, 4]
    assert len(made[1].origins[1].calls) == 2
    every: set[UUID] = set().union(*calls)
    ledger = await desk.ledger(job)
    assert len(every) == 13
    assert {one.call_id for one in ledger if one.purpose != "plan"} == every
    assert sum(one.cost or 0 for one in ledger) == Decimal(desk.server.log.told()["cost"])


async def allow(log: Log, limit: Decimal) -> None:
    ours = Context(TENANT, "tester", uuid7())
    await log.handle(BUDGET, tenant_account(TENANT), SetBudget(limit, "total"), ours)


async def test_chapters_side_by_side_need_no_larger_budget_than_one_after_another(
    log: Log, desk: Desk
) -> None:
    job = uuid7()
    author = desk.author(job)
    plan = (await author.plan(BRIEF, sources())).value
    for number in (1, 2, 3):
        await whole(author, BRIEF, plan, number)
    cost = sum(one.cost or 0 for one in await desk.ledger(job) if one.purpose != "plan")
    await allow(log, cost + Decimal("0.003"))  # so much is set aside for one call

    author = desk.author(kind="chapter")
    made = await asyncio.gather(*(whole(author, BRIEF, plan, number) for number in (1, 2, 3)))

    for one in made:
        check(one)
    assert desk.asked == 1 + 2 * 3 * 4


async def test_where_the_money_ends_what_was_made_is_kept(log: Log, desk: Desk) -> None:
    author = desk.author()
    plan = (await author.plan(BRIEF, sources())).value
    draft = await author.chapter(BRIEF, plan, 1, sources())
    await allow(log, Decimal("0.001"))

    with pytest.raises(BudgetExhausted):
        await whole(author, BRIEF, plan, 1)

    await allow(log, Decimal(1))
    made = await whole(author, BRIEF, plan, 1)
    assert made.draft == draft.value
    assert desk.asked == 1 + 4


async def test_a_server_that_wants_to_be_left_alone_is(desk: Desk) -> None:
    job = uuid7()
    author = desk.author(job)
    plan = (await author.plan(BRIEF, sources())).value
    desk.server.tell({"do": "status", "status": 429, "retry_after": "90"})

    with pytest.raises(Throttled) as told:
        await author.chapter(BRIEF, plan, 1, sources())

    assert told.value.after == pytest.approx(90, abs=1)
    assert [one.outcome for one in await desk.ledger(job)] == ["answered", "throttled"]


async def test_what_was_cut_short_gets_twice_the_room(desk: Desk) -> None:
    author = desk.author()
    plan = (await author.plan(BRIEF, sources())).value
    desk.server.tell({"do": "finish", "reason": "length"})

    made = await author.chapter(BRIEF, plan, 1, sources())

    assert made.provenance.parameters["max_tokens"] == 2 * 4096
    assert len(made.provenance.calls) == 2


async def test_what_a_policy_wants_none_of_is_not_asked_for(desk: Desk) -> None:
    asked, author = replace(BRIEF, policy=NOTHING), desk.author()
    plan = (await author.plan(asked, sources())).value

    made = await whole(author, asked, plan, 1)

    assert (made.summary, made.questions, made.boosters) == (Summary(()), (), Boosters(()))
    assert policy.faults(NOTHING, made.parts) == ()
    assert desk.asked == 2


async def test_without_sources_nothing_is_asked(desk: Desk) -> None:
    author = desk.author()
    plan = (await author.plan(BRIEF, sources())).value

    for asking in (author.plan(BRIEF, []), author.chapter(BRIEF, plan, 1, [])):
        with pytest.raises(NoSources, match="under school/ that speak of “cells”"):
            await asking

    assert desk.asked == 1
