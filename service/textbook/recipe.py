"""How a textbook comes about: its plan, then its chapters side by side, resumed where it stopped.

What is to be made follows from what is recorded, which is looked at again before each piece.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from functools import partial
from uuid import UUID

from msgspec import Struct

from service.generation.author import Author, TextbookBrief
from service.generation.generator import GenerationFailed
from service.generation.merged import merged
from service.generation.recipe import Step
from service.library.material import Material
from service.textbook.chapter import Chapter
from service.textbook.commands import RecordPlan
from service.textbook.content import Plan
from service.textbook.making import replaceable
from service.textbook.missing import ADVICE, missing
from service.textbook.piece import PIECES, Making, lacking, pieces


class Progress(Struct, frozen=True):
    """What has been made of a textbook: its plan, if any, and those of its chapters begun."""

    brief: TextbookBrief
    plan: Plan | None = None
    chapters: Mapping[int, Chapter] = {}

    def chapter(self, number: int) -> Chapter:
        """Return a chapter, begun or not."""
        return self.chapters.get(number, Chapter())


class Order(Struct, frozen=True):
    """What a job is asked for; it has `tried` chapters in vain since then, which are left alone.

    Its `instructions` are a person's, for a chapter to be made anew.
    """

    job_id: UUID
    tried: frozenset[int] = frozenset()
    instructions: str = ""


class Tools(Struct, frozen=True):
    """What the recipe works with; it makes at most `most` chapters side by side.

    `look` returns what is recorded by now, `material` the sources that fit a brief best.
    """

    author: Author
    look: Callable[[], Awaitable[Progress]]
    material: Callable[[TextbookBrief], Awaitable[Sequence[Material]]]
    most: int = 4


class Unmade(GenerationFailed):
    """Chapters are missing although all that could be done for them was done."""


class NoChapter(GenerationFailed):
    """There is no such chapter to be made."""


async def textbook(order: Order, tools: Tools) -> AsyncGenerator[Step, None]:
    """Yield what a textbook still lacks: its plan, then pieces of its chapters as they come.

    Each step is to be recorded before the next is asked for. A chapter that cannot be made ends in
    a step that says so. Raises `Unmade` at the end where chapters are missing; what concerns more
    than one chapter is raised as the `GenerationFailed` that it is, once what is under way came.
    """
    progress = await tools.look()
    if progress.plan is None or _wanted(order, progress, progress.plan):
        material = await tools.material(progress.brief)
        if progress.plan is None:
            made = await tools.author.plan(progress.brief, material)
            count = len(made.value.chapters)
            note = f"plan of {count} chapter{'s' * (count > 1)}"
            yield Step(RecordPlan(made.value), 1, _steps(made.value), note, made.provenance)
            progress = await tools.look()
        plan = _planned(progress)
        making = Making(
            tools.author, progress.brief, plan, material, order.job_id, _at(tools), _rejected
        )
        wanted = _wanted(order, progress, plan)
        async with aclosing(_chapters(making, wanted, progress, tools.most)) as steps:
            async for step in steps:
                yield step
    progress = await tools.look()
    count = len(_planned(progress).chapters)
    if said := [why for n in range(1, count + 1) if (why := _missing(progress, n))]:
        lacks = "is" if len(said) == 1 else "are"
        told = f"{len(said)} of {count} chapter{'s' * (count > 1)} {lacks} missing."
        raise Unmade(" ".join((told, *said)), ADVICE)


async def chapter(order: Order, number: int, tools: Tools) -> AsyncGenerator[Step, None]:
    """Yield the pieces of a new version of one chapter. Raises `GenerationFailed`.

    That is `Unmade` where the version was begun and could not be made, or was rejected.
    """
    progress = await tools.look()
    plan = _planned(progress)
    if not 1 <= number <= len(plan.chapters):
        raise NoChapter(f"The textbook has no chapter {number}.", "Ask for one of its plan.")
    if number not in order.tried:
        making = Making(
            tools.author,
            progress.brief,
            plan,
            await tools.material(progress.brief),
            order.job_id,
            _at(tools),
            partial(_asked_for, order.job_id),
            order.instructions,
        )
        async with aclosing(pieces(making, number)) as made:
            async for piece in made:
                note = f"chapter {number} of {len(plan.chapters)}: {piece.name}"
                yield Step(piece.command, piece.done, len(PIECES), note, piece.provenance)
    if why := _missing(await tools.look(), number):
        raise Unmade(why, ADVICE)


async def _chapters(
    making: Making, wanted: Sequence[int], progress: Progress, most: int
) -> AsyncGenerator[Step, None]:
    """Yield the pieces of several chapters as they come; what is behind a job never gets less."""
    count = len(making.plan.chapters)
    done = dict.fromkeys(range(1, count + 1), len(PIECES))
    for number in wanted:
        done[number] -= len(_lacking(progress.chapter(number)))
    async with aclosing(merged(partial(pieces, making), wanted, most)) as made:
        async for piece in made:
            done[piece.number] = max(done[piece.number], piece.done)
            step, note = 1 + sum(done.values()), f"chapter {piece.number} of {count}: {piece.name}"
            yield Step(piece.command, step, _steps(making.plan), note, piece.provenance)


def _planned(progress: Progress) -> Plan:
    """Return the plan. Raises NoChapter where there is none."""
    if progress.plan is None:
        raise NoChapter("The textbook has no chapters yet.", "Retry the job that makes it.")
    return progress.plan


def _missing(progress: Progress, number: int) -> str:
    return missing(_planned(progress), number, progress.chapter(number))


def _steps(plan: Plan) -> int:
    return 1 + len(plan.chapters) * len(PIECES)


def _at(tools: Tools) -> Callable[[int], Awaitable[Chapter]]:
    """Return what looks how a chapter stands."""

    async def look(number: int) -> Chapter:
        return (await tools.look()).chapter(number)

    return look


def _wanted(order: Order, progress: Progress, plan: Plan) -> tuple[int, ...]:
    """Return the chapters that lack something a job can make."""
    numbers = (n for n in range(1, len(plan.chapters) + 1) if n not in order.tried)
    return tuple(number for number in numbers if _lacking(progress.chapter(number)))


def _lacking(chapter: Chapter) -> Sequence[str]:
    return lacking(chapter.latest, anew=_rejected(chapter))


def _rejected(chapter: Chapter) -> bool:
    return chapter.latest is not None and replaceable(chapter.latest)


def _asked_for(job_id: UUID, chapter: Chapter) -> bool:
    """Tell whether a job has not made its version yet, or is to make another one."""
    own = [version for version in chapter.versions if version.job_id == job_id]
    return not own or own[-1].standing == "rejected"
