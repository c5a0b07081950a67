"""What makes courses: the protocol that every generator keeps, and how one says that it cannot."""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from service.course.content import Lesson, Outline
from service.library.material import Material


class Brief(Struct, frozen=True):
    """What a course is asked to be; `instructions` are a person's, when a lesson is redone."""

    topic: str
    grade_level: str
    num_lessons: int
    language: str
    source_filter: str | None
    instructions: str = ""


class GenerationFailed(Exception):  # noqa: N818 - it ends a job with an answer, it is no defect
    """A generator could not make what it was asked for.

    `error` is a sentence that says what happened, `advice` one that says what to do;
    `retryable` tells whether the same request may succeed later without any change.
    """

    retryable = False

    def __init__(self, error: str, advice: str) -> None:
        super().__init__(f"{error} {advice}")
        self.error = error
        self.advice = advice


class NoSources(GenerationFailed):
    """No source speaks of the topic."""


class TooLittle(GenerationFailed):
    """The sources speak of the topic, but cannot carry so many lessons."""


class Unsupported(GenerationFailed):
    """This generator cannot do such a thing honestly; another one may."""


class Generator(Protocol):
    """Makes a course step by step. Equal arguments may be asked again after a crash.

    Both methods raise `GenerationFailed`.
    """

    name: str

    async def outline(self, brief: Brief, material: Sequence[Material]) -> Outline:
        """Return an outline of exactly ``brief.num_lessons`` lessons."""
        ...

    async def lesson(
        self, brief: Brief, outline: Outline, number: int, material: Sequence[Material]
    ) -> Lesson:
        """Return lesson `number` (from 1) of `outline`."""
        ...
