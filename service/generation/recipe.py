"""A recipe: an async generator that, given what is there, makes what is missing, step by step."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from service.database import Database
from service.generation.generator import Generator
from service.generation.provenance import Provenance
from service.job.decider import Request
from service.job.lease import Claim
from service.log.decider import Decider

BESIDE: Final = 4
"""Pieces that one job makes side by side, where its provider takes as many."""

Look = Callable[[], Awaitable[Any]]


class Tools(Struct, frozen=True):
    """What a recipe works with; it asks for at most `beside` pieces at once."""

    database: Database
    generator: Generator
    beside: int = BESIDE


class Step(Struct, frozen=True):
    """Something made: the command that records it, and how far the job is, for people."""

    command: Any
    step: int
    of: int
    note: str
    provenance: Provenance | None = None


class Recipe(Struct, frozen=True):
    """How jobs of one kind are done.

    `steps` gets the claim, what the job asks for, a way to look how the target stands, folded from
    all that is recorded by then, and the tools; it raises GenerationFailed. Each step is recorded
    before the next is asked for. `finish` and `give_up` make the target's closing commands, or
    None; the latter of what the job asked for, its id, and why it ends, in words for people.
    """

    decider: Decider[Any, Any, Any]
    steps: Callable[[Claim, Request, Look, Tools], AsyncGenerator[Step, None]]
    finish: Callable[[], Any]
    give_up: Callable[[Request, UUID, str], Any]
