"""A recipe: an async generator that, given what is there, makes what is missing, step by step."""

from collections.abc import AsyncIterator, Callable
from typing import Any

from msgspec import Struct

from service.database import Database
from service.generation.generator import Generator
from service.generation.provenance import Provenance
from service.job.decider import Request
from service.job.lease import Claim
from service.log.decider import Decider


class Tools(Struct, frozen=True):
    """What a recipe works with."""

    database: Database
    generator: Generator


class Step(Struct, frozen=True):
    """Something made: the command that records it, and how far the job is, for people."""

    command: Any
    step: int
    of: int
    note: str
    provenance: Provenance | None = None


class Recipe(Struct, frozen=True):
    """How jobs of one kind are done.

    `steps` gets the claim, what the job asks for, the target's folded state and the tools; it
    raises GenerationFailed. `finish` and `give_up` make the target's closing commands, or None.
    """

    decider: Decider[Any, Any, Any]
    steps: Callable[[Claim, Request, Any, Tools], AsyncIterator[Step]]
    finish: Callable[[], Any]
    give_up: Callable[[str], Any]
