"""A textbook's job that ends anywhere, and goes on: every piece is recorded, and none twice."""

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from typing import Final
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from service.generation.generator import Throttled
from service.generation.recipe import Step
from service.textbook.commands import RequestTextbook
from service.textbook.events import ChapterGenerated
from service.textbook.recipe import Order, Unmade
from tests.textbook.scripted import POLICY, SPOILT, Book, Scripted, TooBad

JOB: Final = UUID(int=7)
CHAPTERS: Final = 5
KINDS: Final = ("text", "summary", "quiz", "boosters")
BAD: Final = TooBad("There is too little to read.", "Add sources.")
BUSY: Final = Throttled("Too many requests.", "It is tried again.", 30.0)

NUMBERS: Final = st.integers(1, CHAPTERS)
PLACES: Final = st.tuples(st.sampled_from(KINDS), NUMBERS)
INTERRUPTIONS: Final = st.lists(st.integers(1, 12), max_size=8)
"""After how many steps each run ends, the last of them without being recorded."""
SIDES: Final = st.integers(1, 6)
OUTCOMES: Final = st.lists(st.sampled_from([BAD, BUSY, SPOILT, None]), max_size=3)


def book() -> Book:
    return Book(RequestTextbook("T", "S", "u", JOB, chapters_total=CHAPTERS, policy=POLICY))


def ending_after(count: int) -> Callable[[list[Step]], bool]:
    return lambda steps: len(steps) >= count


def types(made: Book) -> Counter[tuple[type, int]]:
    return Counter((type(event), getattr(event, "number", 0)) for event in made.events)


async def cut_off(made: Book, author: Scripted, cuts: list[int], most: int) -> None:
    """Have a textbook made by runs that are cut off, but for the last."""
    for count in cuts:
        with suppress(Unmade, Throttled):
            await made.make(Order(JOB), author, most=most, until=ending_after(count))
    while True:
        with suppress(Throttled):
            await made.make(Order(JOB), author, most=most)
            return


async def told(made: Book, author: Scripted, cuts: list[int], most: int) -> str:
    """Do the same, and return what was said at the end of what is missing."""
    try:
        await cut_off(made, author, cuts, most)
    except Unmade as failed:
        return failed.error
    return ""


@given(INTERRUPTIONS, SIDES)
def test_every_piece_is_recorded_once_wherever_a_job_ends(cuts: list[int], most: int) -> None:
    made, author = book(), Scripted()

    asyncio.run(cut_off(made, author, cuts, most))

    assert made.state.ready
    assert set(types(made).values()) == {1}
    assert len(made.events) == 3 + 5 * CHAPTERS
    assert len(author.asked) <= 1 + len(KINDS) * CHAPTERS + len(cuts) * most


@given(INTERRUPTIONS, SIDES)
def test_a_piece_that_is_recorded_is_never_asked_for_again(cuts: list[int], most: int) -> None:
    made = book()
    for count in cuts:
        there = {
            (kind, number)
            for number, chapter in made.state.chapters.items()
            for kind, is_there in zip(
                KINDS,
                (
                    True,
                    chapter.latest.parts.summary is not None,
                    chapter.latest.quizzed,
                    chapter.latest.boosted,
                ),
                strict=True,
            )
            if is_there
        }
        author = Scripted()
        asyncio.run(made.make(Order(JOB), author, most=most, until=ending_after(count)))
        assert not there & set(author.asked)


@given(INTERRUPTIONS, SIDES, st.dictionaries(PLACES, OUTCOMES, max_size=4))
def test_progress_never_goes_back(
    cuts: list[int], most: int, script: dict[tuple[str, int], list[object]]
) -> None:
    made = book()

    asyncio.run(told(made, Scripted(script), cuts, most))

    assert all(one.step < after.step for one, after in pairwise(made.steps))
    assert {one.of for one in made.steps} == {1 + 5 * CHAPTERS}
    assert made.steps[-1].step == 1 + 5 * CHAPTERS


@given(INTERRUPTIONS, SIDES, st.sets(PLACES, max_size=4), st.sets(NUMBERS, max_size=3))
def test_bad_chapters_are_tried_once_and_a_retry_makes_only_these(
    cuts: list[int], most: int, failing: set[tuple[str, int]], spoilt: set[int]
) -> None:
    made = book()
    spoilt -= {number for _, number in failing}
    script = {place: [BAD] * 9 for place in failing} | {("text", n): [SPOILT] * 9 for n in spoilt}
    bad = spoilt | {number for _, number in failing}

    said = asyncio.run(told(made, Scripted(script), cuts, most))

    assert set(made.state.missing) == bad == {int(n) for n in re.findall(r"Chapter (\d)", said)}
    assert set(types(made).values()) == {1}

    made.tried.clear()
    again = Scripted()
    asyncio.run(made.make(Order(JOB), again, most=most))

    begun = Counter(event.number for event in made.events if isinstance(event, ChapterGenerated))
    assert made.state.ready
    assert {number for _, number in again.asked} == bad
    assert begun == {number: 1 + (number in spoilt) for number in range(1, CHAPTERS + 1)}
    assert not any(chapter.error for chapter in made.state.chapters.values())
