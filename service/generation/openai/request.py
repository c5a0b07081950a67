"""Requests in the making, and how one job has them answered; courses and textbooks share this."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, TypeVar

from msgspec import Struct

from service.generation.generator import NoSources
from service.generation.model import Asked, Message
from service.generation.openai.excerpt import Excerpt
from service.generation.openai.ladder import Calls, Ladder, Reached, Reading, Task
from service.generation.openai.prompt import Template
from service.generation.openai.schema import schema_hash
from service.generation.provenance import Made, Provenance
from service.job.lease import Claim
from service.ledger.answer import Answer, answer_id

VERSION: Final = "1"
"""Changes when an equal answer becomes another artefact."""
ANEW: Final = frozenset({"lesson", "chapter"})
"""Kinds of jobs that want something else than what is there: they have no use for its answer."""

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


class Request(Struct, frozen=True):
    """One request in the making."""

    purpose: str
    template: Template
    messages: tuple[Message, ...]
    schema: dict[str, Any]
    max_tokens: int
    excerpts: tuple[Excerpt, ...]


class Asking(Struct, frozen=True):
    """How one job asks: with what preferences, under which claim, through whose calls."""

    preferences: Preferences
    claim: Claim
    calls: Calls

    async def made(self, request: Request, read: Callable[[str, Reading], T]) -> Made[T]:
        """Return what `read` makes of the answer to a request. Raises `GenerationFailed`."""
        asked = Asked(
            self.preferences.model,
            request.messages,
            request.max_tokens,
            self.preferences.temperature,
            schema_name=request.purpose,
            schema=request.schema,
            variation=str(self.claim.job_id) if self.claim.kind in ANEW else "",
        )
        task = Task(asked, request.template.prompt, request.purpose, read)
        reached = await Ladder(self.calls, task, partial(_where, self.claim)).climb()
        return Made(reached.value, _provenance(request, reached))

    @staticmethod
    def unasked(value: T) -> Made[T]:
        """Return something that nobody has to be asked for."""
        return Made(value, Provenance("openai", VERSION))


def assure(excerpts: Sequence[Excerpt], topic: str, source_filter: str | None) -> None:
    """Raise `NoSources` where a request has nothing to show."""
    if not excerpts:
        where = f"under {source_filter}" if source_filter else "in the library"
        raise NoSources(
            f"There are no sources {where} that speak of “{topic}”.",
            "Check source_filter, or add documents: POST them to /api/v1/sources,"
            " or run `run.py ingest DIRECTORY`.",
        )


def _where(claim: Claim, answer: Answer) -> str:
    """Say where the raw text of an answer is to be looked up."""
    stream_id = answer_id(claim.tenant_id, answer.request_hash)
    return f"see “run.py log tail --stream {stream_id}”, call {answer.call_id}"


def _provenance(request: Request, reached: Reached[Any]) -> Provenance:
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
