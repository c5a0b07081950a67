"""The ledger: each call of a language model, what it took and what it cost."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final, Literal
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict

from service.log.claim import claimed
from service.log.decider import Decider
from service.refusal import Invalid

LARGEST: Final = 2**31 - 1
LARGEST_COST: Final = Decimal(10**9)
DECIMALS: Final = 12

Outcome = Literal[
    "answered",
    "invalid",
    "truncated",
    "refused",
    "throttled",
    "timed-out",
    "failed",
    "cancelled",
    "lost",
    "reused",
]
"""How a call ended: with an answer that was used; with one that did not pass its checks, was cut
short, or said no; turned away for now; without an answer in time, for a fault, or as told to; with
its worker, so that nobody knows. `reused` was no call: an answer that was at hand served again."""


class Call(Struct, frozen=True):
    """A call of a language model.

    `model_returned` is empty where no answer came. `prompt_hash` is the SHA-256 of the request as
    it was sent, in hexadecimal. `tokens_in` and `tokens_out` are 0 where the provider did not say.
    `cost` is in US dollars, exact, and None where the model's price is not known, or what the call
    took: then `estimate` is what it may have cost at most. `ms` are the milliseconds from sending
    to the end of the answer. `kind` is that of the job, or of what was made without one; `target`
    is what it was made for, `purpose` the step: “outline”, “lesson”. `answer_hash` is the SHA-256
    of the raw answer, which is kept under the request's.
    """

    provider: str
    model_asked: str
    model_returned: str
    prompt_id: str
    prompt_hash: str
    tokens_in: int
    tokens_out: int
    cost: Decimal | None
    ms: int
    outcome: Outcome
    kind: str
    purpose: str
    target: UUID
    job_id: UUID | None = None
    call_id: UUID | None = None
    response_id: str = ""
    answer_hash: str = ""
    estimate: Decimal | None = None


# Events. Tags and field names are on disk for good.


class LlmCalled(Call, frozen=True, tag="llm.called", tag_field="type"):
    """A language model was called, whatever came of it."""


# Commands.


class RecordCall(Call, frozen=True):
    """Note a call that has ended, however it ended: the money is spent."""


# State.


class Spent(Struct, frozen=True):
    """What the calls of one ledger stream took together; `unpriced` calls add nothing to `cost`."""

    calls: int = 0
    unpriced: int = 0
    tokens: int = 0
    cost: Decimal = Decimal(0)


INITIAL: Final = Spent()

# Refusals.


class BadCall(Invalid):
    """Tokens and ms are 0 to 2,147,483,647; a cost is 0 to 10^9 dollars, of at most 12 decimals."""


def ledger_id(tenant_id: UUID, of: UUID) -> UUID:
    """Return the ledger stream of a job, or of what is made without one (a chat).

    A tenant has many such streams and not one: whoever appends to a stream needs its version, so
    callers of one tenant would refuse one another's commits, and there is nothing to decide.
    """
    return claimed(tenant_id, "ledger", str(of))


def decide(command: RecordCall, state: Spent) -> Sequence[LlmCalled]:
    """Record the call. Raises `BadCall`."""
    del state  # money that is spent is recorded, whatever was spent before
    counts = (command.tokens_in, command.tokens_out, command.ms)
    if not all(0 <= count <= LARGEST for count in counts) or not (
        _exact(command.cost) and _exact(command.estimate)
    ):
        raise BadCall
    return (LlmCalled(**asdict(command)),)


def evolve(state: Spent, event: LlmCalled) -> Spent:
    """Return the state after `event`."""
    return Spent(
        state.calls + 1,
        state.unpriced + (event.cost is None),
        state.tokens + event.tokens_in + event.tokens_out,
        state.cost + (event.cost or 0),
    )


def _exact(cost: Decimal | None) -> bool:
    """Tell whether PostgreSQL's numeric holds `cost` as it is, and it can be a price."""
    if cost is None:
        return True
    exponent = cost.as_tuple().exponent
    return (
        isinstance(exponent, int) and -DECIMALS <= exponent <= DECIMALS and 0 <= cost < LARGEST_COST
    )


LEDGER: Final[Decider[RecordCall, Spent, LlmCalled]] = Decider(
    "ledger", (LlmCalled,), INITIAL, decide, evolve
)
