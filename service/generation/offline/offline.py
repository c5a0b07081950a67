"""The offline generator as jobs use it: off the event loop, the same course for one material."""

import asyncio
from collections.abc import Sequence

from service.course.content import Lesson, Outline
from service.generation.generator import Brief
from service.generation.offline.author import OfflineAuthor
from service.generation.offline.teaching import lesson as lessons
from service.generation.offline.teaching import outline as outlines
from service.generation.offline.teaching.curriculum import curriculum
from service.generation.offline.version import NAME, VERSION
from service.generation.provenance import Made, Provenance, Span
from service.job.lease import Claim
from service.library.material import Material


class Offline:
    """Makes courses out of what the sources say; a `Generator`."""

    name = NAME

    def for_job(self, _claim: Claim) -> "Offline":
        """Return itself: it costs nothing, so nobody is charged."""
        return self

    def author(self) -> OfflineAuthor:
        """Return what makes textbooks the same way."""
        return OfflineAuthor()

    async def outline(self, brief: Brief, material: Sequence[Material]) -> Made[Outline]:
        """Return an outline of exactly ``brief.num_lessons`` lessons. Raises `GenerationFailed`."""
        made = await asyncio.to_thread(_outline, brief, tuple(material))
        return Made(made, Provenance(NAME, VERSION, chunks=_whole(material)))

    async def lesson(
        self, brief: Brief, outline: Outline, number: int, material: Sequence[Material]
    ) -> Made[Lesson]:
        """Return lesson `number` of `outline`. Raises `GenerationFailed`."""
        made = await asyncio.to_thread(_lesson, brief, outline, number, tuple(material))
        return Made(made, Provenance(NAME, VERSION, chunks=_cited(made)))


def _whole(material: Sequence[Material]) -> tuple[Span, ...]:
    return tuple(Span(of.source_id, of.path, 0, len(of.text)) for of in material)


def _cited(lesson: Lesson) -> tuple[Span, ...]:
    return tuple(Span(of.source_id, of.path, of.start, of.end) for of in lesson.sources)


def _outline(brief: Brief, material: tuple[Material, ...]) -> Outline:
    return outlines.outline(curriculum(brief, material))


def _lesson(brief: Brief, outline: Outline, number: int, material: tuple[Material, ...]) -> Lesson:
    return lessons.lesson(curriculum(brief, material), outline, number)
