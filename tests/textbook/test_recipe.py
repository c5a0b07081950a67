import asyncio
from typing import Final
from uuid import UUID

import pytest

from service.generation.calls import ProviderFailed
from service.generation.generator import Throttled
from service.generation.recipe import Step
from service.textbook.commands import (
    FailChapter,
    RecordBoosters,
    RequestTextbook,
    ReviseChapter,
    RollBackChapter,
)
from service.textbook.recipe import NoChapter, Order, Unmade
from tests.textbook.scripted import POLICY, SPOILT, Book, NextTime, Scripted, TooBad

JOB: Final = UUID(int=7)
OTHER: Final = UUID(int=8)
ORDER: Final = Order(JOB)
KINDS: Final = ["text", "summary", "quiz", "boosters"]
BAD: Final = TooBad("There is too little to read.", "Add sources.")
BUSY: Final = Throttled("Too many requests.", "It is tried again.", 30.0)
AWAY: Final = ProviderFailed("Nobody answers.", "It is tried again.", retryable=True)


def book(chapters: int = 3) -> Book:
    return Book(RequestTextbook("T", "S", "u", JOB, chapters_total=chapters, policy=POLICY))


async def whole(chapters: int = 3) -> Book:
    made = book(chapters)
    await made.make(ORDER, Scripted())
    return made


async def test_a_textbook_is_planned_and_then_made_piece_by_piece() -> None:
    made = book(1)

    steps = await made.make(ORDER, Scripted())

    assert [(one.step, one.of, one.note) for one in steps] == [
        (1, 6, "plan of 1 chapter"),
        (2, 6, "chapter 1 of 1: text"),
        (3, 6, "chapter 1 of 1: summary"),
        (4, 6, "chapter 1 of 1: quiz"),
        (5, 6, "chapter 1 of 1: boosters"),
        (6, 6, "chapter 1 of 1: validation"),
    ]
    assert [one.provenance is not None for one in steps] == [True] * 5 + [False]
    assert made.state.ready


async def test_chapters_are_made_side_by_side_and_never_too_many() -> None:
    made, author = book(9), Scripted()

    steps = await made.make(ORDER, author, most=4)

    assert author.most == 4
    assert made.state.ready
    assert [one.step for one in steps] == list(range(1, 47))
    for number in range(1, 10):
        assert [kind for kind, of in author.asked if of == number] == KINDS


async def test_others_do_not_wait_for_a_chapter_that_takes_its_time() -> None:
    made, author = book(6), Scripted()
    author.held = {1}

    making = asyncio.create_task(made.make(ORDER, author, most=2))
    async with asyncio.timeout(60):
        while made.state.plan is None or made.state.missing != (1,):  # noqa: ASYNC110 - a task's
            await asyncio.sleep(0)
    author.let_go()
    await making

    assert made.state.ready


async def test_a_whole_textbook_asks_for_nothing() -> None:
    made, author = await whole(), Scripted()

    assert await made.make(ORDER, author) == []
    assert author.asked == []


async def test_one_bad_chapter_does_not_hold_back_the_others() -> None:
    made = book(3)

    with pytest.raises(Unmade) as failed:
        await made.make(ORDER, Scripted({("quiz", 2): [BAD]}))

    assert made.state.missing == (2,)
    assert made.state.chapters[2].error == "There is too little to read. Add sources."
    assert failed.value.error == (
        "1 of 3 chapters is missing. Chapter 2 (“C2”): There is too little to read. Add sources."
    )
    assert not failed.value.retryable


async def test_every_chapter_that_is_missing_is_named_with_its_reason() -> None:
    made = book(3)

    with pytest.raises(Unmade) as failed:
        await made.make(ORDER, Scripted({("text", 1): [BAD], ("text", 3): [SPOILT]}))

    assert made.state.missing == (1, 3)
    assert "2 of 3 chapters are missing. Chapter 1 (“C1”): There is" in failed.value.error
    assert (
        "Chapter 3 (“C3”): What was made is not what the policy asks for."
        " The text has 1 word; it must have 3 to 1000." in failed.value.error
    )


async def test_a_retry_makes_only_the_pieces_that_are_missing() -> None:
    made = book(3)
    with pytest.raises(Unmade):
        await made.make(ORDER, Scripted({("quiz", 2): [BAD]}))
    made.tried.clear()
    again = Scripted()

    steps = await made.make(ORDER, again)

    assert again.asked == [("quiz", 2), ("boosters", 2)]
    assert [one.step for one in steps] == [14, 15, 16]
    assert made.state.ready
    assert len(made.state.chapters[2].versions) == 1


async def test_a_retry_makes_a_rejected_chapter_anew_and_says_what_was_wrong() -> None:
    made = book(2)
    with pytest.raises(Unmade):
        await made.make(ORDER, Scripted({("text", 2): [SPOILT]}))
    made.tried.clear()
    again = Scripted()

    await made.make(ORDER, again)

    assert again.asked == [(kind, 2) for kind in KINDS]
    assert {brief.faults for brief in again.briefs} == {
        ("The text has 1 word; it must have 3 to 1000.",)
    }
    assert [each.standing for each in made.state.chapters[2].versions] == ["rejected", "validated"]


async def test_a_chapter_rejected_again_and_again_is_never_asked_for_in_the_same_words() -> None:
    made, briefs = book(1), []
    for _ in range(3):
        author = Scripted({("text", 1): [SPOILT]})
        with pytest.raises(Unmade):
            await made.make(ORDER, author)
        made.tried.clear()
        briefs.append(author.briefs[-1])

    assert len(set(briefs)) == 3
    assert briefs[2].faults[-1] == "The last 2 versions were all rejected."


async def test_what_was_tried_in_vain_is_left_alone_until_somebody_asks_again() -> None:
    made = book(3)
    with pytest.raises(Unmade):
        await made.make(ORDER, Scripted({("text", 1): [SPOILT], ("text", 2): [BAD]}))
    again = Scripted()

    with pytest.raises(Unmade, match="2 of 3"):
        await made.make(ORDER, again)

    assert again.asked == []


async def test_a_version_that_a_person_made_is_not_replaced() -> None:
    made = await whole(2)
    made.record(ReviseChapter(2, "Short."))
    made.tried.clear()
    author = Scripted()

    with pytest.raises(Unmade, match="A person's version is not what the policy asks for"):
        await made.make(ORDER, author)

    assert author.asked == []


async def test_a_version_that_a_person_makes_meanwhile_is_not_replaced() -> None:
    made, author = book(2), Scripted()
    with pytest.raises(Unmade):
        await made.make(ORDER, Scripted({("text", 2): [SPOILT]}))
    made.tried.clear()
    author.held = {2}

    making = asyncio.create_task(made.make(ORDER, author))
    await author.busy(1)
    made.record(ReviseChapter(2, "## One\n\nA person says so much."))
    author.let_go()
    await making

    versions = made.state.chapters[2].versions
    assert [(one.standing, one.job_id) for one in versions] == [
        ("rejected", JOB),
        ("validated", None),
    ]
    assert author.asked == [("text", 2)]
    assert made.state.ready


async def test_a_piece_that_may_turn_out_well_is_asked_for_a_few_times() -> None:
    odd = NextTime("It does not fit.", "Retry.")
    made, author = book(1), Scripted({("quiz", 1): [odd, odd]})

    await made.make(ORDER, author)

    assert author.asked.count(("quiz", 1)) == 3
    assert made.state.ready


async def test_a_piece_that_never_turns_out_well_fails_its_chapter_alone() -> None:
    odd = NextTime("It does not fit.", "Retry.")
    made, author = book(2), Scripted({("quiz", 1): [odd, odd, odd, odd]})

    with pytest.raises(Unmade, match=r"Chapter 1 .*: It does not fit. Retry."):
        await made.make(ORDER, author)

    assert author.asked.count(("quiz", 1)) == 3
    assert made.state.missing == (1,)


@pytest.mark.parametrize("trouble", [BUSY, AWAY, ZeroDivisionError()])
async def test_what_concerns_everybody_is_raised_once_what_is_under_way_has_come(
    trouble: Exception,
) -> None:
    made, author = book(6), Scripted({("summary", 1): [trouble]})

    with pytest.raises(type(trouble)):
        await made.make(ORDER, author, most=3)

    assert {number for _, number in author.asked} == {0, 1, 2, 3}
    assert made.state.missing == (1, 4, 5, 6)
    assert made.state.chapters[1].failed_by is None


async def test_the_plan_fails_before_anything_is_made() -> None:
    made = book(2)

    with pytest.raises(TooBad):
        await made.make(ORDER, Scripted({("plan", 0): [BAD]}))

    assert made.state.plan is None


async def test_boosters_that_are_none_at_all_are_asked_for_once() -> None:
    made, author = book(1), Scripted({("boosters", 1): ["none"]})

    steps = await made.make(ORDER, author)

    assert author.asked.count(("boosters", 1)) == 1
    assert [one.command for one in steps if isinstance(one.command, RecordBoosters)]
    assert made.state.ready


async def test_a_job_that_is_cancelled_leaves_nothing_behind() -> None:
    made, author = book(6), Scripted()
    author.held = set(range(1, 7))
    making = asyncio.create_task(made.make(ORDER, author, most=4))
    await author.busy(4)

    making.cancel()
    await asyncio.wait({making})

    assert not author.under_way
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_job_that_is_left_at_a_step_ends_what_is_under_way() -> None:
    made, author = book(6), Scripted()
    author.held = {1, 2, 3}

    await made.make(ORDER, author, most=4, until=lambda steps: len(steps) == 3)

    assert not author.under_way
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_chapter_is_made_anew_with_all_its_parts_and_is_not_published() -> None:
    made, author = await whole(3), Scripted()
    asked = Order(OTHER, instructions="Shorter.")

    steps = await made.make(asked, author, number=2)

    assert [(one.step, one.of, one.note) for one in steps] == [
        (n, 5, f"chapter 2 of 3: {name}") for n, name in enumerate([*KINDS, "validation"], 1)
    ]
    assert author.asked == [(kind, 2) for kind in KINDS]
    assert {brief.instructions for brief in author.briefs} == {"Shorter."}
    latest = made.state.chapters[2].latest
    assert (latest.version, latest.standing, latest.instructions) == (2, "validated", "Shorter.")
    assert made.state.chapters[2].published == 0


async def test_a_chapter_made_anew_goes_on_with_the_version_that_it_began() -> None:
    made, asked = await whole(2), Order(OTHER, instructions="Shorter.")
    await made.make(asked, Scripted(), number=2, until=lambda steps: len(steps) == 3)
    author = Scripted()

    await made.make(asked, author, number=2)
    again = await made.make(asked, author, number=2)

    assert author.asked == [("quiz", 2), ("boosters", 2)]
    assert {brief.instructions for brief in author.briefs} == {"Shorter."}
    assert again == []
    assert len(made.state.chapters[2].versions) == 2


async def test_a_chapter_made_anew_that_is_rejected_says_so_and_leaves_the_other_version() -> None:
    made, asked = await whole(2), Order(OTHER)

    for _ in range(2):
        with pytest.raises(Unmade, match=r"^Chapter 2 \(“C2”\): What was made is not"):
            await made.make(asked, Scripted({("text", 2): [SPOILT]}), number=2)

    assert [each.standing for each in made.state.chapters[2].versions] == ["validated", "rejected"]
    assert made.state.ready


async def test_a_chapter_that_was_rejected_when_made_anew_is_made_once_more_by_a_retry() -> None:
    made, asked = await whole(2), Order(OTHER)
    with pytest.raises(Unmade):
        await made.make(asked, Scripted({("text", 2): [SPOILT]}), number=2)
    made.tried.clear()

    await made.make(asked, Scripted(), number=2)

    standings = [each.standing for each in made.state.chapters[2].versions]
    assert standings == ["validated", "rejected", "validated"]


async def test_a_sound_chapter_stays_sound_when_no_other_version_can_be_made() -> None:
    made = await whole(2)

    with pytest.raises(TooBad):
        await made.make(Order(OTHER), Scripted({("text", 2): [BAD]}), number=2)

    assert made.state.chapters[2].error == ""
    assert made.state.missing == ()


async def test_a_version_that_cannot_be_made_to_its_end_fails_its_chapter() -> None:
    made = await whole(2)

    with pytest.raises(Unmade, match="There is too little to read"):
        await made.make(Order(OTHER), Scripted({("quiz", 2): [BAD]}), number=2)

    assert made.state.chapters[2].failed_by == OTHER


@pytest.mark.parametrize("number", [0, 4])
async def test_a_chapter_that_is_not_planned_cannot_be_made(number: int) -> None:
    made = await whole(3)

    with pytest.raises(NoChapter):
        await made.make(Order(OTHER), Scripted(), number=number)


async def test_a_chapter_is_left_to_whoever_begins_another_version_meanwhile() -> None:
    made, author = await whole(1), Scripted()

    def rolled_back(steps: list[Step]) -> bool:
        if len(steps) == 2:
            made.record(RollBackChapter(1, 1))
        return False

    await made.make(Order(OTHER), author, number=1, until=rolled_back)

    assert author.asked == [("text", 1), ("summary", 1)]
    assert [each.version for each in made.state.chapters[1].versions] == [1, 2, 3]


async def test_a_failure_is_recorded_in_the_name_of_the_job() -> None:
    made = book(1)
    with pytest.raises(Unmade):
        await made.make(ORDER, Scripted({("text", 1): [BAD]}))

    last = made.steps[-1]
    assert last.command == FailChapter(1, "There is too little to read. Add sources.", JOB)
    assert (last.step, last.of, last.note) == (6, 6, "chapter 1 of 1: it cannot be made")
