"""Prices as they are read."""

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from service.database import Database
from service.http.token import HOUSE
from service.sql import SQL


class PriceView(Struct, frozen=True):
    """What a model costs, in US dollars per million tokens, since when."""

    model: str
    input_price: Decimal
    output_price: Decimal
    published_at: datetime
    position: int


async def page(database: Database, *, after: str | None, limit: int) -> list[PriceView]:
    """Return up to `limit` prices of models that follow `after`, by model."""
    rows = await database.fetch(SQL["price/page"], HOUSE, after, limit)
    return [PriceView(**row) for row in rows]
