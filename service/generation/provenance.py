"""Provenance: what an artefact was made with and from, kept beside the event that carries it."""

from typing import Any, Generic, TypeVar
from uuid import UUID

from msgspec import Struct, field

T = TypeVar("T")


class Span(Struct, frozen=True):
    """A chunk that was read: ``text[start:end]`` of a source, in code points."""

    source_id: str
    path: str
    start: int
    end: int


class Provenance(Struct, frozen=True, omit_defaults=True):
    """How one artefact came about; what a generator has no use for stays empty.

    `prompt_hash` is the SHA-256 of the prompt's template, `request_hash` that of the request as it
    was sent, `answer_hash` that of the raw answer, `schema_hash` that of the schema it had to fit;
    all in hexadecimal. `parameters` are all that were sent beside the messages. `calls` are the
    calls that led to it, by their ids in the ledger, those that failed too, in order.
    """

    provider: str
    version: str = ""
    model_asked: str = ""
    model_returned: str = ""
    response_id: str = ""
    prompt_id: str = ""
    prompt_hash: str = ""
    request_hash: str = ""
    answer_hash: str = ""
    schema_hash: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    chunks: tuple[Span, ...] = ()
    calls: tuple[UUID, ...] = ()


class Made(Struct, Generic[T], frozen=True):
    """An artefact, and how it came about."""

    value: T
    provenance: Provenance
