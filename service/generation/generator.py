"""What makes courses: the protocol that every generator keeps, and how one says that it cannot."""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from service.course.content import Lesson, Outline
from service.generation.author import Author
from service.generation.provenance import Made
from service.job.lease import Claim
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
    general = False
    """Whether it says nothing of what was asked for: anything else would meet it just as well."""
    after: float | None = None
    """Seconds that somebody asked to wait; such a try does not count as one that failed."""

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


class Throttled(GenerationFailed):
    """The provider asks to be left alone for a while; the job goes back to the queue until then."""

    retryable = True
    general = True

    def __init__(self, error: str, advice: str, after: float) -> None:
        super().__init__(error, advice)
        self.after = after


class Generator(Protocol):
    """Makes a course step by step, for one job. Equal arguments may be asked again after a crash.

    Both methods raise `GenerationFailed`.
    """

    name: str

    def for_job(self, claim: Claim) -> "Generator":
        """Return the generator that works for one job, and charges it with what it takes."""
        ...

    def author(self) -> Author:
        """Return what makes textbooks for the same job."""
        ...

    async def outline(self, brief: Brief, material: Sequence[Material]) -> Made[Outline]:
        """Return an outline of exactly ``brief.num_lessons`` lessons."""
        ...

    async def lesson(
        self, brief: Brief, outline: Outline, number: int, material: Sequence[Material]
    ) -> Made[Lesson]:
        """Return lesson `number` (from 1) of `outline`."""
        ...
