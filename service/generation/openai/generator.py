"""The generator that asks a language model, and believes nothing that it cannot check."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, TypeVar

from msgspec import Struct

from service.course.content import Lesson, LessonPlan, Outline
from service.generation.generator import Brief, NoSources
from service.generation.model import Asked, Message
from service.generation.openai import excerpt, lesson, outline
from service.generation.openai.author import OpenAIAuthor
from service.generation.openai.excerpt import Excerpt
from service.generation.openai.ladder import Calls, Ladder, Reached, Reading, Task
from service.generation.openai.prompt import Template
from service.generation.openai.proof import Page, proofread
from service.generation.openai.repair import decoded
from service.generation.openai.schema import schema_hash
from service.generation.provenance import Made, Provenance
from service.job.lease import Claim
from service.ledger.answer import Answer, answer_id
from service.library.material import Material

VERSION: Final = "1"
"""Changes when an equal answer becomes another artefact."""
_A_PLAN: Final = 250
"""Tokens that an outline takes for each lesson, generously."""

T = TypeVar("T")


class Preferences(Struct, frozen=True):
    """How models are asked.

    `max_tokens` bound an answer, which gets twice that if it was cut short; `context` are the
    characters of sources that one request shows; a `temperature` of None is the server's own.
    """

    model: str
    max_tokens: int = 4096
    context: int = 24_000
    temperature: float | None = None


class _Job(Struct, frozen=True):
    """What one job works with."""

    claim: Claim
    calls: Calls


class _Request(Struct, frozen=True):
    """One request in the making."""

    purpose: str
    template: Template
    messages: tuple[Message, ...]
    schema: dict[str, Any]
    max_tokens: int
    excerpts: tuple[Excerpt, ...]


class OpenAI:
    """Makes courses with a model behind an OpenAI-compatible server; a `Generator`."""

    name = "openai"

    def __init__(
        self, preferences: Preferences, calls: Callable[[Claim], Calls], job: _Job | None = None
    ) -> None:
        """`calls` gives the calls that one job makes and is charged with."""
        self._preferences = preferences
        self._calls = calls
        self._job = job

    def for_job(self, claim: Claim) -> "OpenAI":
        """Return the generator that works for one job, and charges it with what it takes."""
        return OpenAI(self._preferences, self._calls, _Job(claim, self._calls(claim)))

    def author(self) -> OpenAIAuthor:
        """Return what makes textbooks for the same job."""
        return OpenAIAuthor()

    async def outline(self, brief: Brief, material: Sequence[Material]) -> Made[Outline]:
        """Return an outline of exactly ``brief.num_lessons`` lessons. Raises `GenerationFailed`."""
        request = await asyncio.to_thread(self._for_outline, brief, material)
        read = partial(outline.read, brief=brief)
        return await self._made(request, read)

    async def lesson(
        self, brief: Brief, outline: Outline, number: int, material: Sequence[Material]
    ) -> Made[Lesson]:
        """Return lesson `number` of `outline`. Raises `GenerationFailed`."""
        request = await asyncio.to_thread(self._for_lesson, brief, outline, number, material)
        plan = outline.lessons[number - 1]
        page = Page(number, plan, brief.language, request.excerpts)
        return await self._made(request, partial(_lesson, page=page))

    def _for_outline(self, brief: Brief, material: Sequence[Material]) -> _Request:
        wanted = f"{brief.topic} {brief.instructions}"
        excerpts = excerpt.spread(material, wanted, self._preferences.context)
        _assure(excerpts, brief)
        return _Request(
            outline.NAME,
            outline.TEMPLATE,
            outline.messages(brief, excerpts),
            outline.schema_for(brief),
            max(self._preferences.max_tokens, _A_PLAN * brief.num_lessons),
            excerpts,
        )

    def _for_lesson(
        self, brief: Brief, outline: Outline, number: int, material: Sequence[Material]
    ) -> _Request:
        wanted = _wanted(outline.lessons[number - 1], brief)
        excerpts = excerpt.telling(material, wanted, self._preferences.context)
        _assure(excerpts, brief)
        return _Request(
            lesson.NAME,
            lesson.TEMPLATE,
            lesson.messages(brief, outline, number, excerpts),
            lesson.schema_for(),
            self._preferences.max_tokens,
            excerpts,
        )

    async def _made(self, request: _Request, read: Callable[[str, Reading], T]) -> Made[T]:
        job = self._job
        if job is None:
            raise RuntimeError("This generator works for jobs: ask for_job first.")
        asked = Asked(
            self._preferences.model,
            request.messages,
            request.max_tokens,
            self._preferences.temperature,
            schema_name=request.purpose,
            schema=request.schema,
            variation=str(job.claim.job_id) if job.claim.kind == "lesson" else "",
        )
        task = Task(asked, request.template.prompt, request.purpose, read)
        reached = await Ladder(job.calls, task, partial(_where, job.claim)).climb()
        return Made(reached.value, _provenance(request, reached))


def _lesson(text: str, reading: Reading, page: Page) -> Lesson:
    written = decoded(text, lesson.WrittenLesson, mend=reading.mend)
    return proofread(written, page, last=reading.last)


def _wanted(plan: LessonPlan, brief: Brief) -> str:
    """Return the words that tell which chunks a lesson needs."""
    told = (plan.title, plan.description, *plan.key_concepts, *plan.learning_objectives)
    return " ".join((*told, brief.instructions))


def _assure(excerpts: Sequence[Excerpt], brief: Brief) -> None:
    if not excerpts:
        where = f"under {brief.source_filter}" if brief.source_filter else "in the library"
        raise NoSources(
            f"There are no sources {where} that speak of “{brief.topic}”.",
            "Check source_filter, or add documents: POST them to /api/v1/sources,"
            " or run `run.py ingest DIRECTORY`.",
        )


def _where(claim: Claim, answer: Answer) -> str:
    """Say where the raw text of an answer is to be looked up."""
    stream_id = answer_id(claim.tenant_id, answer.request_hash)
    return f"see “run.py log tail --stream {stream_id}”, call {answer.call_id}"


def _provenance(request: _Request, reached: Reached[Any]) -> Provenance:
    answer = reached.answer
    return Provenance(
        provider=answer.provider,
        version=VERSION,
        model_asked=answer.model_asked,
        model_returned=answer.model_returned,
        response_id=answer.response_id,
        prompt_id=request.template.prompt.id,
        prompt_hash=request.template.prompt.hash,
        request_hash=answer.request_hash,
        answer_hash=answer.answer_hash,
        schema_hash=schema_hash(request.schema),
        parameters=reached.asked.parameters,
        chunks=tuple(one.span for one in request.excerpts),
        calls=reached.calls,
    )
