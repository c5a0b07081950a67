"""Textbooks by a model behind an OpenAI-compatible server."""

import asyncio
from collections.abc import Sequence
from functools import partial

from service.generation.author import TextbookBrief
from service.generation.openai.request import Asking
from service.generation.openai.textbook import boosters, chapter, plan, quiz, summary
from service.generation.openai.textbook.size import size
from service.generation.provenance import Made
from service.library.material import Material
from service.textbook.content import Boosters, Draft, Plan, Question, Summary


class OpenAIAuthor:
    """Makes textbooks; an `Author`. A piece of which a policy wants none is not asked for."""

    def __init__(self, asking: Asking) -> None:
        """Ask as `asking` does, which may be done for several chapters side by side."""
        self._asking = asking

    async def plan(self, brief: TextbookBrief, material: Sequence[Material]) -> Made[Plan]:
        """Return a plan of exactly ``brief.chapters_total`` chapters."""
        preferences = self._asking.preferences
        request = await asyncio.to_thread(plan.request, preferences, brief, material)
        return await self._asking.made(request, partial(plan.read, brief=brief))

    async def chapter(
        self, brief: TextbookBrief, plan: Plan, number: int, material: Sequence[Material]
    ) -> Made[Draft]:
        """Return chapter `number` (from 1) of `plan`."""
        preferences = self._asking.preferences
        request = await asyncio.to_thread(
            chapter.request, preferences, brief, plan, number, material
        )
        own = plan.chapters[number - 1]
        page = chapter.Page(number, own, size(brief.policy), request.excerpts)
        return await self._asking.made(request, partial(chapter.read, page=page))

    async def summary(
        self, brief: TextbookBrief, draft: Draft, material: Sequence[Material]
    ) -> Made[Summary]:
        """Return what to take away from a chapter."""
        policy = brief.policy
        if not policy.takeaways_max:
            return self._asking.unasked(Summary(()))
        preferences = self._asking.preferences
        request = await asyncio.to_thread(summary.request, preferences, brief, draft, material)
        read = partial(summary.read, policy=policy, excerpts=request.excerpts)
        return await self._asking.made(request, read)

    async def quiz(
        self, brief: TextbookBrief, draft: Draft, material: Sequence[Material]
    ) -> Made[tuple[Question, ...]]:
        """Return a chapter's questions, on what its text says."""
        del material
        policy = brief.policy
        if not policy.questions_max:
            return self._asking.unasked(())
        request = quiz.request(self._asking.preferences, brief, draft)
        return await self._asking.made(request, partial(quiz.read, policy=policy, draft=draft))

    async def boosters(
        self, brief: TextbookBrief, draft: Draft, material: Sequence[Material]
    ) -> Made[Boosters]:
        """Return a chapter's boosters; it refuses none."""
        policy = brief.policy
        if not policy.boosters_max:
            return self._asking.unasked(Boosters(()))
        preferences = self._asking.preferences
        request = await asyncio.to_thread(boosters.request, preferences, brief, draft, material)
        read = partial(boosters.read, policy=policy, draft=draft, excerpts=request.excerpts)
        return await self._asking.made(request, read)
