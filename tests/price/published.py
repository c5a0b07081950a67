"""Prices of models, for tests."""

from decimal import Decimal
from uuid import uuid4

from service.generation.model import Asked, Message
from service.http.token import HOUSE
from service.log.handle import Context, Log
from service.price.decider import PRICE, Publish
from service.price.prices import price_id


async def publish(log: Log, model: str, input_price: str, output_price: str) -> None:
    """Publish a price in the name of the house."""
    wanted = Publish(model, Decimal(input_price), Decimal(output_price))
    await log.handle(PRICE, price_id(model), wanted, Context(HOUSE, "ann", uuid4()))


def asked(*texts: str, model: str = "gpt-4o-mini", max_tokens: int = 1000) -> Asked:
    return Asked(model, tuple(Message("user", text) for text in texts), max_tokens)
