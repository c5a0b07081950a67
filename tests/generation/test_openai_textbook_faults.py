"""Answers that are not what a textbook needs: mended, asked for once more, or refused in words."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace
from uuid_utils.compat import uuid7

from service.generation.openai.ladder import KeptBack, NoFit, TooLong
from service.log.event import read_stream
from service.log.handle import Log
from service.textbook import length, policy, section
from tests.generation.desk import BRIEF, Desk, Whole, opened, sources, whole

PIECES = {
    "plan": "Plan the textbook",
    "chapter": "Write chapter 1,",
    "summary": "Sum up chapter 1,",
    "quiz": "Write a quiz on chapter 1,",
    "boosters": "Readers find some of chapter 1,",
}
"""What only the request for a piece says."""


@pytest.fixture
async def desk(log: Log, tmp_path: Path) -> AsyncIterator[Desk]:
    async with opened(log, tmp_path) as running:
        yield running


def text(form: str, times: int = 1) -> dict[str, Any]:
    return {"do": "text", "form": form, "times": times}


async def made(desk: Desk, piece: str, *rules: dict[str, Any], job: UUID | None = None) -> Whole:
    """Make a plan and its first chapter, the answers for `piece` spoilt by `rules`."""
    desk.server.tell(*({**rule, "matching": PIECES[piece]} for rule in rules), clear=True)
    author = desk.author(job)
    plan = (await author.plan(BRIEF, sources())).value
    return await whole(author, BRIEF, plan, 1)


async def outcomes(desk: Desk, job: UUID, piece: str) -> list[str]:
    return [one.outcome for one in await desk.ledger(job) if one.purpose == piece]


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("form", ["fenced", "trailing-comma", "prose"])
async def test_what_is_only_badly_formed_is_mended_for_nothing(
    desk: Desk, piece: str, form: str
) -> None:
    job = uuid7()

    one = await made(desk, piece, text(form), job=job)

    assert await outcomes(desk, job, piece) == ["answered"]
    assert policy.faults(BRIEF.policy, one.parts) == ()


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("form", ["unknown-field", "missing-field", "junk", "empty", "few"])
async def test_what_does_not_fit_is_asked_for_once_more(desk: Desk, piece: str, form: str) -> None:
    job = uuid7()

    one = await made(desk, piece, text(form), job=job)

    assert await outcomes(desk, job, piece) == ["invalid", "answered"]
    assert desk.asked == len(PIECES) + 1
    assert policy.faults(BRIEF.policy, one.parts) == ()


@pytest.mark.parametrize(
    ("piece", "rule"),
    [
        ("chapter", text("short")),
        ("chapter", {"do": "quote"}),
        ("summary", {"do": "quote"}),
        ("quiz", {"do": "quote"}),
        ("quiz", text("two-keys")),
        ("boosters", {"do": "quote"}),
        ("boosters", text("lost-section")),
        ("boosters", text("no-analogy")),
    ],
)
async def test_what_a_gate_finds_is_asked_for_once_more(
    desk: Desk, piece: str, rule: dict[str, Any]
) -> None:
    job = uuid7()

    one = await made(desk, piece, rule, job=job)

    assert await outcomes(desk, job, piece) == ["invalid", "answered"]
    assert policy.faults(BRIEF.policy, one.parts) == ()
    assert all(
        booster.section_ref in section.headings(one.draft.markdown) for booster in one.boosters.made
    )


@pytest.mark.parametrize(
    ("piece", "rule", "said"),
    [
        ("plan", text("few", 2), r"plan .* must be exactly 3 chapters, not 1"),
        ("chapter", text("short", 2), r"chapter .* it must have 800 to 1200: explain more, in"),
        ("chapter", {"do": "quote", "times": 2}, "these words do not stand in source"),
        ("summary", text("few", 2), r"summary .* there is only 1; there must be 3 to 5"),
        ("quiz", text("two-keys", 2), r"quiz .* 2 of the options are the right one"),
        ("quiz", {"do": "quote", "times": 2}, "these words do not stand in the chapter"),
        ("boosters", text("lost-section", 2), "no section is called so: take one of “"),
        ("boosters", text("no-analogy", 2), "none of them is an analogy, and one must be"),
        ("quiz", text("junk", 2), "this is no JSON"),
    ],
)
async def test_what_still_does_not_fit_is_refused_in_words(
    desk: Desk, log: Log, piece: str, rule: dict[str, Any], said: str
) -> None:
    job = uuid7()

    with pytest.raises(NoFit, match=said) as told:
        await made(desk, piece, rule, job=job)

    assert await outcomes(desk, job, piece) == ["invalid", "invalid"]
    assert told.value.retryable
    stream = UUID(told.value.error.split("log tail --stream ")[1].split("”")[0])
    assert [one.type for one in await read_stream(log.database, stream)] == ["answer.kept"]


async def test_whoever_tries_again_asks_again_and_pays_for_nothing_else(desk: Desk) -> None:
    job = uuid7()
    with pytest.raises(NoFit):
        await made(desk, "chapter", text("short", 2), job=job)

    one = await made(desk, "chapter", job=job)

    assert await outcomes(desk, job, "chapter") == ["invalid", "invalid", "answered"]
    assert await outcomes(desk, job, "plan") == ["answered", "reused"]
    assert BRIEF.policy.words_min <= length.words(one.draft.markdown) <= BRIEF.policy.words_max


async def test_what_stays_cut_short_is_told(desk: Desk) -> None:
    with pytest.raises(TooLong, match="OPENAI_MAX_TOKENS"):
        await made(desk, "chapter", {"do": "finish", "reason": "length", "times": 2})


async def test_what_a_filter_keeps_back_is_told(desk: Desk) -> None:
    with pytest.raises(KeptBack):
        await made(desk, "boosters", {"do": "finish", "reason": "content_filter"})


async def test_where_analogies_are_optional_none_is_asked_for(desk: Desk) -> None:
    brief = replace(BRIEF, policy=replace(BRIEF.policy, analogies="optional"))
    author = desk.author()
    plan = (await author.plan(brief, sources())).value
    desk.server.tell({"do": "text", "form": "no-analogy"} | {"matching": PIECES["boosters"]})

    one = await whole(author, brief, plan, 1)

    assert {booster.kind for booster in one.boosters.made} == {"explanation"}
    assert policy.faults(brief.policy, one.parts) == ()
