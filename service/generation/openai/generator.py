"""The generator that asks a language model, and believes nothing that it cannot check."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from service.course.content import Lesson, LessonPlan, Outline
from service.generation.generator import Brief
from service.generation.openai import excerpt, lesson, outline
from service.generation.openai.author import OpenAIAuthor
from service.generation.openai.ladder import Calls, Reading
from service.generation.openai.proof import Page, proofread
from service.generation.openai.repair import decoded
from service.generation.openai.request import Asking, Preferences, Request, assure
from service.generation.provenance import Made
from service.job.lease import Claim
from service.library.material import Material

_A_PLAN: Final = 250
"""Tokens that an outline takes for each lesson, generously."""


class OpenAI:
    """Makes courses with a model behind an OpenAI-compatible server; a `Generator`."""

    name = "openai"

    def __init__(
        self, preferences: Preferences, calls: Callable[[Claim], Calls], job: Asking | None = None
    ) -> None:
        """`calls` gives the calls that one job makes and is charged with."""
        self._preferences = preferences
        self._calls = calls
        self._job = job

    def for_job(self, claim: Claim) -> "OpenAI":
        """Return the generator that works for one job, and charges it with what it takes."""
        job = Asking(self._preferences, claim, self._calls(claim))
        return OpenAI(self._preferences, self._calls, job)

    def author(self) -> OpenAIAuthor:
        """Return what makes textbooks for the same job."""
        return OpenAIAuthor(self._asking)

    async def outline(self, brief: Brief, material: Sequence[Material]) -> Made[Outline]:
        """Return an outline of exactly ``brief.num_lessons`` lessons. Raises `GenerationFailed`."""
        request = await asyncio.to_thread(self._for_outline, brief, material)
        read = partial(outline.read, brief=brief)
        return await self._asking.made(request, read)

    async def lesson(
        self, brief: Brief, outline: Outline, number: int, material: Sequence[Material]
    ) -> Made[Lesson]:
        """Return lesson `number` of `outline`. Raises `GenerationFailed`."""
        request = await asyncio.to_thread(self._for_lesson, brief, outline, number, material)
        plan = outline.lessons[number - 1]
        page = Page(number, plan, brief.language, request.excerpts)
        return await self._asking.made(request, partial(_lesson, page=page))

    @property
    def _asking(self) -> Asking:
        if self._job is None:
            raise RuntimeError("This generator works for jobs: ask for_job first.")
        return self._job

    def _for_outline(self, brief: Brief, material: Sequence[Material]) -> Request:
        wanted = f"{brief.topic} {brief.instructions}"
        excerpts = excerpt.spread(material, wanted, self._preferences.context)
        assure(excerpts, brief.topic, brief.source_filter)
        return Request(
            outline.NAME,
            outline.TEMPLATE,
            outline.messages(brief, excerpts),
            outline.schema_for(brief),
            max(self._preferences.max_tokens, _A_PLAN * brief.num_lessons),
            excerpts,
        )

    def _for_lesson(
        self, brief: Brief, outline: Outline, number: int, material: Sequence[Material]
    ) -> Request:
        wanted = _wanted(outline.lessons[number - 1], brief)
        excerpts = excerpt.telling(material, wanted, self._preferences.context)
        assure(excerpts, brief.topic, brief.source_filter)
        return Request(
            lesson.NAME,
            lesson.TEMPLATE,
            lesson.messages(brief, outline, number, excerpts),
            lesson.schema_for(),
            self._preferences.max_tokens,
            excerpts,
        )


def _lesson(text: str, reading: Reading, page: Page) -> Lesson:
    written = decoded(text, lesson.WrittenLesson, mend=reading.mend)
    return proofread(written, page, last=reading.last)


def _wanted(plan: LessonPlan, brief: Brief) -> str:
    """Return the words that tell which chunks a lesson needs."""
    told = (plan.title, plan.description, *plan.key_concepts, *plan.learning_objectives)
    return " ".join((*told, brief.instructions))
