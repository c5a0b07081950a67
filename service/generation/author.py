"""What makes textbooks: the protocol that every author keeps."""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from service.generation.provenance import Made
from service.library.material import Material
from service.textbook.content import Boosters, Draft, Plan, Policy, Question, Summary


class TextbookBrief(Struct, frozen=True):
    """What a textbook is asked to be.

    `instructions` are a person's, when a chapter is made anew; `faults` are what the policy, or a
    gate, found wrong with the version before.
    """

    title: str
    subject: str
    audience: str
    chapters_total: int
    language: str
    source_filter: str | None
    policy: Policy
    instructions: str = ""
    faults: tuple[str, ...] = ()


class Author(Protocol):
    """Makes a textbook piece by piece, for one job; chapters may be asked for side by side.

    Equal arguments may be asked again after a crash. Every method raises `GenerationFailed`.
    """

    async def plan(self, brief: TextbookBrief, material: Sequence[Material]) -> Made[Plan]:
        """Return a plan of exactly ``brief.chapters_total`` chapters."""
        ...

    async def chapter(
        self, brief: TextbookBrief, plan: Plan, number: int, material: Sequence[Material]
    ) -> Made[Draft]:
        """Return chapter `number` (from 1) of `plan`."""
        ...

    async def summary(
        self, brief: TextbookBrief, draft: Draft, material: Sequence[Material]
    ) -> Made[Summary]:
        """Return what to take away from a chapter."""
        ...

    async def quiz(
        self, brief: TextbookBrief, draft: Draft, material: Sequence[Material]
    ) -> Made[tuple[Question, ...]]:
        """Return a chapter's questions."""
        ...

    async def boosters(
        self, brief: TextbookBrief, draft: Draft, material: Sequence[Material]
    ) -> Made[Boosters]:
        """Return a chapter's boosters, and which kinds it would not make."""
        ...
