"""An answer: what a model said to one request, kept raw, so that it is never bought twice.

A stream holds the answers to one request of a tenant; its id follows from the request's hash.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict

from service.log.claim import claimed
from service.log.decider import Decider


class Answer(Struct, frozen=True):
    """What came back from one call, word for word.

    `answer_hash` is the SHA-256 of `text`, `request_hash` that of the request; in hexadecimal.
    `finish` is the server's word for why it ended.
    """

    call_id: UUID
    request_hash: str
    answer_hash: str
    provider: str
    model_asked: str
    model_returned: str
    response_id: str
    finish: str
    tokens_in: int | None
    tokens_out: int | None
    text: str


# Events. Tags and field names are on disk for good.


class AnswerKept(Answer, frozen=True, tag="answer.kept", tag_field="type"):
    """A model has answered; whether the answer was of use, the ledger and its readers know."""


# Commands.


class Keep(Answer, frozen=True):
    """Keep an answer."""


# State.


class Kept(Struct, frozen=True):
    """The answers to one request, oldest first, without their texts but the latest's."""

    latest: Answer | None = None
    calls: tuple[UUID, ...] = ()


INITIAL: Final = Kept()


def answer_id(tenant_id: UUID, request_hash: str) -> UUID:
    """Return the stream that holds the answers to a request."""
    return claimed(tenant_id, "answer", request_hash)


def decide(command: Keep, state: Kept) -> Sequence[AnswerKept]:
    """Keep the answer of a call, once."""
    return () if command.call_id in state.calls else (AnswerKept(**asdict(command)),)


def evolve(state: Kept, event: AnswerKept) -> Kept:
    """Return the state after `event`."""
    return Kept(event, (*state.calls, event.call_id))


ANSWER: Final[Decider[Keep, Kept, AnswerKept]] = Decider(
    "answer", (AnswerKept,), INITIAL, decide, evolve
)
