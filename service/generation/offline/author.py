"""Textbooks out of what the sources say, off the event loop; the same for one material."""

import asyncio
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Final

from msgspec.structs import replace

from service.course.content import Citation
from service.generation.author import TextbookBrief
from service.generation.offline.teaching import wish
from service.generation.offline.teaching.curriculum import Curriculum
from service.generation.offline.teaching.draft import Draft as Lesson
from service.generation.offline.textbook import booster, chapter, outline, quiz, summary
from service.generation.offline.textbook.found import found
from service.generation.offline.textbook.syllabus import syllabus
from service.generation.offline.version import NAME, VERSION
from service.generation.provenance import Made, Provenance, Span
from service.library.material import Material
from service.textbook.content import Boosters, Draft, Plan, Question, Summary

READER: Final = ThreadPoolExecutor(1, "syllabus")
"""Sources are read here one textbook after another: it takes seconds, and others need threads."""


class OfflineAuthor:
    """Makes textbooks, best all the chapters of one; an `Author`."""

    def __init__(self) -> None:
        """Begin without having read anything."""
        self._read: dict[tuple[TextbookBrief, tuple[Material, ...]], Curriculum] = {}

    async def plan(self, brief: TextbookBrief, material: Sequence[Material]) -> Made[Plan]:
        """Return a plan of exactly ``brief.chapters_total`` chapters. Raises `GenerationFailed`."""
        made = await asyncio.to_thread(outline.plan, await self._syllabus(brief, material))
        whole = tuple(Span(of.source_id, of.path, 0, len(of.text)) for of in material)
        return Made(made, Provenance(NAME, VERSION, chunks=whole))

    async def chapter(
        self, brief: TextbookBrief, plan: Plan, number: int, material: Sequence[Material]
    ) -> Made[Draft]:
        """Return chapter `number` (from 1) of `plan`. Raises `GenerationFailed`."""
        course = await self._syllabus(brief, material)
        made = await asyncio.to_thread(chapter.chapter, course, plan, number)
        return Made(made, _drawn(made.sources))

    async def summary(
        self, brief: TextbookBrief, draft: Draft, material: Sequence[Material]
    ) -> Made[Summary]:
        """Return what to take away from a chapter. Raises `GenerationFailed`."""
        lesson = await self._lesson(brief, draft, material)
        made = await asyncio.to_thread(summary.summary, lesson, draft.number, brief.policy)
        return Made(made, _drawn(made.sources))

    async def quiz(
        self, brief: TextbookBrief, draft: Draft, material: Sequence[Material]
    ) -> Made[tuple[Question, ...]]:
        """Return a chapter's questions. Raises `GenerationFailed`."""
        lesson, changes = (
            await self._lesson(brief, draft, material),
            wish.changes(brief.instructions),
        )
        made = await asyncio.to_thread(quiz.quiz, lesson, draft.number, brief.policy, changes)
        return Made(made, _drawn(draft.sources))

    async def boosters(
        self, brief: TextbookBrief, draft: Draft, material: Sequence[Material]
    ) -> Made[Boosters]:
        """Return a chapter's boosters, and which kinds it would not make."""
        lesson = await self._lesson(brief, draft, material)
        made = await asyncio.to_thread(booster.boosters, lesson, draft, brief.policy)
        return Made(made, _drawn(chain.from_iterable(one.sources for one in made.made)))

    async def _lesson(
        self, brief: TextbookBrief, draft: Draft, material: Sequence[Material]
    ) -> Lesson:
        """Return a chapter in the syllabus that it was planned in, whatever was asked for since."""
        course = await self._syllabus(replace(brief, instructions=""), material)
        return await asyncio.to_thread(found, course, draft)

    async def _syllabus(self, brief: TextbookBrief, material: Sequence[Material]) -> Curriculum:
        """Return the syllabus; it is read once, however many textbooks are made beside this one."""
        of = replace(brief, faults=()), tuple(material)
        if of not in self._read:
            loop = asyncio.get_running_loop()
            self._read[of] = await loop.run_in_executor(READER, syllabus, *of)
        return self._read[of]


def _drawn(citations: Iterable[Citation]) -> Provenance:
    spans = dict.fromkeys(Span(one.source_id, one.path, one.start, one.end) for one in citations)
    return Provenance(NAME, VERSION, chunks=tuple(spans))
