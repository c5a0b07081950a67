"""A chapter's state: its versions, and which of them is out."""

from typing import Literal
from uuid import UUID

from msgspec import Struct

from service.course.content import Citation
from service.textbook.content import Parts

Standing = Literal["generated", "validated", "rejected"]


class Version(Struct, frozen=True):
    """One version; `job_id` is None where a person made it, `base` the one it continues, or 0.

    `errors` say why the policy rejected it. `quizzed` and `boosted` tell whether its questions and
    boosters were recorded, however many there are.
    """

    version: int
    title: str
    slug: str
    key_points: tuple[str, ...]
    sources: tuple[Citation, ...]
    parts: Parts
    job_id: UUID | None = None
    instructions: str = ""
    base: int = 0
    standing: Standing = "generated"
    errors: tuple[str, ...] = ()
    quizzed: bool = False
    boosted: bool = False


class Chapter(Struct, frozen=True):
    """A chapter; `versions` from 1 in their order, `published` the one that is out, 0 for none.

    `error` says why the latest try to make it ended without a validated version, and `failed_by`
    which job tried; both are empty once another version begins.
    """

    versions: tuple[Version, ...] = ()
    published: int = 0
    error: str = ""
    failed_by: UUID | None = None

    @property
    def latest(self) -> Version | None:
        """The version that was begun last."""
        return self.versions[-1] if self.versions else None
