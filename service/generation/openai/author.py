"""Textbooks by a model behind an OpenAI-compatible server."""

from collections.abc import Sequence

from service.generation.author import TextbookBrief
from service.generation.openai.request import Asking
from service.generation.provenance import Made
from service.library.material import Material
from service.textbook.content import Boosters, Draft, Plan, Question, Summary


class OpenAIAuthor:
    """Makes textbooks; an `Author`."""

    def __init__(self, asking: Asking) -> None:
        """Ask as `asking` does, which may be done for several chapters side by side."""
        self._asking = asking

    async def plan(self, brief: TextbookBrief, material: Sequence[Material]) -> Made[Plan]:
        """Return a plan of exactly ``brief.chapters_total`` chapters."""
        raise NotImplementedError

    async def chapter(
        self, brief: TextbookBrief, plan: Plan, number: int, material: Sequence[Material]
    ) -> Made[Draft]:
        """Return chapter `number` (from 1) of `plan`."""
        raise NotImplementedError

    async def summary(
        self, brief: TextbookBrief, draft: Draft, material: Sequence[Material]
    ) -> Made[Summary]:
        """Return what to take away from a chapter."""
        raise NotImplementedError

    async def quiz(
        self, brief: TextbookBrief, draft: Draft, material: Sequence[Material]
    ) -> Made[tuple[Question, ...]]:
        """Return a chapter's questions."""
        raise NotImplementedError

    async def boosters(
        self, brief: TextbookBrief, draft: Draft, material: Sequence[Material]
    ) -> Made[Boosters]:
        """Return a chapter's boosters, and which kinds it would not make."""
        raise NotImplementedError
