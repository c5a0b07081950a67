"""Textbooks out of what the sources say, off the event loop; the same for one material."""

import asyncio
from collections.abc import Iterable, Sequence
from itertools import chain

from msgspec.structs import replace

from service.course.content import Citation
from service.generation.author import TextbookBrief
from service.generation.offline.teaching import wish
from service.generation.offline.teaching.draft import Draft as Lesson
from service.generation.offline.textbook import booster, chapter, outline, quiz, summary
from service.generation.offline.textbook.found import found
from service.generation.offline.textbook.syllabus import syllabus
from service.generation.offline.version import NAME, VERSION
from service.generation.provenance import Made, Provenance, Span
from service.library.material import Material
from service.textbook.content import Boosters, Draft, Plan, Question, Summary


class OfflineAuthor:
    """Makes textbooks; an `Author`."""

    async def plan(self, brief: TextbookBrief, material: Sequence[Material]) -> Made[Plan]:
        """Return a plan of exactly ``brief.chapters_total`` chapters. Raises `GenerationFailed`."""
        made = await asyncio.to_thread(lambda: outline.plan(syllabus(brief, material)))
        whole = tuple(Span(of.source_id, of.path, 0, len(of.text)) for of in material)
        return Made(made, Provenance(NAME, VERSION, chunks=whole))

    async def chapter(
        self, brief: TextbookBrief, plan: Plan, number: int, material: Sequence[Material]
    ) -> Made[Draft]:
        """Return chapter `number` (from 1) of `plan`. Raises `GenerationFailed`."""
        made = await asyncio.to_thread(
            lambda: chapter.chapter(syllabus(brief, material), plan, number)
        )
        return Made(made, _drawn(made.sources))

    async def summary(
        self, brief: TextbookBrief, draft: Draft, material: Sequence[Material]
    ) -> Made[Summary]:
        """Return what to take away from a chapter. Raises `GenerationFailed`."""
        made = await asyncio.to_thread(
            lambda: summary.summary(_lesson(brief, draft, material), draft.number, brief.policy)
        )
        return Made(made, _drawn(made.sources))

    async def quiz(
        self, brief: TextbookBrief, draft: Draft, material: Sequence[Material]
    ) -> Made[tuple[Question, ...]]:
        """Return a chapter's questions. Raises `GenerationFailed`."""
        changes = wish.changes(brief.instructions)
        made = await asyncio.to_thread(
            lambda: quiz.quiz(_lesson(brief, draft, material), draft.number, brief.policy, changes)
        )
        return Made(made, _drawn(draft.sources))

    async def boosters(
        self, brief: TextbookBrief, draft: Draft, material: Sequence[Material]
    ) -> Made[Boosters]:
        """Return a chapter's boosters, and which kinds it would not make."""
        made = await asyncio.to_thread(
            lambda: booster.boosters(_lesson(brief, draft, material), draft, brief.policy)
        )
        return Made(made, _drawn(chain.from_iterable(one.sources for one in made.made)))


def _lesson(brief: TextbookBrief, draft: Draft, material: Sequence[Material]) -> Lesson:
    """Return a chapter in the syllabus that it was planned in, whatever was asked for since."""
    return found(syllabus(replace(brief, instructions=""), material), draft)


def _drawn(citations: Iterable[Citation]) -> Provenance:
    spans = dict.fromkeys(Span(one.source_id, one.path, one.start, one.end) for one in citations)
    return Provenance(NAME, VERSION, chunks=tuple(spans))
