"""How a course comes about: its outline, then its lessons in order, resumed where it stopped."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from msgspec import Struct

from service.course.content import Lesson, Outline
from service.generation.generator import Brief, Generator
from service.generation.provenance import Provenance
from service.library.material import Material


class Progress(Struct, frozen=True):
    """What has been made of a course: its outline, if any, and the numbers of finished lessons."""

    brief: Brief
    outline: Outline | None = None
    done: frozenset[int] = frozenset()


class Tools(Struct, frozen=True):
    """What the recipe works with; `material` finds the sources that fit a brief best."""

    generator: Generator
    material: Callable[[Brief], Awaitable[Sequence[Material]]]


class Step(Struct, frozen=True):
    """One artefact; `note` says to a person what it is, and it is step `step` of `of`."""

    made: Outline | Lesson
    note: str
    step: int
    of: int
    provenance: Provenance


async def recipe(progress: Progress, tools: Tools) -> AsyncIterator[Step]:
    """Yield what a course still lacks: its outline, then each lesson that is not done, by number.

    Every step can be stored as it comes; running the recipe again on what was stored goes on from
    there. Raises `GenerationFailed`, before the first step where the sources do not carry a course.
    """
    if progress.outline is not None and len(progress.done) >= len(progress.outline.lessons):
        return
    material = await tools.material(progress.brief)
    outline = progress.outline
    if outline is None:
        planned = await tools.generator.outline(progress.brief, material)
        outline = planned.value
        total = len(outline.lessons) + 1
        yield Step(outline, _outlined(outline), 1, total, planned.provenance)
    count = len(outline.lessons)
    made = len(progress.done)
    for number in range(1, count + 1):
        if number not in progress.done:
            lesson = await tools.generator.lesson(progress.brief, outline, number, material)
            made += 1
            note = f"lesson {number} of {count}"
            yield Step(lesson.value, note, made + 1, count + 1, lesson.provenance)


def _outlined(outline: Outline) -> str:
    count = len(outline.lessons)
    return f"outline of {count} lesson{'s' * (count > 1)}"
