"""The offline generator as jobs use it: off the event loop, the same course for one material."""

import asyncio
from collections.abc import Sequence
from typing import Final

from service.course.content import Lesson, Outline
from service.generation.generator import Brief
from service.generation.offline.teaching import lesson as lessons
from service.generation.offline.teaching import outline as outlines
from service.generation.offline.teaching.curriculum import curriculum
from service.library.material import Material

_NAME: Final = "offline"


class Offline:
    """Makes courses out of what the sources say; a `Generator`."""

    name = _NAME

    async def outline(self, brief: Brief, material: Sequence[Material]) -> Outline:
        """Return an outline of exactly ``brief.num_lessons`` lessons. Raises `GenerationFailed`."""
        return await asyncio.to_thread(_outline, brief, tuple(material))

    async def lesson(
        self, brief: Brief, outline: Outline, number: int, material: Sequence[Material]
    ) -> Lesson:
        """Return lesson `number` of `outline`. Raises `GenerationFailed`."""
        return await asyncio.to_thread(_lesson, brief, outline, number, tuple(material))


def _outline(brief: Brief, material: tuple[Material, ...]) -> Outline:
    return outlines.outline(curriculum(brief, material))


def _lesson(brief: Brief, outline: Outline, number: int, material: tuple[Material, ...]) -> Lesson:
    return lessons.lesson(curriculum(brief, material), outline, number)
