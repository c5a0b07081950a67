"""Language models as the service speaks to them: what is asked, and what may come of it."""

from collections.abc import Awaitable, Callable, Sequence
from hashlib import sha256
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from service.ledger.decider import Outcome


class Message(Struct, frozen=True):
    """One message of a conversation; `role` is system, user or assistant."""

    role: str
    content: str


class Asked(Struct, frozen=True):
    """A request to a model, with all that may change its answer.

    `schema` is the JSON Schema that the answer must fit, None for free text. `variation` is not
    sent: it keeps apart what is equal and yet wanted anew, such as a lesson asked for once more.
    """

    model: str
    messages: tuple[Message, ...]
    max_tokens: int
    temperature: float | None = None
    seed: int | None = None
    schema_name: str = ""
    schema: dict[str, Any] | None = None
    variation: str = ""

    @property
    def hash(self) -> str:
        """The SHA-256 of the request in hexadecimal: equal requests have equal answers at hand."""
        return sha256(msgspec.json.encode(self, order="sorted")).hexdigest()

    @property
    def parameters(self) -> dict[str, Any]:
        """What is sent beside the messages and the schema."""
        sent = {"max_tokens": self.max_tokens, "temperature": self.temperature, "seed": self.seed}
        return {name: value for name, value in sent.items() if value is not None}


class Reply(Struct, frozen=True):
    """What a model has answered; tokens are None where the server did not say.

    `finish` is the server's word for why it ended: ``stop``, ``length`` when it was cut short,
    ``content_filter`` when it was kept back; empty where the answer broke off.
    """

    text: str
    finish: str
    model: str
    response_id: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None


class Embedded(Struct, frozen=True):
    """Vectors in the order of the texts, and what they took."""

    vectors: tuple[tuple[float, ...], ...]
    model: str
    tokens: int | None = None


class Trouble(Exception):  # noqa: N818 - an expected outcome of a call, recorded as such
    """A call brought no answer that can be used.

    `detail` is a sentence for people. `after` are the seconds that the server asked to wait.
    `partial` is what had come until then. `passing` tells whether it may go well later, `free`
    whether the server turned the request away by a status, so that it has cost nothing.
    """

    def __init__(
        self,
        outcome: Outcome,
        detail: str,
        *,
        after: float | None = None,
        partial: Reply | None = None,
        passing: bool = True,
        free: bool = False,
    ) -> None:
        super().__init__(detail)
        self.outcome = outcome
        self.detail = detail
        self.after = after
        self.partial = partial
        self.passing = passing
        self.free = free


Begun = Callable[[], Awaitable[None]]


async def nothing() -> None:
    """Do nothing at the beginning of a call."""


class Model(Protocol):
    """A server of language models; `name` is the provider's in the ledger."""

    name: str

    async def complete(self, asked: Asked, begun: Begun = nothing) -> Reply:
        """Return the answer, however it finished. Raises `Trouble`; cancelling it ends the call.

        `begun` is awaited once, right before the request is sent: a call that must wait for its
        turn has not begun. What it raises ends the call.
        """
        ...

    async def embed(self, model: str, texts: Sequence[str]) -> Embedded:
        """Return a vector for each text. Raises `Trouble`."""
        ...
