"""The ladder: from a request to an answer that fits, never paying twice for the same words.

An answer is read strictly, then with its form mended; what still does not fit is asked for once
more, with nothing but what is wrong with it. Each answer is at hand for good, so a ladder that
was left in the middle, by a crash or because all was wrong, goes on from what was said so far.
"""

from collections.abc import Callable, Sequence
from typing import Final, Generic, Protocol, TypeVar
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from service.generation.calls import Judge, Prompt
from service.generation.gate.fault import Fault, Misfit
from service.generation.generator import GenerationFailed
from service.generation.model import Asked, Message, Reply
from service.generation.openai.prompt import TEMPLATES, clipped, listed
from service.generation.openai.repair import spoken
from service.ledger.answer import Answer
from service.ledger.decider import Outcome

T = TypeVar("T")

_CUT: Final = frozenset({"length", "content_filter"})


class Calls(Protocol):
    """What the ladder needs of `service.generation.calls.Calls`."""

    async def kept(self, asked: Asked) -> Answer | None:
        """Return the latest answer to an equal request."""
        ...

    async def reused(self, answer: Answer, prompt: Prompt, purpose: str) -> None:
        """Record that a kept answer served again."""
        ...

    async def call(self, asked: Asked, prompt: Prompt, purpose: str, judge: Judge) -> Answer:
        """Pay for an answer."""
        ...


class Reading(Struct, frozen=True):
    """How an answer is to be read: whether its form may be mended, and whether it is the last.

    Of the last one, what cannot stand is left out where enough remains.
    """

    mend: bool
    last: bool


class Task(Struct, Generic[T], frozen=True):
    """What is wanted: the request, and how its answer becomes it. `read` raises `Misfit`."""

    asked: Asked
    prompt: Prompt
    purpose: str
    read: Callable[[str, Reading], T]


class Reached(Struct, Generic[T], frozen=True):
    """What came of a ladder: the value, the answer it was read from, and all calls up to it."""

    value: T
    answer: Answer
    asked: Asked
    calls: tuple[UUID, ...]


class NoFit(GenerationFailed):
    """No answer fits, after all that can be done about it."""

    def __init__(self, error: str, advice: str, *, retryable: bool) -> None:
        super().__init__(error, advice)
        self.retryable = retryable


class TooLong(GenerationFailed):
    """The answer was cut short, also with twice the room."""


class KeptBack(GenerationFailed):
    """The provider's filter keeps the answer back."""


class _Said(Struct, Generic[T], frozen=True):
    """An answer, judged. `fresh` tells that it was paid for just now."""

    asked: Asked
    answer: Answer
    prompt: Prompt
    outcome: Outcome
    fresh: bool
    value: T | None
    faults: tuple[Fault, ...]


class Ladder(Generic[T]):
    """One ladder, climbed once. `where` names to people where an answer's raw text is kept."""

    def __init__(self, calls: Calls, task: Task[T], where: Callable[[Answer], str]) -> None:
        self._calls = calls
        self._task = task
        self._where = where
        self._trail: list[UUID] = []

    async def climb(self) -> Reached[T]:
        """Return what the task wants. Raises GenerationFailed.

        An answer that was kept, and its mended one, which both do not fit, are those of a ladder
        that failed before: only then the same is asked for again.
        """
        for anew in (False, True):
            first = await self._said(self._task.asked, self._task.prompt, anew=anew)
            if first.outcome == "answered":
                return await self._reached(first)
            if first.outcome == "refused":
                if first.fresh:
                    raise self._kept_back()
                continue
            reasked = _reasked(first.asked, first.answer, first.faults)
            second = await self._said(reasked, TEMPLATES["reask"].prompt, last=True)
            if second.outcome == "answered":
                return await self._reached(second)
            if second.fresh or first.fresh:
                raise self._no_fit(second)
        raise self._no_fit(second)

    async def _said(
        self, asked: Asked, prompt: Prompt, *, last: bool = False, anew: bool = False
    ) -> _Said[T]:
        """Return an answer that is not cut short: with twice the room, if it has to be."""
        said = await self._heard(asked, prompt, last=last, anew=anew)
        if said.outcome != "truncated":
            return said
        longer = replace(asked, max_tokens=2 * self._task.asked.max_tokens)
        if longer != asked:
            said = await self._heard(longer, prompt, last=last, anew=anew)
            if said.outcome != "truncated":
                return said
        raise self._too_long(longer)

    async def _heard(self, asked: Asked, prompt: Prompt, *, last: bool, anew: bool) -> _Said[T]:
        """Return the answer at hand, or else pay for one; what was cut short is not asked twice."""
        answer = await self._calls.kept(asked)
        fresh = answer is None
        if answer is None or (anew and self._judged(answer, last=last)[0] != "truncated"):
            fresh = True
            answer = await self._calls.call(
                asked, prompt, self._task.purpose, lambda one: self._judged(one, last=last)[0]
            )
        self._trail.append(answer.call_id)
        outcome, value, faults = self._judged(answer, last=last)
        return _Said(asked, answer, prompt, outcome, fresh, value, faults)

    def _judged(
        self, said: Answer | Reply, *, last: bool
    ) -> tuple[Outcome, T | None, tuple[Fault, ...]]:
        try:
            reading = Reading(mend=said.finish not in _CUT, last=last)
            return "answered", self._task.read(said.text, reading), ()
        except Misfit as misfit:
            if said.finish == "length":
                return "truncated", None, misfit.faults
            if said.finish == "content_filter":
                return "refused", None, misfit.faults
            return "invalid", None, misfit.faults

    async def _reached(self, said: _Said[T]) -> Reached[T]:
        if not said.fresh:
            await self._calls.reused(said.answer, said.prompt, self._task.purpose)
        assert said.value is not None  # noqa: S101 - it is answered
        calls = tuple(dict.fromkeys(self._trail))
        return Reached(said.value, said.answer, said.asked, calls)

    def _no_fit(self, said: _Said[T]) -> GenerationFailed:
        fault = said.faults[0]
        return NoFit(
            f"The model's answer for the {self._task.purpose} does not fit, also after it was told"
            f" what is wrong: at {clipped(fault)}."
            f" Its raw text is kept: {self._where(said.answer)}.",
            "Retry; if it fails again, set OPENAI_MODEL to a model that keeps to what it is told.",
            retryable=said.fresh,
        )

    def _too_long(self, asked: Asked) -> GenerationFailed:
        return TooLong(
            f"The model's answer for the {self._task.purpose} was cut short at"
            f" {asked.max_tokens} tokens, twice the usual room.",
            "Set OPENAI_MAX_TOKENS higher, up to what the model can give, or ask for fewer or"
            " shorter lessons or chapters.",
        )

    def _kept_back(self) -> GenerationFailed:
        return KeptBack(
            f"The provider's content filter kept back the model's {self._task.purpose}.",
            "Change the topic, the instructions or the sources, or use another provider.",
        )


def _reasked(asked: Asked, answer: Answer, faults: Sequence[Fault]) -> Asked:
    """Return the request that asks for an answer again, with only what is wrong with it.

    A conversation has no empty turns: servers refuse them.
    """
    before = Message("assistant", spoken(answer.text).strip() or "{}")
    added = (before, *TEMPLATES["reask"].messages(faults=listed(faults)))
    return replace(asked, messages=(*asked.messages, *added))
