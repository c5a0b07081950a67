"""The price of a language model, as those who run the service publish it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from msgspec import Struct
from msgspec.structs import asdict

from service.log.decider import Decider
from service.refusal import Invalid

HIGHEST: Final = Decimal(100_000)
DECIMALS: Final = 6
"""So that a cost, which is a price by the million, has no more than the ledger's 12."""
MILLION: Final = 6
"""The exponent of ten by which prices are given."""


class Price(Struct, frozen=True):
    """What a model costs: US dollars per million tokens, of what is asked and what is answered."""

    model: str
    input_price: Decimal
    output_price: Decimal


# Events. Tags and field names are on disk for good.


class PricePublished(Price, frozen=True, tag="price.published", tag_field="type"):
    """The model has this price from now on."""


# Commands.


class Publish(Price, frozen=True):
    """Let a model have a price from now on."""


# State.

State = Price | None
INITIAL: Final[State] = None

# Refusals.


class BadPrice(Invalid):
    """A price is 0 to 100,000 dollars per million tokens, of at most 6 decimals."""


def decide(command: Publish, state: State) -> Sequence[PricePublished]:
    """Publish the price, unless it holds already. Raises `BadPrice`."""
    if not (_good(command.input_price) and _good(command.output_price)):
        raise BadPrice
    if state is not None and asdict(state) == asdict(command):
        return ()
    return (PricePublished(**asdict(command)),)


def evolve(state: State, event: PricePublished) -> State:
    """Return the price after `event`."""
    del state
    return event


def cost(price: Price, tokens_in: int, tokens_out: int) -> Decimal:
    """Return what a call costs in US dollars, exact."""
    return (tokens_in * price.input_price + tokens_out * price.output_price).scaleb(-MILLION)


def _good(price: Decimal) -> bool:
    exponent = price.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -DECIMALS and 0 <= price < HIGHEST


PRICE: Final[Decider[Publish, State, PricePublished]] = Decider(
    "price", (PricePublished,), INITIAL, decide, evolve
)
